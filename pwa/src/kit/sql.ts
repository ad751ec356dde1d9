// SQL as it travels and as it is named: comments explain the tables to people and change none.

/** Without comments and empty lines. Twin of `schema_id` in sync/manifest.py. */
export function bare(sql: string): string {
  return sql.replace(/\s*--[^\n]*/g, "").replace(/\n\s*\n/g, "\n");
}
