import type { InputFault } from "../../core/errors.ts";
import type { CounterChange, CounterReport } from "./changes.ts";

/** A JSON object of unknown content. */
export type Fields = Readonly<Record<string, unknown>>;

const MAX_FAULTS = 64;
const MAX_ID_LENGTH = 128;
/** Of a key that should not be there no more is told: a sender may choose it at will. */
const MAX_KEY_SHOWN = 40;
/** The years 2000 to 2100: whatever lies outside was read in the wrong unit. */
const EARLIEST_MS = 946_684_800_000;
const LATEST_MS = 4_102_444_800_000;

/** What a value is, without its content. Pure. */
function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string") return `a text of ${value.length} characters`;
  if (typeof value === "object" && value !== null) return "an object";
  return `a ${typeof value}`;
}

/** A value as a fault shows it: short, and never the content of something large. Pure. */
function shownValue(value: unknown): string {
  if (value === undefined || (typeof value === "object" && value !== null)) return kindOf(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** Collects what a message says and what is wrong with it. One for each message. */
export class MessageReader {
  readonly #changes: CounterChange[] = [];
  readonly #faults: InputFault[] = [];
  #ignored = 0;

  get report(): CounterReport {
    return { changes: this.#changes, faults: this.#faults, ignored: this.#ignored };
  }

  say(change: CounterChange): void {
    this.#changes.push(change);
  }

  /** Counts something left out on purpose. */
  ignore(): void {
    this.#ignored += 1;
  }

  /** Notes a fault; beyond 64 of one message the rest is the same again and dropped. */
  fault(path: string, value: unknown, expected: string): null {
    return this.#note(path, shownValue(value), expected);
  }

  /** The same where the value may be an id, an address or a name: only what it is gets told. */
  privateFault(path: string, value: unknown, expected: string): null {
    return this.#note(path, kindOf(value), expected);
  }

  /** Notes a key that should not be there. */
  unknownKey(parent: string, key: string, value: unknown): null {
    const shown = key.slice(0, MAX_KEY_SHOWN);
    return this.privateFault(parent === "" ? shown : `${parent}.${shown}`, value, "no such key");
  }

  object(value: unknown, path: string, expected = "an object"): Fields | null {
    return isFields(value) ? value : this.fault(path, value, expected);
  }

  list(value: unknown, path: string, max: number): readonly unknown[] | null {
    if (!Array.isArray(value)) return this.fault(path, value, "a list");
    if (value.length <= max) return value;
    this.fault(path, value, `at most ${max} entries`);
    return value.slice(0, max);
  }

  number(value: unknown, path: string, min: number, max: number): number | null {
    const isGood = typeof value === "number" && value >= min && value <= max;
    return isGood ? value : this.fault(path, value, `a number from ${min} to ${max}`);
  }

  /** An id: text or a whole number, as text. */
  id(value: unknown, path: string): string | null {
    if (typeof value === "string" && value !== "" && value.length <= MAX_ID_LENGTH) return value;
    if (Number.isSafeInteger(value)) return String(value);
    const expected = `an id: a whole number or 1 to ${MAX_ID_LENGTH} characters`;
    return this.privateFault(path, value, expected);
  }

  /** A confidence; a missing one is `otherwise`. */
  score(value: unknown, path: string, otherwise = 1): number {
    if (value === undefined || value === null) return otherwise;
    return this.number(value, path, 0, 1) ?? otherwise;
  }

  /** Ms since 1970 from text such as 2026-05-01T10:00:00.123456Z. */
  isoTime(value: unknown, path: string): number | null {
    const ms = typeof value === "string" && value.length <= 40 ? Date.parse(value) : Number.NaN;
    if (ms >= EARLIEST_MS && ms <= LATEST_MS) return ms + fractionOf(String(value));
    return this.fault(path, value, "an RFC 3339 time such as 2026-05-01T10:00:00.250Z");
  }

  /** Ms since 1970 from a number of them, or from text. */
  epochOrIsoTime(value: unknown, path: string): number | null {
    return typeof value === "number" ? this.epochMs(value, path) : this.isoTime(value, path);
  }

  /** Ms since 1970 from a number of them. */
  epochMs(value: unknown, path: string): number | null {
    const isGood = typeof value === "number" && value >= EARLIEST_MS && value <= LATEST_MS;
    return isGood ? value : this.fault(path, value, "milliseconds since 1970");
  }

  /** Ms since 1970 from seconds since 1970. */
  epochSeconds(value: unknown, path: string): number | null {
    const ms = typeof value === "number" ? value * 1000 : Number.NaN;
    if (ms >= EARLIEST_MS && ms <= LATEST_MS) return ms;
    return this.fault(path, value, "seconds since 1970");
  }

  #note(path: string, found: string, expected: string): null {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ path, found, expected });
    return null;
  }
}

/** Whether a value is a JSON object and no list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Date.parse keeps whole milliseconds; senders give microseconds, and two frames must not fall on one instant. */
function fractionOf(text: string): number {
  const digits = /\.\d{3}(\d{1,6})/.exec(text)?.[1];
  return digits === undefined ? 0 : Number(`0.${digits}`);
}
