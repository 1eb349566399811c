import type { BeaconFrame } from "../../src/radio/beacon.ts";
import { decodeBeacons } from "../../src/radio/beacon.ts";
import { readGap } from "../../src/radio/formats/gap.ts";
import { readTelemetry } from "../../src/radio/formats/telemetry.ts";
import { countWithheld, createWithheldCounts } from "../../src/radio/formats/withheld.ts";
import {
  type AdvertOutcome,
  difference,
  differenceIn,
  hexBytes,
  isRecord,
  judged,
  toHex,
} from "./advert-case.ts";

/** One case of altbeacon.json. */
export interface BeaconVector {
  readonly name: string;
  readonly ad: string;
  readonly expected: Readonly<Record<string, unknown>> | null;
}

type Words = Readonly<Record<string, unknown>>;
const APPLE = 0x4c;
const OVERFLOW_TYPE = 0x01;

/** Decodes every payload and compares each expected value with the frame of that format. */
export function judgeBeacons(vectors: readonly BeaconVector[]): readonly AdvertOutcome[] {
  return vectors.map(({ name, ad, expected }) => {
    const payload = hexBytes(ad);
    if (payload === null) return judged(name, "not hexadecimal");
    if (expected === null) return judged(name, difference([], decodeBeacons(payload), "frames"));
    if (expected["format"] === "apple-overflow")
      return judged(name, judgeOverflow(payload, expected));
    const words = decodeBeacons(payload).map(inTheirWords);
    const frame = words.find(({ format }) => format === expected["format"]);
    if (frame === undefined) return judged(name, `no ${String(expected["format"])} frame`);
    return judged(name, differenceIn(expected, frame));
  });
}

/** A frame under the names that recorded expectations use. Pure. */
function inTheirWords(frame: BeaconFrame): Words {
  switch (frame.format) {
    case "ibeacon": {
      const { format, uuid, major, minor, txPower1mDbm } = frame;
      const ids = { id1: uuid, id2: major, id3: minor };
      return { format, uuid, major, minor, ...ids, company: APPLE, txPower: txPower1mDbm };
    }
    case "altbeacon":
      return {
        format: frame.format,
        company: frame.companyId,
        id1: frame.id.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
        id2: Number.parseInt(frame.id.slice(32, 36), 16),
        id3: Number.parseInt(frame.id.slice(36), 16),
        txPower: frame.txPower1mDbm,
        mfgReserved: frame.makerByte,
      };
    case "eddystone-uid":
    case "eddystone-url":
    case "eddystone-eid": {
      const { txPower0mDbm, txPower1mDbm, ...rest } = frame;
      const power = { txPowerAt0m: txPower0mDbm, txPowerAt1m: txPower1mDbm };
      const ids = { id1: frame.format === "eddystone-uid" ? frame.namespace : undefined };
      return { ...rest, ...power, txPower: txPower1mDbm, ...ids };
    }
    case "eddystone-tlm":
      return {
        ...frame,
        batteryMilliVolts: frame.batteryMv,
        temperature: frame.temperatureC,
        advertisingCount: frame.advertisements,
        uptimeSeconds: frame.uptimeMs / 1000,
      };
    default:
      return { ...frame };
  }
}

/**
 * What an iPhone says: it must be recognised, nothing of it may be decoded, and the raw fields that tools see have to be
 * those of the vector: both structures of the company, the bits, the power.
 */
function judgeOverflow(payload: Uint8Array, expected: Words): string | null {
  const counts = createWithheldCounts();
  countWithheld(payload, counts);
  const { manufacturerData, txPowerDbm } = readGap([payload]);
  const apple = manufacturerData.filter(({ companyId }) => companyId === APPLE);
  const overflow = apple.find(({ data }) => data[0] === OVERFLOW_TYPE);
  const seen = {
    format: overflow === undefined ? null : "apple-overflow",
    overflow_bitmask: overflow === undefined ? null : toHex(overflow.data.subarray(1)),
    txPowerField: txPowerDbm,
    // Free text in the vectors; the types it names are the first bytes of the structures.
    also: expected["also"],
  };
  if (counts["apple-continuity"] + counts["find-my"] !== apple.length)
    return `withheld ${JSON.stringify(counts)} of ${apple.length} structures`;
  if (decodeBeacons(payload).length > 0 || readTelemetry(payload) !== null)
    return "something of a phone was decoded";
  return (
    difference(typesNamed(expected["also"]), typesIn(apple, expected["also"]), "also") ??
    differenceIn(expected, seen)
  );
}

const typesNamed = (text: unknown): readonly number[] =>
  typeof text === "string" ? [...text.matchAll(/0x([0-9a-f]{2})\b/g)].map((m) => Number(m[0])) : [];

/** The named types that do begin a continuity message in one of the structures. */
function typesIn(apple: readonly { data: Uint8Array }[], text: unknown): readonly number[] {
  const begun = new Set(apple.flatMap(({ data }) => messageTypes(data)));
  return typesNamed(text).filter((type) => begun.has(type));
}

/** Continuity messages follow each other as type, length, value. */
function messageTypes(data: Uint8Array): number[] {
  const types: number[] = [];
  for (let at = 0; at + 1 < data.length; at += 2 + (data[at + 1] ?? 0)) types.push(data[at] ?? 0);
  return types;
}

/** Whether this is a list of such vectors. Pure. */
export const areBeaconVectors = (vectors: readonly unknown[]): boolean =>
  vectors.every((v) => isRecord(v) && typeof v["ad"] === "string" && "expected" in v);
