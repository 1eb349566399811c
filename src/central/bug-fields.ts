/**
 * What may be logged of a fault of the program: its kind and where it was met, never its message, which may hold what a
 * gateway sent. Pure.
 */
export function bugFields(error: unknown): {
  readonly fault: string;
  readonly where: string | null;
} {
  if (!(error instanceof Error)) return { fault: typeof error, where: null };
  const frame = error.stack?.split("\n").find((line) => line.trimStart().startsWith("at "));
  return { fault: error.name, where: frame?.trim() ?? null };
}
