/** The years 2000 to 2100: whatever lies outside is an uptime, or in a unit that was not meant. */
const EARLIEST_MS = 946_684_800_000;
const LATEST_MS = 4_102_444_800_000;
/** Milliseconds per unit, for seconds, milliseconds, microseconds and nanoseconds since 1970. */
const UNITS_MS = [1000, 1, 1e-3, 1e-6] as const;
const ZONED = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** An instant of a scanner's clock, and how finely it tells it. */
export interface StatedTime {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** 1000 when it tells whole seconds, else 1. */
  readonly stepMs: number;
}

/**
 * Reads a time as scanners write it: RFC 3339 text with a zone, or a number of seconds, milliseconds, microseconds or
 * nanoseconds since 1970, told apart by their size. null for anything else, such as the time since switched on. Pure.
 */
export function readStatedTime(value: unknown): StatedTime | null {
  if (typeof value === "string") {
    const match = ZONED.exec(value);
    const ms = match === null ? Number.NaN : Date.parse(value);
    return isPlausible(ms) ? { ms, stepMs: match?.[1] === undefined ? 1000 : 1 } : null;
  }
  if (typeof value !== "number") return null;
  const unitMs = UNITS_MS.find((unit) => isPlausible(value * unit));
  if (unitMs === undefined) return null;
  return { ms: value * unitMs, stepMs: unitMs === 1000 && Number.isInteger(value) ? 1000 : 1 };
}

const isPlausible = (ms: number): boolean => ms >= EARLIEST_MS && ms <= LATEST_MS;
