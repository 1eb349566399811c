import { createCipheriv, createHmac, hkdfSync } from "node:crypto";
import type { EpochMs } from "../core/brand.ts";

/**
 * The cryptography of rotating beacon identifiers. All functions are pure and of constant memory: keys and results are
 * bytes, nothing is cached, logged or kept, and derived keys are overwritten before the return. Wrong lengths are bugs
 * of the caller and throw a RangeError.
 */

const KEY_BYTES = 16;

/**
 * Random address hash: 3 bytes, from an identity resolving key (16 bytes) and the random part of an address (3 bytes),
 * both most significant byte first.
 * @source Bluetooth Core 5.4, Vol 3 Part H, 2.2.2
 */
export function ah(irk: Uint8Array, prand: Uint8Array): Uint8Array {
  wantBytes("irk", irk, KEY_BYTES);
  wantBytes("prand", prand, 3);
  const block = new Uint8Array(16);
  block.set(prand, 13);
  return encryptBlock(irk, block).slice(13);
}

/**
 * Whether a resolvable private address (6 bytes as in print, most significant first) was made with this key. False for
 * every other kind of address. A stranger's address resolves by chance once in 16.7 million.
 * @source Bluetooth Core 5.4, Vol 6 Part B, 1.3.2.3
 */
export function resolves(irk: Uint8Array, address: Uint8Array): boolean {
  wantBytes("address", address, 6);
  if ((address[0] ?? 0) >> 6 !== 0b01) return false;
  const hash = ah(irk, address.subarray(0, 3));
  return hash.every((byte, i) => byte === address[3 + i]);
}

/**
 * Eddystone ephemeral identifier, 8 bytes. `identityKey`: 16 bytes. `timeCounter`: seconds of the beacon's own clock,
 * unsigned 32 bits. `rotation`: 0..15; the identifier changes every 2^rotation seconds.
 * @source google/eddystone, eddystone-eid/eid-computation.md
 */
export function eddystoneEid(
  identityKey: Uint8Array,
  timeCounter: number,
  rotation: number,
): Uint8Array {
  wantBytes("identity key", identityKey, KEY_BYTES);
  wantInteger("time counter", timeCounter, 0xffff_ffff);
  wantInteger("rotation", rotation, 15);
  const salted = new Uint8Array(16);
  salted[11] = 0xff;
  new DataView(salted.buffer).setUint16(14, Math.floor(timeCounter / 65_536));
  const temporaryKey = encryptBlock(identityKey, salted);
  const period = 2 ** rotation;
  const counted = new Uint8Array(16);
  counted[11] = rotation;
  new DataView(counted.buffer).setUint32(12, Math.floor(timeCounter / period) * period);
  const eid = encryptBlock(temporaryKey, counted).slice(0, 8);
  temporaryKey.fill(0);
  return eid;
}

/**
 * Rolling proximity identifier key, 16 bytes, of a temporary exposure key (16 bytes).
 * @source Apple and Google, Exposure Notification Cryptography Specification 1.2
 */
export function exposureKey(temporaryExposureKey: Uint8Array): Uint8Array {
  wantBytes("temporary exposure key", temporaryExposureKey, KEY_BYTES);
  const info = new TextEncoder().encode("EN-RPIK");
  return new Uint8Array(
    hkdfSync("sha256", temporaryExposureKey, new Uint8Array(0), info, KEY_BYTES),
  );
}

/**
 * Rolling proximity identifier, 16 bytes, in interval number `interval` (ten minutes since 1970, unsigned 32 bits).
 * @source as `exposureKey`
 */
export function exposureIdentifier(key: Uint8Array, interval: number): Uint8Array {
  wantBytes("rolling proximity identifier key", key, KEY_BYTES);
  wantInteger("interval", interval, 0xffff_ffff);
  const padded = new Uint8Array(16);
  padded.set(new TextEncoder().encode("EN-RPI"));
  new DataView(padded.buffer).setUint32(12, interval, true);
  return encryptBlock(key, padded);
}

/** Length of one epoch of loyalty identifiers. */
export const LOYALTY_EPOCH_MS = 900_000;

/** The epoch that a wall-clock instant lies in: quarters of an hour since 1970. */
export const loyaltyEpoch = (at: EpochMs): number => Math.floor(at / LOYALTY_EPOCH_MS);

/** What a loyalty identifier is made of besides the member's key. */
export interface LoyaltyIdTerms {
  /** Version of the frame, 0..255 (see radio/formats/loyalty.ts). */
  readonly version: number;
  /** Id of the group of stores, 1..64 bytes of UTF-8: another group makes other identifiers of the same key. */
  readonly storeGroup: string;
  /** Unsigned 32 bits. */
  readonly epoch: number;
  /** Bytes that go on the air: 10, or 8 in the short form, which is the beginning of the long one. */
  readonly size: 8 | 10;
}

/**
 * Loyalty identifier of a member in one epoch: the beginning of HMAC-SHA256 under the member's key (16 bytes) over
 * "ISTG-RID", version, store group and epoch. The fields around the group have fixed lengths, so no two different sets
 * of terms give the same text.
 * @source notes/radio.md 6.3
 */
export function loyaltyId(memberKey: Uint8Array, terms: LoyaltyIdTerms): Uint8Array {
  const id = new Uint8Array(terms.size);
  loyaltyIdMaker(terms)(memberKey, id, 0);
  return id;
}

/** Writes the identifier of a member's key (16 bytes) into `into` from `at` on. */
export type LoyaltyIdMaker = (memberKey: Uint8Array, into: Uint8Array, at: number) => void;

/** As `loyaltyId` for many members of one epoch: what is the same for all of them is made once. */
export function loyaltyIdMaker({
  version,
  storeGroup,
  epoch,
  size,
}: LoyaltyIdTerms): LoyaltyIdMaker {
  wantInteger("version", version, 0xff);
  wantInteger("epoch", epoch, 0xffff_ffff);
  const group = new TextEncoder().encode(storeGroup);
  if (group.length < 1 || group.length > 64) throw new RangeError("store group: 1 to 64 bytes");
  const label = new TextEncoder().encode("ISTG-RID");
  const text = new Uint8Array(label.length + 1 + group.length + 4);
  text.set(label);
  text[label.length] = version;
  text.set(group, label.length + 1);
  new DataView(text.buffer).setUint32(text.length - 4, epoch);
  return (memberKey, into, at) => {
    wantBytes("member key", memberKey, KEY_BYTES);
    // One character per byte: half the time of a digest as a buffer of its own.
    const digest = createHmac("sha256", memberKey).update(text).digest("binary");
    for (let i = 0; i < size; i += 1) into[at + i] = digest.charCodeAt(i);
  };
}

/** AES-128 of one block of 16 bytes. */
function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return new Uint8Array(cipher.update(block));
}

function wantBytes(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${what}: ${length} bytes`);
}

function wantInteger(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new RangeError(`${what}: a whole number from 0 to ${max}`);
}
