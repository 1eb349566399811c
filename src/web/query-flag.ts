/** A flag of a query: `?dry-run`, `?dry-run=1`, but not `?dry-run=0`. Pure. */
export const isFlagSet = (value: unknown): boolean =>
  typeof value === "string" && !["0", "false", "no"].includes(value.toLowerCase());
