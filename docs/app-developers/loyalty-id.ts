/**
 * Rotating identifiers of a loyalty programme, for apps: what a member's phone has to send so that a Vitrine gateway can
 * recognise her, and nobody else can. One file without dependencies; needs Web Crypto (`crypto.subtle`), as every
 * browser, Node 20, Deno, Bun and the web views and script engines of phones have it. Page: docs/app-developers.md.
 *
 * An identifier is good for a quarter of an hour. Change it on time, and change the radio address together with it.
 */

/** Length of one epoch. */
export const EPOCH_MS = 900_000;
/** Service UUID of the short frame; its first six bytes begin the service UUID of an iPhone. */
export const SERVICE_UUID = "c0657936-31ee-42e5-8553-2aa04bc4e199";
/** Version of the frame. */
export const VERSION = 1;

const LABEL = "ISTG-RID";
const FLAGS = [0x02, 0x01, 0x06] as const;
const SERVICE_DATA_16 = 0x16;
const SERVICE_DATA_128 = 0x21;

/** The epoch of an instant, milliseconds since 1970: quarters of an hour. */
export const epochOf = (unixMs: number): number => Math.floor(unixMs / EPOCH_MS);

/** Milliseconds until the identifier has to change. */
export const changesInMs = (unixMs: number): number => EPOCH_MS - (unixMs % EPOCH_MS);

/**
 * The member's identifier in an epoch, ten bytes. `memberKey`: the sixteen bytes that the programme gave this member's
 * app, and nobody else. `storeGroup`: the id of the group of stores, as the programme names it.
 * @throws RangeError for a key of another length, a group that is not 1 to 64 bytes, or an epoch outside 32 bits
 */
export async function loyaltyId(
  memberKey: Uint8Array<ArrayBuffer>,
  storeGroup: string,
  epoch: number,
): Promise<Uint8Array> {
  const group = new TextEncoder().encode(storeGroup);
  if (memberKey.length !== 16) throw new RangeError("member key: 16 bytes");
  if (group.length < 1 || group.length > 64) throw new RangeError("store group: 1 to 64 bytes");
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > 0xffff_ffff)
    throw new RangeError("epoch: 0 to 4294967295");
  const text = new Uint8Array(LABEL.length + 1 + group.length + 4);
  text.set(new TextEncoder().encode(LABEL));
  text[LABEL.length] = VERSION;
  text.set(group, LABEL.length + 1);
  new DataView(text.buffer).setUint32(text.length - 4, epoch);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", memberKey, algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, text);
  return new Uint8Array(mac, 0, 10).slice();
}

/**
 * Advertising data of the short form, 31 bytes: flags, then service data under our own 128-bit UUID. Of the identifier
 * the first eight bytes go on the air. `txPower1mDbm`: the level with which a phone one metre away hears this one,
 * -128..127; -59 is usual.
 */
export function shortAdvertisement(id: Uint8Array, txPower1mDbm: number): Uint8Array {
  const data = [(VERSION << 4) | 8, ...id.subarray(0, 8), txPower1mDbm & 0xff];
  return structure(SERVICE_DATA_128, [...uuidBytes(SERVICE_UUID).reverse(), ...data]);
}

/**
 * Advertising data of the long form, 21 bytes: flags, then service data under a 16-bit UUID that the Bluetooth SIG
 * assigned to the programme. `tag` may be two bytes for cheap sorting out; apps leave them zero.
 */
export function longAdvertisement(
  id: Uint8Array,
  uuid16: number,
  txPower1mDbm: number,
  tag: readonly [number, number] = [0, 0],
): Uint8Array {
  const data = [(VERSION << 4) | 10, ...id.subarray(0, 10), txPower1mDbm & 0xff, ...tag];
  return structure(SERVICE_DATA_16, [uuid16 & 0xff, uuid16 >> 8, ...data]);
}

/**
 * Value of the service data alone, for systems that write UUID and length themselves (Android's `addServiceData`):
 * eight bytes of the identifier under `SERVICE_UUID`.
 */
export const shortServiceData = (id: Uint8Array, txPower1mDbm: number): Uint8Array =>
  Uint8Array.of((VERSION << 4) | 8, ...id.subarray(0, 8), txPower1mDbm & 0xff);

/**
 * The service UUID that an app of an iPhone advertises while it is in the foreground: iOS sends no service data, but
 * UUIDs. Six bytes are ours, ten the identifier.
 */
export function serviceUuidOf(id: Uint8Array): string {
  const bytes = [...uuidBytes(SERVICE_UUID).slice(0, 6), ...id.subarray(0, 10)];
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [0, 8, 12, 16, 20].map((from, i) => hex.slice(from, [8, 12, 16, 20, 32][i])).join("-");
}

function structure(type: number, value: readonly number[]): Uint8Array {
  return Uint8Array.of(...FLAGS, value.length + 1, type, ...value);
}

const uuidBytes = (uuid: string): number[] =>
  (uuid.replaceAll("-", "").match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
