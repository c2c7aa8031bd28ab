/** Puts a value at a path such as `groups.db.scores`. */
export function setAt(document: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split(".");
  const last = parts.pop() ?? "";
  const parent = parts.reduce((at, part) => at[part] as Record<string, unknown>, document);
  parent[last] = value;
}
