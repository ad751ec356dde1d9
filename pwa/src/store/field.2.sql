-- Step 2: photos and papers of cases. The bytes stand apart, so that a step of an upload does not write them anew.
CREATE TABLE file (
  id TEXT PRIMARY KEY NOT NULL,
  draft TEXT NOT NULL,                   -- the draft it was put to; a case keeps it in case_file.draft
  bytes INTEGER NOT NULL,
  state TEXT NOT NULL,                   -- held | dropped | waiting | sent | refused
  event TEXT,                            -- the case.submitted that names it
  place TEXT,                            -- where its upload was begun
  arrived INTEGER NOT NULL DEFAULT 0,    -- bytes that the centre said it has
  problem TEXT,                          -- JSON {code, message, next} of a refusal
  sent_at TEXT,
  about BLOB NOT NULL,                   -- sealed: {"material", "kind", "sha256"}
  thumb BLOB NOT NULL                    -- sealed: a small JPEG, empty for a PDF
);
CREATE INDEX file_draft ON file(draft);
CREATE INDEX file_event ON file(event);
CREATE INDEX file_waiting ON file(id) WHERE state = 'waiting';
CREATE TABLE file_content (id TEXT PRIMARY KEY NOT NULL, sealed BLOB NOT NULL);
