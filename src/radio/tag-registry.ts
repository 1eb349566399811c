import type { BeaconIdentity, TagPlan } from "../core/site.ts";
import { type BeaconSpot, IDENTITY_BYTES, type IdentityFormat } from "./beacon.ts";
import { byteAt, bytesOfHex } from "./bytes.ts";

const SLOT_BYTES = 21;
const FORMAT_CODE: Readonly<Record<IdentityFormat, number>> = {
  ibeacon: 1,
  altbeacon: 2,
  "eddystone-uid": 3,
};

/** Which registered tag a beacon identity belongs to. Anything not found here is nobody. */
export interface TagRegistry {
  /** Registered tags, in the order of the plan; `indexOf` answers with a position in it. */
  readonly tags: readonly TagPlan[];
  /** Position of the tag whose identity stands at `spot` in the payload, or -1. Allocates nothing. */
  indexOf(payload: Uint8Array, spot: Readonly<BeaconSpot>): number;
}

/**
 * Builds the registry: identities as bytes in one flat array under an open-addressing hash table, so that a lookup
 * compares bytes in the packet itself and makes no text. Of two tags with one identity the first is kept.
 */
export function createTagRegistry(tags: readonly TagPlan[]): TagRegistry {
  const mask = tableSize(tags.length) - 1;
  const table = new Int32Array(mask + 1).fill(-1);
  const identities = new Uint8Array(tags.length * SLOT_BYTES);
  tags.forEach((tag, index) => {
    const bytes = identityBytes(tag.beacon);
    const code = FORMAT_CODE[tag.beacon.format];
    identities[index * SLOT_BYTES] = code;
    identities.set(bytes, index * SLOT_BYTES + 1);
    let slot = hashOf(code, bytes, 0, bytes.length) & mask;
    while ((table[slot] ?? -1) !== -1) {
      if (sameAt(identities, table[slot] ?? -1, code, bytes, 0, bytes.length)) return;
      slot = (slot + 1) & mask;
    }
    table[slot] = index;
  });
  return {
    tags,
    indexOf(payload, spot) {
      if (spot.format === "eddystone-tlm") return -1;
      const code = FORMAT_CODE[spot.format];
      const size = IDENTITY_BYTES[spot.format];
      let slot = hashOf(code, payload, spot.idFrom, size) & mask;
      for (let index = table[slot] ?? -1; index !== -1; index = table[slot] ?? -1) {
        if (sameAt(identities, index, code, payload, spot.idFrom, size)) return index;
        slot = (slot + 1) & mask;
      }
      return -1;
    },
  };
}

/** Power of two with at most half of the slots taken, so that a search is short and always ends. */
function tableSize(count: number): number {
  let size = 16;
  while (size < 2 * count) size *= 2;
  return size;
}

/** @source FNV-1a, 32 bits, Fowler, Noll, Vo. */
function hashOf(code: number, bytes: Uint8Array, from: number, size: number): number {
  let hash = Math.imul(0x811c9dc5 ^ code, 0x01000193);
  for (let i = 0; i < size; i += 1) hash = Math.imul(hash ^ byteAt(bytes, from + i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function sameAt(
  identities: Uint8Array,
  index: number,
  code: number,
  bytes: Uint8Array,
  from: number,
  size: number,
): boolean {
  const at = index * SLOT_BYTES;
  if (identities[at] !== code) return false;
  for (let i = 0; i < size; i += 1) if (identities[at + 1 + i] !== bytes[from + i]) return false;
  return true;
}

/** The bytes by which a registered identity is recognised on the air, in the order in which they are sent. Pure. */
export function identityBytes(beacon: BeaconIdentity): Uint8Array {
  switch (beacon.format) {
    case "ibeacon": {
      const bytes = new Uint8Array(20);
      bytes.set(bytesOfHex(beacon.uuid.replaceAll("-", "")) ?? [], 0);
      bytes.set([beacon.major >> 8, beacon.major & 255, beacon.minor >> 8, beacon.minor & 255], 16);
      return bytes;
    }
    case "altbeacon":
      return bytesOfHex(beacon.id) ?? new Uint8Array(20);
    case "eddystone-uid":
      return bytesOfHex(beacon.namespace + beacon.instance) ?? new Uint8Array(16);
  }
}
