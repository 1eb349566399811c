import { AD_TYPE, adEnd } from "./ad-structures.ts";
import { signedByteAt } from "./bytes.ts";
import {
  EDDYSTONE_FIRST_METRE_DB,
  EDDYSTONE_UUID,
  type EddystoneFrame,
  eddystoneFormat,
  readEddystone,
} from "./formats/eddystone.ts";
import {
  LOYALTY_UUIDS,
  type LoyaltyFrame,
  type LoyaltyUuids,
  readLoyalty,
} from "./formats/loyalty.ts";
import {
  type AltbeaconFrame,
  type IbeaconFrame,
  PROXIMITY_ID_AT,
  PROXIMITY_POWER_AT,
  proximityFormat,
  readProximity,
} from "./formats/proximity.ts";
import { type Ruuvi3Frame, type Ruuvi5Frame, readRuuvi } from "./formats/ruuvi.ts";
import { serviceUuidBytes, shortServiceUuid } from "./formats/service-uuid.ts";

/** Formats that carry an identity of their own by which a tag may be registered. */
export type IdentityFormat = "ibeacon" | "altbeacon" | "eddystone-uid";

/** Bytes of identity per format: iBeacon uuid 16 + major 2 + minor 2; AltBeacon id 20; Eddystone namespace 10 + instance 6. */
export const IDENTITY_BYTES: Readonly<Record<IdentityFormat, number>> = {
  ibeacon: 20,
  altbeacon: 20,
  "eddystone-uid": 16,
};

/** A beacon frame, decoded and typed. */
export type BeaconFrame =
  | IbeaconFrame
  | AltbeaconFrame
  | EddystoneFrame
  | Ruuvi3Frame
  | Ruuvi5Frame
  | LoyaltyFrame;

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
 * Finds the next frame of a format by which tags are registered, or of plain telemetry, at or after offset `at` (an AD
 * boundary; start with 0) and fills `spot`. Returns the offset to go on from, or -1 when there is no further one. All
 * other formats are passed over here: they cost a tag nothing. Pure, allocates nothing, never throws.
 */
export function nextBeacon(payload: Uint8Array, at: number, spot: BeaconSpot): number {
  let from = at;
  for (let end = adEnd(payload, from); end > 0; end = adEnd(payload, from)) {
    const found = spotAt(payload, payload[from + 1], from + 2, end, spot);
    if (found) return end;
    from = end;
  }
  return -1;
}

/** Most structures are neither: they are passed over by their type alone, and service data of 16 bits by two bytes. */
function spotAt(
  p: Uint8Array,
  adType: number | undefined,
  from: number,
  end: number,
  spot: BeaconSpot,
): boolean {
  switch (adType) {
    case AD_TYPE.manufacturer:
      return spotProximity(p, from, end, spot);
    case AD_TYPE.serviceData16:
      return p[from] === 0xaa && p[from + 1] === 0xfe && spotEddystone(p, from + 2, end, spot);
    case AD_TYPE.serviceData32:
    case AD_TYPE.serviceData128:
      return (
        shortServiceUuid(p, adType, from, end) === EDDYSTONE_UUID &&
        spotEddystone(p, from + serviceUuidBytes(adType), end, spot)
      );
    default:
      return false;
  }
}

function spotProximity(p: Uint8Array, from: number, end: number, spot: BeaconSpot): boolean {
  const format = proximityFormat(p, from, end);
  if (format === null) return false;
  spot.format = format;
  spot.idFrom = from + PROXIMITY_ID_AT;
  spot.to = end;
  spot.txPower1mDbm = signedByteAt(p, from + PROXIMITY_POWER_AT);
  return true;
}

function spotEddystone(p: Uint8Array, at: number, end: number, spot: BeaconSpot): boolean {
  const format = eddystoneFormat(p, at, end);
  if (format !== "eddystone-uid" && format !== "eddystone-tlm") return false;
  spot.format = format;
  spot.idFrom = at + 2;
  spot.to = end;
  spot.txPower1mDbm =
    format === "eddystone-uid" ? signedByteAt(p, at + 1) - EDDYSTONE_FIRST_METRE_DB : 0;
  return true;
}

/**
 * All beacon frames of one payload, decoded, in the order of their AD structures: several manufacturer structures in one
 * payload are all seen. What phones say to each other is not among them (`formats/withheld.ts`). Allocates; for tools,
 * tests and telemetry, not for every packet. Never throws.
 */
export function decodeBeacons(
  payload: Uint8Array,
  loyalty: LoyaltyUuids = LOYALTY_UUIDS,
): readonly BeaconFrame[] {
  const frames: BeaconFrame[] = [];
  for (let at = 0, end = adEnd(payload, 0); end > 0; at = end, end = adEnd(payload, at)) {
    const frame = frameAt(payload, at, end, loyalty);
    if (frame !== null) frames.push(frame);
  }
  return frames;
}

function frameAt(
  p: Uint8Array,
  at: number,
  end: number,
  loyalty: LoyaltyUuids,
): BeaconFrame | null {
  const type = p[at + 1];
  const from = at + 2;
  if (type === AD_TYPE.manufacturer) return readProximity(p, from, end) ?? readRuuvi(p, from, end);
  if (shortServiceUuid(p, type, from, end) === EDDYSTONE_UUID)
    return readEddystone(p, from + serviceUuidBytes(type), end);
  return readLoyalty(p, type, from, end, loyalty);
}
