// The words a question is read and judged with (datasets/lingua.sql). Without them the device still finds items by their words.
import schema from "../../../datasets/lingua.sql?raw";
import type { Db } from "./db";
import { ScopeFile } from "./scope";

export class Lingua extends ScopeFile {
  constructor(db: Db) {
    super(db, "lingua", "问答词库", schema);
  }
}
