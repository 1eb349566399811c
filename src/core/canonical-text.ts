/**
 * One text for one JSON value: keys sorted by UTF-16 units at every depth, no blanks, keys without a value left out.
 * Whoever hashes a document hashes this, so that the order of keys, which brokers and databases may change, means
 * nothing. Numbers are written as JavaScript writes them. Pure.
 * @source the sorting and serialization rules of RFC 8785
 */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]) => `${JSON.stringify(key)}:${canonicalText(entry)}`);
  return `{${entries.join(",")}}`;
}
