// SQLite's own glue as a file of its own: it changes only with SQLite, so an update of our program does not fetch it anew.
// The store's worker loads it with importScripts and finds the initialiser on `self`.
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";

Object.assign(self, { jjbSqlite3: sqlite3InitModule });
