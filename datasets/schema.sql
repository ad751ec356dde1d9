-- The knowledge tables: what a release is, at the centre and in the village alike.
--
-- One fact per row and one column per field, so that a change of one field is a change of a few bytes in a patchset.
-- Only TEXT, INTEGER and NULL; every table has a primary key without NULLs (the session extension needs both).
-- `pos` orders the rows of one item and starts at 1. No indexes but the keys: full-text search is built on the device.

CREATE TABLE item (
  slug TEXT PRIMARY KEY NOT NULL,
  code TEXT NOT NULL,                  -- our provisional NJ-… code; opaque
  base_code TEXT,                      -- national 基本编码 when known
  task_code TEXT,                      -- national 实施编码 when known
  name TEXT NOT NULL,
  domain TEXT NOT NULL,                -- code set `domain`
  department TEXT NOT NULL,
  task_type TEXT NOT NULL,             -- GB/T 39046 A.1
  project_type TEXT NOT NULL,          -- GB/T 39046 A.6: 1 即办件 2 承诺件 9 其他
  levels TEXT NOT NULL,                -- GB/T 39046 A.2 codes joined by ','
  applicants TEXT NOT NULL,
  statutory_limit TEXT NOT NULL,
  promised_limit TEXT NOT NULL,
  promised_limit_status TEXT NOT NULL,
  fee TEXT NOT NULL,
  place TEXT NOT NULL,
  result TEXT NOT NULL,
  cross_region TEXT NOT NULL,
  site_visits INTEGER NOT NULL,
  site_visits_reason TEXT NOT NULL,
  verify INTEGER NOT NULL,             -- 1: 以窗口答复为准 for the fields of item_verify
  verified_on TEXT                     -- date of the last check with the department, NULL when never
);
CREATE TABLE item_alias     (item TEXT NOT NULL, pos INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (item, pos));
CREATE TABLE item_phrasing  (item TEXT NOT NULL, pos INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (item, pos));  -- how people ask
CREATE TABLE item_condition (item TEXT NOT NULL, pos INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (item, pos));
CREATE TABLE item_step      (item TEXT NOT NULL, pos INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (item, pos));
CREATE TABLE item_basis     (item TEXT NOT NULL, pos INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (item, pos));
CREATE TABLE item_source    (item TEXT NOT NULL, pos INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (item, pos));
CREATE TABLE item_verify    (item TEXT NOT NULL, pos INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (item, pos));
CREATE TABLE material (
  item TEXT NOT NULL, pos INTEGER NOT NULL,
  name TEXT NOT NULL,
  form TEXT NOT NULL,                  -- 原件, 原件核验, 复印件, 电子 …
  copies INTEGER NOT NULL,
  necessity TEXT NOT NULL,             -- 必要, 情形必要, 可容缺 …
  source TEXT NOT NULL,                -- who issues it
  PRIMARY KEY (item, pos)
);
CREATE TABLE situation (
  item TEXT NOT NULL, pos INTEGER NOT NULL,
  name TEXT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (item, pos)
);
CREATE TABLE situation_material (      -- what a situation adds to or removes from the item's list
  item TEXT NOT NULL, situation INTEGER NOT NULL, pos INTEGER NOT NULL,
  effect TEXT NOT NULL,                -- add | remove
  name TEXT NOT NULL,
  form TEXT NOT NULL,
  copies INTEGER NOT NULL,
  necessity TEXT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (item, situation, pos)
);
CREATE TABLE flow_question (           -- guided flow: plain questions that lead to situations; datasets/flow_text.py
  item TEXT NOT NULL, pos INTEGER NOT NULL,
  id TEXT NOT NULL,                    -- short name, what an answer leads to
  ask TEXT NOT NULL,
  help TEXT NOT NULL,
  PRIMARY KEY (item, pos)
);
CREATE TABLE flow_answer (
  item TEXT NOT NULL, question INTEGER NOT NULL,
  pos INTEGER NOT NULL,                -- 0: 不清楚
  say TEXT NOT NULL,
  words TEXT NOT NULL,                 -- words of a question that mean this answer, joined by '、'
  situations TEXT NOT NULL,            -- names of situations it chooses, joined by ' + '
  go TEXT NOT NULL,                    -- question | done | human | stop | item
  target TEXT NOT NULL,                -- id of the question or slug of the item, else ''
  note TEXT NOT NULL,
  PRIMARY KEY (item, question, pos)
);
CREATE TABLE purpose (word TEXT PRIMARY KEY NOT NULL, why TEXT NOT NULL);  -- what a material with this word in its name is for
CREATE TABLE qa (
  item TEXT NOT NULL, pos INTEGER NOT NULL,
  q TEXT NOT NULL,                     -- as shown
  q_full TEXT NOT NULL,                -- as indexed: with the item's name where q alone is unclear
  a TEXT NOT NULL,
  standalone INTEGER NOT NULL,
  PRIMARY KEY (item, pos)
);
CREATE TABLE elsewhere (               -- what people ask for that is not ours to handle, and where to go instead
  slug TEXT PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL,                  -- elsewhere | emergency | private | complaint | chat
  name TEXT NOT NULL,
  say TEXT NOT NULL                    -- the sentence the person hears
);
CREATE TABLE elsewhere_phrasing (elsewhere TEXT NOT NULL, pos INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (elsewhere, pos));
CREATE TABLE point (                     -- the service points as the centre knew them when the release was made
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  region TEXT NOT NULL,                -- 12-digit code
  address TEXT NOT NULL,
  hours TEXT NOT NULL,
  phone TEXT NOT NULL
);
CREATE TABLE rewrite  (said TEXT PRIMARY KEY NOT NULL, standard TEXT NOT NULL, kind TEXT NOT NULL);  -- local speech
CREATE TABLE code     (code_set TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (code_set, code));
CREATE TABLE region   (code TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, level TEXT NOT NULL, parent TEXT);
