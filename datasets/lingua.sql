-- The lingua tables: what a question is read and judged with. A scope of its own, since it changes rarely.
--
-- Same rules as schema.sql: only TEXT, INTEGER and NULL, a primary key without NULLs, one fact per row.

CREATE TABLE char (
  char TEXT PRIMARY KEY NOT NULL,
  plain TEXT NOT NULL,                 -- simplified form, the character itself when it is simplified already
  sound TEXT NOT NULL                  -- most usual Mandarin syllable without tone, '' when unknown
);
CREATE TABLE word (
  text TEXT PRIMARY KEY NOT NULL,
  cost INTEGER NOT NULL,               -- micro-nats: -1e6 ln p; the cheapest cut of a run is how it is read
  weight INTEGER NOT NULL,             -- 0–1000: how much a rare word says more than a common one
  vector TEXT NOT NULL                 -- meaning: one hex digit an axis, 8 is zero
);
CREATE TABLE topic (                   -- what the model tells apart: every item, and what is not ours to handle
  number INTEGER PRIMARY KEY NOT NULL,
  slug TEXT NOT NULL,
  bias INTEGER NOT NULL,               -- thousandths, like every score
  vector TEXT NOT NULL                 -- weights of the axes, thousandths, separated by spaces
);
CREATE TABLE feature (
  text TEXT PRIMARY KEY NOT NULL,      -- 'c' characters, 's' syllables, 'l' a Latin run
  weights TEXT NOT NULL                -- 'number weight number weight …', thousandths
);
CREATE TABLE setting (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL);  -- thresholds fitted with the model
