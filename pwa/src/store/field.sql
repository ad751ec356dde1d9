-- field.db: what this device itself knows. Every `sealed` column is AES-GCM under the device's storage key (seal.ts).
-- This is step 1 and stands as released: what comes later is a step of its own (upgrade.ts).
-- The outbox is the truth of what was told to the centre; a row is never changed but for its verdict.

CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, -- order on this device; gaps tell the centre that something was lost
  id TEXT NOT NULL UNIQUE,               -- UUIDv7 of the event, made at the press of the button
  name TEXT NOT NULL,                    -- kind of event, app/events.py
  subject TEXT NOT NULL,
  at TEXT NOT NULL,                      -- this device's clock
  sealed BLOB NOT NULL,                  -- {"title", "body"}
  verdict TEXT,                          -- NULL until the centre answers: accepted | duplicate | rejected | quarantined
  problem TEXT,                          -- JSON {code, message, next} of a refusal
  answered_at TEXT
);
CREATE INDEX outbox_unanswered ON outbox(seq) WHERE verdict IS NULL;

CREATE TABLE draft (id TEXT PRIMARY KEY NOT NULL, updated_at TEXT NOT NULL, sealed BLOB NOT NULL);

CREATE TABLE case_file (
  case_no TEXT PRIMARY KEY NOT NULL,
  draft TEXT NOT NULL UNIQUE,            -- the draft it was; a second press of "submit" finds it here
  event TEXT NOT NULL,
  submitted_at TEXT NOT NULL,
  sealed BLOB NOT NULL                   -- the draft as submitted
);
CREATE TABLE case_progress (
  cursor INTEGER PRIMARY KEY NOT NULL,   -- of the centre's downlink
  case_no TEXT NOT NULL,
  sealed BLOB NOT NULL                   -- {"state", "note", "at"}
);
CREATE TABLE case_counter (day TEXT PRIMARY KEY NOT NULL, used INTEGER NOT NULL);
CREATE TABLE rating (matter TEXT PRIMARY KEY NOT NULL, event TEXT NOT NULL);

CREATE TABLE answered (                  -- calls already carried out, for a window that asks again after the owner closed
  call TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
);
CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
