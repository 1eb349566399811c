import { AD_TYPE, adEnd } from "../ad-structures.ts";
import { byteAt, hexText, signedByteAt } from "../bytes.ts";
import { uuidText } from "./proximity.ts";
import { serviceUuidBytes } from "./service-uuid.ts";

/**
 * What the AD structures of an advert and its scan response say, in the words of the Generic Access Profile. For tools,
 * recordings and evaluations: on the way of every packet nothing of this is made. It holds what phones send, too, so
 * it is neither kept nor published.
 */
export interface GapFields {
  /** The complete name, else the shortened one. Bytes that are not UTF-8 become U+FFFD. */
  readonly localName: string | null;
  /** Lists of 16, 32 and 128-bit UUIDs in the order in which they are sent, all as 128-bit text. */
  readonly serviceUuids: readonly string[];
  readonly serviceData: readonly { readonly uuid: string; readonly data: Uint8Array }[];
  /** `data` is without the two bytes of the company. */
  readonly manufacturerData: readonly { readonly companyId: number; readonly data: Uint8Array }[];
  readonly txPowerDbm: number | null;
  readonly flags: number | null;
  readonly appearance: number | null;
  /** With its scheme when that is http, https or in the text itself; null for other schemes. */
  readonly uri: string | null;
}

type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K];
};

const BASE_TAIL = "-0000-1000-8000-00805f9b34fb";
const LIST_UUID_BYTES = [0, 0, 2, 2, 4, 4, 16, 16];
const TYPE = { shortName: 0x08, name: 0x09, txPower: 0x0a, appearance: 0x19, uri: 0x24 } as const;
/** @source Bluetooth Assigned Numbers, 2.7 URI schemes */
const URI_SCHEMES: Readonly<Record<number, string>> = { 1: "", 22: "http:", 23: "https:" };

/**
 * Reads all payloads of one device together (advert, scan response). Everything before a fault is kept, a cut structure
 * and a length that does not fit its type are passed over, repeated types all appear. A zero length is taken for
 * padding and the search goes on behind it, unlike in `adEnd`: recordings put advert and response behind each other.
 * Never throws.
 * @source Bluetooth Core 5.4, Vol 3 Part C, 11; Core Specification Supplement 11, Part A
 */
export function readGap(segments: readonly Uint8Array[]): GapFields {
  const fields: Mutable<GapFields> = {
    localName: null,
    serviceUuids: [],
    serviceData: [],
    manufacturerData: [],
    txPowerDbm: null,
    flags: null,
    appearance: null,
    uri: null,
  };
  const names: { short: string | null; complete: string | null } = { short: null, complete: null };
  for (const segment of segments)
    for (let at = 0; at < segment.length; ) {
      const end = adEnd(segment, at);
      if (end < 0 && segment[at] !== 0) break;
      if (end > at + 2) {
        readName(segment, at, end, names);
        readStructure(segment, at, end, fields);
      }
      at = end < 0 ? at + 1 : end;
    }
  fields.localName = names.complete ?? names.short;
  return fields;
}

function readName(
  p: Uint8Array,
  at: number,
  end: number,
  names: { short: string | null; complete: string | null },
): void {
  if (p[at + 1] === TYPE.name) names.complete = utf8(p, at + 2, end);
  else if (p[at + 1] === TYPE.shortName) names.short ??= utf8(p, at + 2, end);
}

/** One structure of type `p[at + 1]` whose value, at least one byte, ends before `end`. */
function readStructure(p: Uint8Array, at: number, end: number, fields: Mutable<GapFields>): void {
  const type = byteAt(p, at + 1);
  const from = at + 2;
  const size = end - from;
  const listed = LIST_UUID_BYTES[type] ?? 0;
  if (listed > 0)
    for (let i = from; i + listed <= end; i += listed)
      fields.serviceUuids.push(sentUuidText(p, i, listed));
  const uuidBytes = serviceUuidBytes(type);
  if (uuidBytes > 0 && size >= uuidBytes)
    fields.serviceData.push({
      uuid: sentUuidText(p, from, uuidBytes),
      data: p.slice(from + uuidBytes, end),
    });
  if (type === AD_TYPE.manufacturer && size >= 2)
    fields.manufacturerData.push({
      companyId: uint16SentAt(p, from),
      data: p.slice(from + 2, end),
    });
  if (type === TYPE.txPower && size === 1) fields.txPowerDbm = signedByteAt(p, from);
  if (type === AD_TYPE.flags) fields.flags = byteAt(p, from);
  if (type === TYPE.appearance && size === 2) fields.appearance = uint16SentAt(p, from);
  const scheme = type === TYPE.uri ? URI_SCHEMES[byteAt(p, from)] : undefined;
  if (scheme !== undefined) fields.uri = scheme + utf8(p, from + 1, end);
}

const uint16SentAt = (p: Uint8Array, at: number): number =>
  byteAt(p, at) | (byteAt(p, at + 1) << 8);

/** A UUID of 2, 4 or 16 bytes, sent least significant byte first, as 128-bit text. */
function sentUuidText(p: Uint8Array, at: number, size: number): string {
  const bytes = p.slice(at, at + size).reverse();
  return size === 16 ? uuidText(bytes, 0) : `${hexText(bytes).padStart(8, "0")}${BASE_TAIL}`;
}

const utf8 = (p: Uint8Array, from: number, end: number): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(p.subarray(from, end));
