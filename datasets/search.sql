-- Full-text search over the knowledge, built wherever the knowledge is: never sent.
--
-- One search document per item. Triggers only note which items changed; the runtime then writes their documents anew
-- (`app/answering/index.py`, `pwa/src/answering/index.ts`), in the transaction that changed them.
CREATE TABLE search_doc   (id INTEGER PRIMARY KEY, item TEXT NOT NULL UNIQUE);
CREATE TABLE search_dirty (item TEXT PRIMARY KEY NOT NULL);
CREATE VIRTUAL TABLE search USING fts5(
  name, question, rest, phrasing,      -- tokens separated by spaces
  content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0'
);
CREATE TRIGGER search_item_i AFTER INSERT ON item BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.slug); END;
CREATE TRIGGER search_item_u AFTER UPDATE ON item BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.slug); END;
CREATE TRIGGER search_item_d AFTER DELETE ON item BEGIN INSERT OR IGNORE INTO search_dirty VALUES (old.slug); END;
CREATE TRIGGER search_alias_i AFTER INSERT ON item_alias BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_alias_u AFTER UPDATE ON item_alias BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_alias_d AFTER DELETE ON item_alias BEGIN INSERT OR IGNORE INTO search_dirty VALUES (old.item); END;
CREATE TRIGGER search_condition_i AFTER INSERT ON item_condition BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_condition_u AFTER UPDATE ON item_condition BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_condition_d AFTER DELETE ON item_condition BEGIN INSERT OR IGNORE INTO search_dirty VALUES (old.item); END;
CREATE TRIGGER search_material_i AFTER INSERT ON material BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_material_u AFTER UPDATE ON material BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_material_d AFTER DELETE ON material BEGIN INSERT OR IGNORE INTO search_dirty VALUES (old.item); END;
CREATE TRIGGER search_situation_i AFTER INSERT ON situation BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_situation_u AFTER UPDATE ON situation BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_situation_d AFTER DELETE ON situation BEGIN INSERT OR IGNORE INTO search_dirty VALUES (old.item); END;
CREATE TRIGGER search_qa_i AFTER INSERT ON qa BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_qa_u AFTER UPDATE ON qa BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_qa_d AFTER DELETE ON qa BEGIN INSERT OR IGNORE INTO search_dirty VALUES (old.item); END;
CREATE TRIGGER search_phrasing_i AFTER INSERT ON item_phrasing BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_phrasing_u AFTER UPDATE ON item_phrasing BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.item); END;
CREATE TRIGGER search_phrasing_d AFTER DELETE ON item_phrasing BEGIN INSERT OR IGNORE INTO search_dirty VALUES (old.item); END;
CREATE TRIGGER search_rewrite_i AFTER INSERT ON rewrite BEGIN INSERT OR IGNORE INTO search_dirty SELECT slug FROM item; END;
CREATE TRIGGER search_rewrite_u AFTER UPDATE ON rewrite BEGIN INSERT OR IGNORE INTO search_dirty SELECT slug FROM item; END;
CREATE TRIGGER search_rewrite_d AFTER DELETE ON rewrite BEGIN INSERT OR IGNORE INTO search_dirty SELECT slug FROM item; END;
