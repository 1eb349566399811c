import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { createVendorGuard, VENDOR_PROCESSORS } from "../../src/io/radio/vendor-guard.ts";
import { createVendorTelemetry } from "../../src/io/radio/vendor-telemetry.ts";
import { AD_TYPE } from "../../src/radio/ad-structures.ts";
import { type BeaconFrame, decodeBeacons } from "../../src/radio/beacon.ts";
import { mergeTelemetry, readTelemetry } from "../../src/radio/formats/telemetry.ts";
import { withheldKind } from "../../src/radio/formats/withheld.ts";
import type { TagTelemetry } from "../../src/radio/telemetry.ts";
import { type AdvlibCall, NOT_CLAIMED } from "./advert-call.ts";
import {
  type AdvertOutcome,
  adStructure,
  difference,
  differenceIn,
  judged,
  notClaimed,
} from "./advert-case.ts";

type Words = Readonly<Record<string, unknown>>;
type Kind = "manufacturer" | "service";

/** Decoders by the names of their source files: ours without dashes, and those that we do without. */
const CODES: Readonly<Record<string, number>> = {
  "manufacturer apple": 0x004c,
  "manufacturer diract": 0x0583,
  "service exposurenotification": 0xfd6f,
  ...Object.fromEntries(
    VENDOR_PROCESSORS.map(({ kind, name, code }) => [`${kind} ${name.replaceAll("-", "")}`, code]),
  ),
};

const EXPOSURE_BYTES = 20;

/**
 * Puts the data of a vector into an AD structure as it is sent and judges what our side makes of the whole payload: the
 * guarded decoder's values, the values of our own decoder where there is one, and the telemetry handed on.
 */
export function judgeVendor(
  name: string,
  file: string,
  kind: Kind,
  call: AdvlibCall,
  expected: Words | null,
): AdvertOutcome {
  const code = codeOf(file, kind, call);
  const payload = vendorPayload(file, kind, call);
  if (code === null) return notClaimed(name, NOT_CLAIMED.interface);
  if (payload === null) return notClaimed(name, NOT_CLAIMED.argument);
  const type = payload[1] ?? 0;
  const own = decodeBeacons(payload);
  if (withheldKind(payload, type, 2, payload.length) !== null) {
    if (own.length > 0) return judged(name, "something of a phone was decoded");
    return expected !== null && holdsPhoneMessage(code, payload)
      ? notClaimed(name, NOT_CLAIMED.phones)
      : judged(name, difference(expected, null));
  }
  const isApple = kind === "manufacturer" && code === CODES["manufacturer apple"];
  return judged(
    name,
    (isApple ? null : judgeReading(payload, type, expected)) ??
      judgeOwn(own, expected) ??
      judgeTelemetry(payload, expected),
  );
}

/** Whether there is anything in it that the library could read: a whole exposure notification, a message of Apple's. */
function holdsPhoneMessage(code: number, payload: Uint8Array): boolean {
  const [, , , , messageType] = payload;
  if (code !== CODES["manufacturer apple"]) return payload.length === 4 + EXPOSURE_BYTES;
  return messageType !== undefined && messageType < 0x20;
}

/** The data of a call in the AD structure in which it is sent; null when it is not bytes, too long, or has no home. */
export function vendorPayload(file: string, kind: Kind, call: AdvlibCall): Uint8Array | null {
  const code = codeOf(file, kind, call);
  if (code === null || (call.hasOtherData && call.data === null)) return null;
  const type = kind === "manufacturer" ? AD_TYPE.manufacturer : AD_TYPE.serviceData16;
  const payload = adStructure(type, [code & 255, code >> 8, ...(call.data ?? [])]);
  return payload.length > 255 ? null : payload;
}

function codeOf(file: string, kind: Kind, { uuid, companyId }: AdvlibCall): number | null {
  if (kind === "service" && uuid !== null) return Number.parseInt(uuid, 16) & 0xffff;
  if (kind === "manufacturer" && companyId !== null) return companyId & 0xffff;
  return CODES[`${kind} ${file.replace(/(\.test)?\.js$/, "")}`] ?? null;
}

/** Everything that the guarded decoder says, identifiers and labels included. */
function judgeReading(payload: Uint8Array, type: number, expected: Words | null): string | null {
  const found = createVendorGuard(SILENT_LOG).read(payload, type, 2, payload.length);
  return difference(expected, asRecorded(found?.reading ?? null), "reading");
}

/** As JSON keeps it, like the recorded results: numbers that are none become null. */
const asRecorded = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Our own decoder, where the format is one of ours. */
function judgeOwn(own: readonly BeaconFrame[], expected: Words | null): string | null {
  const frame = own[0];
  if (frame === undefined) return null;
  if (expected === null) return `${frame.format}: expected nothing`;
  const words = inAdvlibWords(frame, expected);
  return words === null ? null : differenceIn(withoutLabels(frame, expected), words);
}

/** Our frame under the names and in the units of the library. */
function inAdvlibWords(frame: BeaconFrame, expected: Words): Words | null {
  switch (frame.format) {
    case "ibeacon":
      return {
        deviceIds: [`${frame.uuid.replaceAll("-", "")}/${hex4(frame.major)}/${hex4(frame.minor)}`],
        txPower: frame.txPower1mDbm,
      };
    case "eddystone-uid":
      return { deviceIds: [`${frame.namespace}/${frame.instance}`], txPower: frame.txPower0mDbm };
    case "eddystone-url":
      return { uri: frame.url, txPower: frame.txPower0mDbm };
    case "eddystone-tlm":
      // The library takes the marks for "not measured" for values.
      return {
        batteryVoltage: (frame.batteryMv ?? 0) / 1000,
        temperature: frame.temperatureC ?? -128,
        txCount: frame.advertisements,
        uptime: frame.uptimeMs,
      };
    case "ruuvi-5":
      return ruuviWords(frame, expected);
    default:
      return null;
  }
}

/** Fields that are not available: the library makes numbers of their marks, which are told here to compare the rest. */
function ruuviWords(frame: BeaconFrame & { readonly format: "ruuvi-5" }, expected: Words): Words {
  const [x, y, z] = frame.accelerationMg.map((mg) => (mg ?? -32_768) / 1000);
  return {
    temperature: frame.temperatureC ?? -163.84,
    relativeHumidity: frame.humidityRatio === null ? 163.8375 : 100 * frame.humidityRatio,
    pressure: frame.pressurePa ?? 115_535,
    acceleration: [x, y, z],
    batteryVoltage: (frame.batteryMv ?? 3_647) / 1000,
    txPower: frame.txPowerDbm ?? 22,
    isMotionDetectedCycle: frame.movementCount ?? 255,
    txCycle: frame.sequence ?? 65_535,
    // The address is not read here; that it is where it should be, the reading of the library has shown.
    deviceIds: expected["deviceIds"],
  };
}

const hex4 = (value: number): string => value.toString(16).padStart(4, "0");

/** The library's product page stands in `uri`, except for Eddystone-URL, whose value it is. */
function withoutLabels(frame: BeaconFrame, expected: Words): Words {
  if (frame.format === "eddystone-url") return expected;
  const { uri: _, ...rest } = expected;
  return rest;
}

/** What leaves for the product: values that fit in must arrive, in our units, and no identifier of the device may. */
function judgeTelemetry(payload: Uint8Array, expected: Words | null): string | null {
  const own = readTelemetry(payload);
  const said = mergeTelemetry(own, createVendorTelemetry(SILENT_LOG).read(payload));
  if (expected === null) return said === null ? null : "telemetry: expected none";
  const wanted = wantedTelemetry(expected, own !== null);
  for (const [key, value] of Object.entries(wanted)) {
    const got = said?.[key as keyof TagTelemetry] ?? null;
    // Motion may be withheld where it is not the tag's own; said wrong it may not be.
    const isSaid = got !== null || !/^(isMoving|motionCount)$/.test(key);
    const found = value === null || !isSaid ? null : difference(value, got, `telemetry.${key}`);
    if (found !== null) return found;
  }
  const text = JSON.stringify(said ?? {});
  const ids = Array.isArray(expected["deviceIds"]) ? expected["deviceIds"] : [];
  const leaked = ids.some((id) => text.includes(String(id).split("/")[0] ?? ""));
  return leaked ? "telemetry holds an identifier of the device" : null;
}

/** Written anew here, apart from the product's own table; null = the vector demands nothing. */
function wantedTelemetry(expected: Words, isOwn: boolean): Partial<TagTelemetry> {
  const number = (key: string, from: number, to: number): number | null => {
    const value = expected[key];
    return typeof value === "number" && value >= from && value <= to ? value : null;
  };
  const any = (key: string): boolean | null => {
    const value = expected[key];
    return Array.isArray(value) ? value.some(Boolean) : null;
  };
  const motions = number("isMotionDetectedCycle", 0, 65_535);
  const percent = number("batteryPercentage", 0, 100);
  const volt = number("batteryVoltage", isOwn ? 0.001 : Number.MIN_VALUE, isOwn ? 3.646 : 15);
  return {
    batteryRatio: percent === null ? null : percent / 100,
    batteryMv: volt === null ? null : Math.round(1000 * volt),
    isMoving: any("isMotionDetected"),
    motionCount: motions === null ? null : Math.floor(motions),
    isPressed: any("isButtonPressed"),
    temperatureC: number("temperature", isOwn ? -127.9 : -100, isOwn ? 163.835 : 200),
  };
}
