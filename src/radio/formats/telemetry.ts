import { AD_TYPE, adEnd } from "../ad-structures.ts";
import type { TagTelemetry } from "../telemetry.ts";
import { EDDYSTONE_UUID, readEddystone } from "./eddystone.ts";
import { readRuuvi } from "./ruuvi.ts";
import { serviceUuidBytes, shortServiceUuid } from "./service-uuid.ts";

/** A tag that says nothing about itself. */
export const NO_TELEMETRY: TagTelemetry = {
  batteryRatio: null,
  batteryMv: null,
  isMoving: null,
  motionCount: null,
  isPressed: null,
  temperatureC: null,
};

/**
 * Telemetry of the formats that are decoded here: plain Eddystone TLM (battery, temperature) and RuuviTag 3 and 5
 * (battery, temperature, with 5 also the count of motions). Null when the payload holds none of them or nothing but
 * fields that are not available. Allocates only when there is something to tell; never throws.
 */
export function readTelemetry(payload: Uint8Array): TagTelemetry | null {
  let found: TagTelemetry | null = null;
  for (let at = 0, end = adEnd(payload, 0); end > 0; at = end, end = adEnd(payload, at))
    found = mergeTelemetry(found, telemetryOf(payload, payload[at + 1], at + 2, end));
  return found;
}

/**
 * Joins what two frames of one tag say: of two values for a field the first counts. Null when there is nothing. Pure.
 */
export function mergeTelemetry(
  first: TagTelemetry | null,
  second: TagTelemetry | null,
): TagTelemetry | null {
  if (first === null || second === null) return first ?? second;
  return {
    batteryRatio: first.batteryRatio ?? second.batteryRatio,
    batteryMv: first.batteryMv ?? second.batteryMv,
    isMoving: first.isMoving ?? second.isMoving,
    motionCount: first.motionCount ?? second.motionCount,
    isPressed: first.isPressed ?? second.isPressed,
    temperatureC: first.temperatureC ?? second.temperatureC,
  };
}

/** The telemetry itself, or null when all its fields are. Pure. */
export function saidAnything(telemetry: TagTelemetry): TagTelemetry | null {
  const { batteryRatio, batteryMv, isMoving, motionCount, isPressed, temperatureC } = telemetry;
  const said =
    batteryRatio ?? batteryMv ?? isMoving ?? motionCount ?? isPressed ?? temperatureC ?? null;
  return said === null ? null : telemetry;
}

function telemetryOf(
  p: Uint8Array,
  adType: number | undefined,
  from: number,
  end: number,
): TagTelemetry | null {
  if (adType === AD_TYPE.manufacturer) {
    const frame = readRuuvi(p, from, end);
    if (frame === null) return null;
    const { batteryMv, temperatureC } = frame;
    const motionCount = frame.format === "ruuvi-5" ? frame.movementCount : null;
    return saidAnything({ ...NO_TELEMETRY, batteryMv, motionCount, temperatureC });
  }
  if (shortServiceUuid(p, adType, from, end) !== EDDYSTONE_UUID) return null;
  const frame = readEddystone(p, from + serviceUuidBytes(adType), end);
  if (frame?.format !== "eddystone-tlm") return null;
  const { batteryMv, temperatureC } = frame;
  return saidAnything({ ...NO_TELEMETRY, batteryMv, temperatureC });
}
