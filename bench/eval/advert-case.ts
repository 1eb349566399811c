import { bytesOfHex } from "../../src/radio/bytes.ts";

/** What became of one vector: it passed, it failed (`why`), or it is of a kind we do not claim (`notClaimed`). */
export interface AdvertOutcome {
  readonly name: string;
  readonly why: string | null;
  readonly notClaimed: string | null;
}

/** Outcome of a comparison: `why` null = passed. */
export const judged = (name: string, why: string | null): AdvertOutcome => ({
  name,
  why,
  notClaimed: null,
});

/** Outcome of a vector that is not compared, with the reason. */
export const notClaimed = (name: string, reason: string): AdvertOutcome => ({
  name,
  why: null,
  notClaimed: reason,
});

/** Fractions may differ by the rounding of another order of operations, not more. */
const RATIO_TOLERANCE = 1e-12;

/**
 * First difference between two plain values as `path: expected X, got Y`; null when they are equal. Objects need the
 * same keys on both sides, whole numbers the same value, fractions within 1e-12 of their size. Pure.
 */
export function difference(expected: unknown, actual: unknown, path = "value"): string | null {
  if (typeof expected === "number" && typeof actual === "number")
    return closeTo(expected, actual) ? null : told(path, expected, actual);
  if (isRecord(expected) && isRecord(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const found = difference(expected[key], actual[key], `${path}.${key}`);
      if (found !== null) return found;
    }
    return Array.isArray(expected) === Array.isArray(actual) ? null : told(path, expected, actual);
  }
  return expected === actual ? null : told(path, expected, actual);
}

/** The first difference among the keys of `expected`; further keys of `actual` are not looked at. Pure. */
export function differenceIn(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): string | null {
  for (const [key, value] of Object.entries(expected)) {
    const found = difference(value, actual[key], key);
    if (found !== null) return found;
  }
  return null;
}

const closeTo = (a: number, b: number): boolean =>
  a === b ||
  (!(Number.isInteger(a) && Number.isInteger(b)) &&
    Math.abs(a - b) <= RATIO_TOLERANCE * Math.max(Math.abs(a), Math.abs(b)));

const told = (path: string, expected: unknown, actual: unknown): string =>
  `${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;

/** Whether a value is an object or a list. Pure. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** Bytes of a text of hexadecimal digits, or null for anything else. Pure. */
export const hexBytes = (value: unknown): Uint8Array | null =>
  typeof value === "string" ? bytesOfHex(value) : null;

/** One AD structure of this type around a value of at most 254 bytes. Pure. */
export const adStructure = (type: number, value: readonly number[]): Uint8Array =>
  Uint8Array.from([value.length + 1, type, ...value]);

/** Two digits per byte, in lower case. Pure. */
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
