-- Step 5: people. What is personal is sealed for whoever logs in (`own`, seal.ts); what must travel while nobody is logged in
-- stands beside it under the device's key, and goes with the centre's verdict.
ALTER TABLE outbox ADD COLUMN own BLOB;   -- {"title", "body"} for who logs in; NULL until the first log-in after it was made
ALTER TABLE draft ADD COLUMN owner TEXT NOT NULL DEFAULT ''; -- the guide who fills it; '': from before there was a log-in
ALTER TABLE file ADD COLUMN own BLOB;     -- the key of `about` and of the content, for who logs in; NULL: they lie under the device's key
ALTER TABLE file ADD COLUMN travel BLOB;  -- the same key under the device's, while the file waits for the centre
CREATE TABLE guide (                      -- who has logged in on this device
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  salt BLOB NOT NULL,
  rounds INTEGER NOT NULL,
  wrapped BLOB,                           -- the data key under the PIN; NULL: log in by account once more
  failures INTEGER NOT NULL DEFAULT 0,    -- wrong PINs since the last right one
  failed_at INTEGER NOT NULL DEFAULT 0,   -- ms, of the last of them
  used_at TEXT NOT NULL
);
-- A device of before has data and nobody with a PIN: it works on as it did until somebody logs in, for two weeks at most.
INSERT INTO meta SELECT 'grace_until', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+14 days') FROM meta WHERE name = 'device';
