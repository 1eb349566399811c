import { AD_TYPE, adEnd } from "../ad-structures.ts";
import { byteAt, signedByteAt } from "../bytes.ts";
import { EDDYSTONE_FIRST_METRE_DB, EDDYSTONE_UUID, eddystoneFormat } from "../formats/eddystone.ts";
import {
  createLoyaltySpot,
  fillLoyaltySpot,
  LOYALTY_UUIDS,
  type LoyaltyUuids,
} from "../formats/loyalty.ts";
import { serviceUuidBytes, shortServiceUuid } from "../formats/service-uuid.ts";

/**
 * What may be a member's identifier: where it stands, and what its sender says of its power. Filled by `MemberIds`,
 * which reuses it; only valid until the next search.
 */
export interface MemberIdSpot {
  /** The payload, or a copy where the identifier was sent backwards. */
  bytes: Uint8Array;
  from: number;
  /** 10, or 8 in the short form and of a tag or card. */
  size: number;
  /** `rid`: an app's, of the wall clock's epoch. `eid`: an Eddystone-EID tag's or card's, of its own clock. */
  kind: "rid" | "eid";
  /** As the frame states it; where it states none, what a phone is heard with at one metre. */
  txPower1mDbm: number;
}

/** Bytes of our UUID that stand before the identifier in a service UUID of an iPhone. */
const PREFIX_BYTES = 6;
const UUID_BYTES = 16;
const RID_BYTES = 10;
const EID_BYTES = 8;
/** A phone that cannot say; the usual level of a phone that advertises with medium power. */
const PHONE_POWER_1M_DBM = -59;

/**
 * Finds identifiers that may be a member's in payloads: loyalty frames under either UUID, service UUIDs that an app of an
 * iPhone can advertise (the first six bytes of our UUID, then the identifier), and Eddystone-EID frames. Most are of
 * strangers; what they mean, only who has the tables can tell. One search after another: nothing is allocated.
 */
export class MemberIds {
  readonly #uuids: LoyaltyUuids;
  readonly #found = createLoyaltySpot();
  readonly #turned = new Uint8Array(RID_BYTES);
  readonly spot: MemberIdSpot;

  constructor(uuids: LoyaltyUuids = LOYALTY_UUIDS) {
    this.#uuids = uuids;
    this.spot = { bytes: this.#turned, from: 0, size: 0, kind: "rid", txPower1mDbm: 0 };
  }

  /**
   * Finds the first one at or after offset `at` (an AD boundary; start with 0) and fills `spot`. Returns the offset to
   * go on from, or -1 when there is none. Of a list of service UUIDs the first that fits is found. Never throws.
   */
  next(payload: Uint8Array, at: number): number {
    let from = at;
    for (let end = adEnd(payload, from); end > 0; end = adEnd(payload, from)) {
      if (this.#fill(payload, payload[from + 1], from + 2, end)) return end;
      from = end;
    }
    return -1;
  }

  #fill(p: Uint8Array, type: number | undefined, from: number, end: number): boolean {
    switch (type) {
      case AD_TYPE.serviceData16:
      case AD_TYPE.serviceData32:
      case AD_TYPE.serviceData128:
        return this.#fillFrame(p, type, from, end) || this.#fillEid(p, type, from, end);
      case AD_TYPE.uuids128:
      case AD_TYPE.uuids128More:
        return this.#fillUuid(p, from, end);
      default:
        return false;
    }
  }

  #fillFrame(p: Uint8Array, type: number, from: number, end: number): boolean {
    const found = this.#found;
    if (!fillLoyaltySpot(p, type, from, end, found, this.#uuids)) return false;
    this.#set(p, found.ridFrom, found.ridBytes, "rid", found.txPower1mDbm);
    return true;
  }

  #fillEid(p: Uint8Array, type: number, from: number, end: number): boolean {
    if (shortServiceUuid(p, type, from, end) !== EDDYSTONE_UUID) return false;
    const at = from + serviceUuidBytes(type);
    if (eddystoneFormat(p, at, end) !== "eddystone-eid") return false;
    const powerDbm = signedByteAt(p, at + 1) - EDDYSTONE_FIRST_METRE_DB;
    this.#set(p, at + 2, EID_BYTES, "eid", powerDbm);
    return true;
  }

  /** UUIDs are sent least significant byte first: the identifier stands before our bytes, backwards. */
  #fillUuid(p: Uint8Array, from: number, end: number): boolean {
    for (let at = from; at + UUID_BYTES <= end; at += UUID_BYTES) {
      if (!this.#isOurs(p, at + RID_BYTES)) continue;
      for (let i = 0; i < RID_BYTES; i += 1) this.#turned[i] = byteAt(p, at + RID_BYTES - 1 - i);
      this.#set(this.#turned, 0, RID_BYTES, "rid", PHONE_POWER_1M_DBM);
      return true;
    }
    return false;
  }

  #isOurs(p: Uint8Array, at: number): boolean {
    const { uuid128 } = this.#uuids;
    for (let i = 0; i < PREFIX_BYTES; i += 1)
      if (p[at + i] !== uuid128[RID_BYTES + i]) return false;
    return true;
  }

  #set(
    bytes: Uint8Array,
    from: number,
    size: number,
    kind: MemberIdSpot["kind"],
    txPower1mDbm: number,
  ): void {
    const { spot } = this;
    spot.bytes = bytes;
    spot.from = from;
    spot.size = size;
    spot.kind = kind;
    spot.txPower1mDbm = txPower1mDbm;
  }
}
