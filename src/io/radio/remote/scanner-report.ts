import type { InputFault } from "../../../core/errors.ts";
import type { Sighted } from "../../../radio/sighting.ts";
import type { TagTelemetry } from "../../../radio/telemetry.ts";

/** One reading as a scanner tells it, its time still on the scanner's clock. It has no place for an address. */
export interface HeardTag {
  readonly who: Sighted;
  /** The same for the same tag, and only then; never shown or kept. */
  readonly whoKey: string;
  readonly rssiDbm: number;
  readonly packets: number;
  readonly telemetry: TagTelemetry | null;
  /** Milliseconds since 1970 of the scanner's clock; null when it tells none. */
  readonly statedMs: number | null;
  /** Resolution of `statedMs`: 1000 for a scanner that tells whole seconds. */
  readonly stepMs: number;
  /** Age on arrival when no time is stated, ms. */
  readonly ageMs: number;
}

/** One message, or one of a list. */
export interface ScannerMessage {
  /** Newest instant of the scanner's clock in it; null when it tells none. */
  readonly sentMs: number | null;
  /** The same when the message is delivered again; null when the form has no number for it. */
  readonly key: string | null;
  /** False when the scanner says that it hears nothing. */
  readonly isSeeing: boolean;
  readonly heard: readonly HeardTag[];
}

/** What a text of a scanner holds. */
export interface ScannerReport {
  readonly messages: readonly ScannerMessage[];
  /** What was wrong with it: kinds and lengths of values, never the values themselves. */
  readonly faults: readonly InputFault[];
  /** Devices without an identity of their own: nobody. */
  readonly ignored: number;
}

/**
 * Reads the JSON value of a message. `device` is the topic level that names the device, for formats that say there who
 * it is. Never throws. Pure.
 */
export type ScannerAdapter = (value: unknown, device: string) => ScannerReport;

/** A JSON object of unknown content. */
export type Fields = Readonly<Record<string, unknown>>;

const LOWEST_DBM = -127;
const HIGHEST_DBM = 20;

/** Whether a value is a JSON object and no list. Pure. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a level a controller can have measured: 127 means that it has not. Pure. */
export function isLevelDbm(value: unknown): value is number {
  return typeof value === "number" && value >= LOWEST_DBM && value <= HIGHEST_DBM;
}

/** What a level must be, as a fault says it. */
export const LEVEL_EXPECTED = `a number from ${LOWEST_DBM} to ${HIGHEST_DBM} (dBm)`;

/** A number with more digits may be an address: one without letters is a number in JSON. */
const LARGEST_TOLD = 99_999;

/** A fault that tells what a value is and nothing of its content, unless it is a small number or a truth value. Pure. */
export function faultAt(path: string, value: unknown, expected: string): InputFault {
  return { path, found: kindOf(value), expected };
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string") return `a text of ${value.length} characters`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "number" && Math.abs(value) > LARGEST_TOLD) return "a large number";
  return String(value);
}

/** A report of one fault and nothing else. Pure. */
export function refusal(fault: InputFault): ScannerReport {
  return { messages: [], faults: [fault], ignored: 0 };
}

/** A report of one reading. Pure. */
export function reportOf(heard: HeardTag): ScannerReport {
  const message = { sentMs: heard.statedMs, key: null, isSeeing: true, heard: [heard] };
  return { messages: [message], faults: [], ignored: 0 };
}

/** A sign of life and nobody: a device without an identity of its own was heard. Pure. */
export function nobody(): ScannerReport {
  return {
    messages: [{ sentMs: null, key: null, isSeeing: true, heard: [] }],
    faults: [],
    ignored: 1,
  };
}

/**
 * Telemetry that a foreign scanner has decoded: battery in per cent, millivolts and degrees. Values out of range are
 * left out. null when nothing is said. Pure.
 */
export function foreignTelemetry(
  batteryPercent: unknown,
  batteryMv: unknown,
  temperatureC: unknown,
): TagTelemetry | null {
  const percent = within(batteryPercent, 0, 100);
  const millivolts = within(batteryMv, 500, 10_000);
  const degrees = within(temperatureC, -100, 200);
  if (percent === null && millivolts === null && degrees === null) return null;
  return {
    batteryRatio: percent === null ? null : percent / 100,
    batteryMv: millivolts,
    isMoving: null,
    motionCount: null,
    isPressed: null,
    temperatureC: degrees,
  };
}

function within(value: unknown, min: number, max: number): number | null {
  return typeof value === "number" && value >= min && value <= max ? value : null;
}
