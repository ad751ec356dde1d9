-- The media tables: recorded answers in local languages and sample forms. A scope of its own, fetched after the others.
--
-- Same rules as schema.sql: only TEXT, INTEGER and NULL, a primary key without NULLs, one fact per row. The files
-- themselves are no rows: each is fetched by the hash of its bytes, only where somebody will hear it.

CREATE TABLE language (
  code TEXT PRIMARY KEY NOT NULL,      -- ISO 639-3 where there is one
  pos INTEGER NOT NULL,                -- their order on a screen, and in fetching
  name TEXT NOT NULL,
  regions TEXT NOT NULL                -- beginnings of region codes where it is spoken, separated by spaces
);
CREATE TABLE file (
  sha256 TEXT PRIMARY KEY NOT NULL,
  bytes INTEGER NOT NULL,
  type TEXT NOT NULL,                  -- media type by the content
  chunks TEXT NOT NULL                 -- sha256 of each 256 KiB, separated by spaces
);
CREATE TABLE medium (
  item TEXT NOT NULL,
  kind TEXT NOT NULL,                  -- voice | sample
  language TEXT NOT NULL,              -- '' for what needs none
  pos INTEGER NOT NULL,                -- 1 for a voice
  sha256 TEXT NOT NULL,
  seconds INTEGER NOT NULL,            -- of a voice, 0 for others
  text TEXT NOT NULL,                  -- what is said, or what the sample is
  PRIMARY KEY (item, kind, language, pos)
);
