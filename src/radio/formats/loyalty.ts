import { AD_TYPE, adEnd } from "../ad-structures.ts";
import { byteAt, bytesOfHex, hexText, signedByteAt } from "../bytes.ts";

/** Service UUIDs under which loyalty identifiers are sent. */
export interface LoyaltyUuids {
  /** A UUID assigned by the Bluetooth SIG; null as long as none is. */
  readonly uuid16: number | null;
  /** Our own, sixteen bytes in the order in which they are sent (least significant first). */
  readonly uuid128: Uint8Array;
}

/** Our own UUID, drawn at random for this frame; apps of members advertise under it. */
export const LOYALTY_UUID = "c0657936-31ee-42e5-8553-2aa04bc4e199";

/** What is read unless a SIG-assigned UUID is configured. */
export const LOYALTY_UUIDS: LoyaltyUuids = {
  uuid16: null,
  uuid128: (bytesOfHex(LOYALTY_UUID.replaceAll("-", "")) ?? new Uint8Array(16)).reverse(),
};

/** Version of the frame, in the upper half of its first byte; the lower half is the length of the identifier. */
export const LOYALTY_VERSION = 1;
/** First byte of the form under a 16-bit UUID: ten bytes of identifier, and a tag of two behind the power. */
const WITH_TAG = (LOYALTY_VERSION << 4) | 10;
/** First byte of the form under a 128-bit UUID: eight bytes of identifier, no tag. */
const SHORT = (LOYALTY_VERSION << 4) | 8;
const TAG_BYTES = 2;

/** A loyalty identifier, which means something only to who has the table of the present epoch. */
export interface LoyaltyFrame {
  readonly format: "loyalty";
  readonly version: number;
  /** Ten bytes, or eight in the short form. */
  readonly rid: string;
  readonly txPower1mDbm: number;
  /** For cheap sorting out before the lookup; null in the short form. */
  readonly tag: string | null;
}

/** Where a loyalty identifier stands in a payload; filled by `nextLoyalty`, reused by the caller. */
export interface LoyaltySpot {
  ridFrom: number;
  /** 10, or 8 in the short form. */
  ridBytes: number;
  txPower1mDbm: number;
}

/** A spot to hand to `nextLoyalty`. */
export const createLoyaltySpot = (): LoyaltySpot => ({ ridFrom: 0, ridBytes: 0, txPower1mDbm: 0 });

/**
 * Finds the next loyalty identifier at or after offset `at` (an AD boundary; start with 0) and fills `spot`. Returns the
 * offset to go on from, or -1. The layouts are `ver | rid 10 | power | tag 2` under the 16-bit UUID and
 * `ver | rid 8 | power` under the 128-bit one; any other length or version is none. Allocates nothing, never throws.
 */
export function nextLoyalty(
  payload: Uint8Array,
  at: number,
  spot: LoyaltySpot,
  uuids: LoyaltyUuids,
): number {
  let from = at;
  for (let end = adEnd(payload, from); end > 0; end = adEnd(payload, from)) {
    if (fillLoyaltySpot(payload, payload[from + 1], from + 2, end, spot, uuids)) return end;
    from = end;
  }
  return -1;
}

/** Fills `spot` when the AD structure with the value `[from, end)` is a loyalty frame. Allocates nothing. */
export function fillLoyaltySpot(
  p: Uint8Array,
  adType: number | undefined,
  from: number,
  end: number,
  spot: LoyaltySpot,
  uuids: LoyaltyUuids,
): boolean {
  let at: number;
  let version: number;
  if (adType === AD_TYPE.serviceData16) {
    if ((byteAt(p, from) | (byteAt(p, from + 1) << 8)) !== uuids.uuid16) return false;
    at = from + 2;
    version = WITH_TAG;
  } else if (adType === AD_TYPE.serviceData128) {
    if (end - from < 16) return false;
    for (let i = 0; i < 16; i += 1) if (p[from + i] !== uuids.uuid128[i]) return false;
    at = from + 16;
    version = SHORT;
  } else return false;
  const ridBytes = version & 0x0f;
  const size = 2 + ridBytes + (version === WITH_TAG ? TAG_BYTES : 0);
  if (p[at] !== version || end - at !== size) return false;
  spot.ridFrom = at + 1;
  spot.ridBytes = ridBytes;
  spot.txPower1mDbm = signedByteAt(p, at + 1 + ridBytes);
  return true;
}

/** The loyalty frame in the AD structure with the value `[from, end)`, or null. Pure, never throws. */
export function readLoyalty(
  p: Uint8Array,
  adType: number | undefined,
  from: number,
  end: number,
  uuids: LoyaltyUuids,
): LoyaltyFrame | null {
  const spot = createLoyaltySpot();
  if (!fillLoyaltySpot(p, adType, from, end, spot, uuids)) return null;
  const ridEnd = spot.ridFrom + spot.ridBytes;
  return {
    format: "loyalty",
    version: LOYALTY_VERSION,
    rid: hexText(p, spot.ridFrom, ridEnd),
    txPower1mDbm: spot.txPower1mDbm,
    tag: spot.ridBytes === 10 ? hexText(p, ridEnd + 1, ridEnd + 1 + TAG_BYTES) : null,
  };
}
