// The little of SQLite that answering needs, so that it runs over sqlite-wasm in the worker and in tests alike.
export interface Db {
  rows(sql: string, params?: readonly unknown[]): unknown[][];
  run(sql: string, params?: readonly unknown[]): void;
}
