import { AD_TYPE, adEnd } from "./ad-structures.ts";
import { byteAt, hexText, signedByteAt, uint16At, uint32At } from "./bytes.ts";

/** Formats that carry an identity of their own. */
export type IdentityFormat = "ibeacon" | "altbeacon" | "eddystone-uid";

/** Bytes of identity per format: iBeacon uuid 16 + major 2 + minor 2; AltBeacon id 20; Eddystone namespace 10 + instance 6. */
export const IDENTITY_BYTES: Readonly<Record<IdentityFormat, number>> = {
  ibeacon: 20,
  altbeacon: 20,
  "eddystone-uid": 16,
};

/** A beacon frame, decoded and typed. `txPower1mDbm` is the RSSI the maker states for 1 m distance. */
export type BeaconFrame =
  | {
      readonly format: "ibeacon";
      readonly uuid: string;
      readonly major: number;
      readonly minor: number;
      readonly txPower1mDbm: number;
    }
  | {
      readonly format: "altbeacon";
      readonly companyId: number;
      readonly id: string;
      readonly txPower1mDbm: number;
      /** Byte reserved for the maker; null when the frame stops before it. */
      readonly makerByte: number | null;
    }
  | {
      readonly format: "eddystone-uid";
      readonly namespace: string;
      readonly instance: string;
      readonly txPower0mDbm: number;
      readonly txPower1mDbm: number;
    }
  | {
      readonly format: "eddystone-tlm";
      /** Millivolt; null when the beacon does not measure it. */
      readonly batteryMv: number | null;
      /** Degrees Celsius; null when the beacon does not measure it. */
      readonly temperatureC: number | null;
      readonly advertisements: number;
      readonly uptimeMs: number;
    };

/**
 * Eddystone states its power at 0 m; the path loss of the first metre is 41 dB.
 * @source google/eddystone protocol-specification.md, Eddystone-UID, Tx Power.
 */
const EDDYSTONE_FIRST_METRE_DB = 41;

/**
 * Where a beacon's identity stands in a payload; filled by `nextBeacon`, reused by the caller. When `format` is
 * `eddystone-tlm` there is no identity, and `idFrom` is the start of the telemetry fields.
 */
export interface BeaconSpot {
  format: IdentityFormat | "eddystone-tlm";
  /** Offset of the first identity byte. */
  idFrom: number;
  /** Offset just past the AD structure. */
  to: number;
  /** Stated RSSI at 1 m, dBm; 0 for telemetry. */
  txPower1mDbm: number;
}

/** A spot to hand to `nextBeacon`. */
export const createBeaconSpot = (): BeaconSpot => ({
  format: "ibeacon",
  idFrom: 0,
  to: 0,
  txPower1mDbm: 0,
});

/**
 * Finds the next beacon frame at or after offset `at` (an AD boundary; start with 0) and fills `spot`. Returns the
 * offset to go on from, or -1 when there is no further beacon. Pure, allocates nothing, never throws.
 */
export function nextBeacon(payload: Uint8Array, at: number, spot: BeaconSpot): number {
  let from = at;
  for (let end = adEnd(payload, from); end > 0; end = adEnd(payload, from)) {
    const type = payload[from + 1];
    const found =
      type === AD_TYPE.manufacturer
        ? readManufacturer(payload, from + 2, end, spot)
        : type === AD_TYPE.serviceData16 && readEddystone(payload, from + 2, end, spot);
    if (found) return end;
    from = end;
  }
  return -1;
}

/** @source Apple, Proximity Beacon Specification R1; AltBeacon/spec 1.0 (the company id is the maker's own). */
function readManufacturer(p: Uint8Array, from: number, end: number, spot: BeaconSpot): boolean {
  if (end - from < 25) return false;
  const head = uint16At(p, from + 2);
  if (head === 0x0215 && p[from] === 0x4c && p[from + 1] === 0x00) spot.format = "ibeacon";
  else if (head === 0xbeac) spot.format = "altbeacon";
  else return false;
  spot.idFrom = from + 4;
  spot.to = end;
  spot.txPower1mDbm = signedByteAt(p, from + 24);
  return true;
}

/** A UID frame has 18 bytes, or 20 with the two reserved ones; plain telemetry is version 0. @source google/eddystone. */
function readEddystone(p: Uint8Array, from: number, end: number, spot: BeaconSpot): boolean {
  if (p[from] !== 0xaa || p[from + 1] !== 0xfe) return false;
  const kind = p[from + 2];
  if (kind === 0x00 && end - from >= 20) {
    spot.format = "eddystone-uid";
    spot.idFrom = from + 4;
    spot.txPower1mDbm = signedByteAt(p, from + 3) - EDDYSTONE_FIRST_METRE_DB;
  } else if (kind === 0x20 && p[from + 3] === 0x00 && end - from >= 16) {
    spot.format = "eddystone-tlm";
    spot.idFrom = from + 4;
    spot.txPower1mDbm = 0;
  } else return false;
  spot.to = end;
  return true;
}

/** All beacon frames of one payload, decoded. Allocates; for tools, tests and telemetry, not for every packet. */
export function decodeBeacons(payload: Uint8Array): readonly BeaconFrame[] {
  const frames: BeaconFrame[] = [];
  const spot = createBeaconSpot();
  for (let at = nextBeacon(payload, 0, spot); at > 0; at = nextBeacon(payload, at, spot))
    frames.push(frameAt(payload, spot));
  return frames;
}

function frameAt(p: Uint8Array, spot: Readonly<BeaconSpot>): BeaconFrame {
  const { idFrom, txPower1mDbm } = spot;
  switch (spot.format) {
    case "ibeacon":
      return {
        format: "ibeacon",
        uuid: uuidText(p, idFrom),
        major: uint16At(p, idFrom + 16),
        minor: uint16At(p, idFrom + 18),
        txPower1mDbm,
      };
    case "altbeacon":
      return {
        format: "altbeacon",
        companyId: byteAt(p, idFrom - 4) | (byteAt(p, idFrom - 3) << 8),
        id: hexText(p, idFrom, idFrom + 20),
        txPower1mDbm,
        makerByte: idFrom + 21 < spot.to ? byteAt(p, idFrom + 21) : null,
      };
    case "eddystone-uid":
      return {
        format: "eddystone-uid",
        namespace: hexText(p, idFrom, idFrom + 10),
        instance: hexText(p, idFrom + 10, idFrom + 16),
        txPower0mDbm: txPower1mDbm + EDDYSTONE_FIRST_METRE_DB,
        txPower1mDbm,
      };
    case "eddystone-tlm":
      return telemetryAt(p, idFrom);
  }
}

/** Battery 0 and temperature 0x8000 mean "not measured"; temperature is signed 8.8 fixed point, uptime counts 0.1 s. */
function telemetryAt(p: Uint8Array, from: number): BeaconFrame {
  const batteryMv = uint16At(p, from);
  const fixed = uint16At(p, from + 2);
  return {
    format: "eddystone-tlm",
    batteryMv: batteryMv === 0 ? null : batteryMv,
    temperatureC: fixed === 0x8000 ? null : ((fixed << 16) >> 16) / 256,
    advertisements: uint32At(p, from + 4),
    uptimeMs: uint32At(p, from + 8) * 100,
  };
}

function uuidText(p: Uint8Array, from: number): string {
  const cuts = [0, 4, 6, 8, 10, 16];
  const parts: string[] = [];
  for (let i = 0; i + 1 < cuts.length; i += 1)
    parts.push(hexText(p, from + (cuts[i] ?? 0), from + (cuts[i + 1] ?? 0)));
  return parts.join("-");
}
