import { legacyReportPacket } from "../../src/io/radio/hci-packets.ts";

/** Identity of the one registered tag: uuid 16, major 2, minor 2. */
export const TAG_IDENTITY = Uint8Array.from({ length: 20 }, (_, i) => 0x40 + i);

interface Stranger {
  readonly address: string;
  /** 0 public, 1 random. */
  readonly type: number;
  readonly payload: Uint8Array;
}

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const reversed = (address: string): string => address.match(/../g)?.reverse().join("") ?? "";

/** AD structures in which a device repeats its own address: in a name, a vendor frame, an address structure. */
function boastful(address: string): Uint8Array {
  const name = Buffer.from(address.slice(0, 10).toUpperCase(), "latin1").toString("hex");
  return bytesOf(`0201060b09${name}09ff3412${address}08 1b00${reversed(address)}`.replace(" ", ""));
}

const STRANGERS = ["c1d2e3f4a5b6", "5a6b7c8d9eaf", "1b2c3d4e5f6a", "a0b1c2d3e4f5", "e9d8c7b6a594"];

/** Addresses that are in the air of the test and may be found nowhere else, as bare lower-case digits. */
export const PLANTED: {
  readonly tag: string;
  readonly remote: string;
  readonly strangers: readonly Stranger[];
} = {
  tag: "f0e1d2c3b4a5",
  remote: "da1b2c3d4e5f",
  strangers: STRANGERS.map((address, i) => ({
    address,
    type: i === 3 ? 0 : 1,
    payload: boastful(address),
  })),
};

/** A legacy advertising report of an address given as bare digits, as a raw HCI packet. */
export function advertPacket(
  address: string,
  addressType: number,
  payload: Uint8Array,
  rssiDbm: number,
): Uint8Array {
  const report = { eventType: 0, addressType, address: bytesOf(address), payload, rssiDbm };
  return legacyReportPacket([report]);
}

/** Every way in which an address could show: text in both cases, separators and orders, and raw bytes. */
export function addressTraces(address: string): readonly Buffer[] {
  return [address, reversed(address)].flatMap((order) => {
    const pairs = order.match(/../g) ?? [];
    const texts = [order, pairs.join(":"), pairs.join("-"), pairs.join(" ")];
    const both = texts.flatMap((text) => [text, text.toUpperCase()]);
    return [...both.map((text) => Buffer.from(text, "latin1")), Buffer.from(order, "hex")];
  });
}

/** The same of all planted addresses. */
export function traces(): readonly Buffer[] {
  return [PLANTED.tag, PLANTED.remote, ...STRANGERS].flatMap(addressTraces);
}
