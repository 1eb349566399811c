import type { Log } from "../../core/lifecycle.ts";
import { adEnd } from "../../radio/ad-structures.ts";
import { mergeTelemetry, saidAnything } from "../../radio/formats/telemetry.ts";
import type { TagTelemetry } from "../../radio/telemetry.ts";
import {
  createVendorGuard,
  type VendorFinding,
  type VendorGuardCounts,
  type VendorLibraries,
  type VendorProcessor,
  type VendorReading,
} from "./vendor-guard.ts";

/** Telemetry of vendors' own frames. */
export interface VendorTelemetry {
  /**
   * What the vendor frames in one payload say of the tag; null when there is none. It decodes at most the first sixteen
   * structures of at most 1650 bytes. It is meant for payloads of registered tags only, once a second per tag is
   * enough: it allocates and costs some microseconds. Never throws.
   */
  read(payload: Uint8Array): TagTelemetry | null;
  counts(): VendorGuardCounts;
}

/** @source Bluetooth Core 5.4, Vol 4 Part E, 7.8.54: the largest advertising data there is. */
const PAYLOAD_MAX_BYTES = 1650;
const STRUCTURES_MAX = 16;
/** Battery cells of tags have 1.5 to 3.7 V, of readers up to 5 V or 12 V. */
const BATTERY_MAX_V = 15;

/** Creates the reader of vendor telemetry with its own guard and counters. */
export function createVendorTelemetry(log: Log, libraries?: VendorLibraries): VendorTelemetry {
  const guard = createVendorGuard(log, libraries);
  return {
    read(payload) {
      if (payload.length > PAYLOAD_MAX_BYTES) return null;
      let found: TagTelemetry | null = null;
      let structures = 0;
      for (let at = 0, end = adEnd(payload, 0); end > 0; at = end, end = adEnd(payload, at)) {
        structures += 1;
        if (structures > STRUCTURES_MAX) break;
        const finding = guard.read(payload, payload[at + 1], at + 2, end);
        if (finding !== null) found = mergeTelemetry(found, toTelemetry(finding));
      }
      return found;
    },
    counts: () => guard.counts(),
  };
}

/**
 * The part of a vendor's reading that this product uses, checked value by value; null when nothing of it is there.
 *
 * | field | from | unit there | taken when |
 * |---|---|---|---|
 * | batteryRatio | batteryPercentage | percent | 0..100 |
 * | batteryMv | batteryVoltage | volt | above 0, up to 15 |
 * | isMoving | isMotionDetected | list of booleans | any is true; only the tag's own motion (`feelsOwnMotion`) |
 * | motionCount | isMotionDetectedCycle | count | 0 and more, rounded down; only the tag's own motion |
 * | isPressed | isButtonPressed | list of booleans | any is true |
 * | temperatureC | temperature | degrees Celsius | -100..200 |
 *
 * RuuviTag 3 and 5 and Eddystone are left to `readTelemetry`, which knows their marks for "not available". Pure.
 */
export function toTelemetry({ processor, bytes, reading }: VendorFinding): TagTelemetry | null {
  if (isDecodedHere(processor, bytes)) return null;
  const percent = numberIn(reading, "batteryPercentage", 0, 100);
  const volt = numberIn(reading, "batteryVoltage", 0, BATTERY_MAX_V);
  const ownMotion = feelsOwnMotion(processor, bytes, reading);
  const motions = ownMotion
    ? numberIn(reading, "isMotionDetectedCycle", 0, Number.MAX_SAFE_INTEGER)
    : null;
  return saidAnything({
    batteryRatio: percent === null ? null : percent / 100,
    batteryMv: volt === null || volt === 0 ? null : Math.round(volt * 1000),
    isMoving: ownMotion ? anyOf(reading, "isMotionDetected") : null,
    motionCount: motions === null ? null : Math.floor(motions),
    isPressed: anyOf(reading, "isButtonPressed"),
    temperatureC: numberIn(reading, "temperature", -100, 200),
  });
}

function isDecodedHere({ name }: VendorProcessor, bytes: Uint8Array): boolean {
  return name === "eddystone" || (name === "ruuvi" && (bytes[0] === 3 || bytes[0] === 5));
}

/**
 * Whether "motion" is the tag's own. Infra-red and distance sensors report the motion of people in front of them under the
 * same name; a sensor on the wall is not a basket that was picked up.
 */
function feelsOwnMotion(
  { kind, name }: VendorProcessor,
  bytes: Uint8Array,
  reading: VendorReading,
): boolean {
  switch (name) {
    case "ela-innovation":
      return bytes[0] !== 0x92;
    case "minew":
      return kind === "service"
        ? bytes[1] !== 0x11
        : !Object.hasOwn(reading, "isOccupancyDetected");
    case "enocean":
      return Object.hasOwn(reading, "acceleration");
    default:
      return true;
  }
}

function numberIn(reading: VendorReading, key: string, from: number, to: number): number | null {
  const value = Object.hasOwn(reading, key) ? reading[key] : null;
  return typeof value === "number" && value >= from && value <= to ? value : null;
}

/** Null unless it is a list of booleans with at least one. */
function anyOf(reading: VendorReading, key: string): boolean | null {
  const value = Object.hasOwn(reading, key) ? reading[key] : null;
  if (!Array.isArray(value) || value.length === 0) return null;
  return value.every((item) => typeof item === "boolean") ? value.includes(true) : null;
}
