import { byteAt, hexText } from "./bytes.ts";

/**
 * One advertising report as the controller sent it. One object is reused for all reports of a reader: it and its bytes
 * are only valid during the call that delivers it.
 */
export interface HciReport {
  /** Legacy reports: 0..4. Extended reports: the 16 bits of the event type without the two bits of data status. */
  readonly eventType: number;
  readonly extended: boolean;
  /** As in `ADDRESS_TYPE`. */
  readonly addressType: number;
  /** Packet that holds the address, and where: six bytes, least significant first. */
  readonly packet: Uint8Array;
  readonly addressAt: number;
  /** AD structures; of a fragmented report, all fragments joined. */
  readonly payload: Uint8Array;
  /** null when not measured (127). */
  readonly rssiDbm: number | null;
  /** Transmit power in the report itself; null when absent (127) or in legacy reports. */
  readonly txPowerDbm: number | null;
}

/** The address in print: most significant byte first, colons, lower case. Allocates the text. */
export function addressText(report: HciReport): string {
  const { packet, addressAt } = report;
  let text = hexText(packet, addressAt + 5, addressAt + 6);
  for (let i = 4; i >= 0; i -= 1) text += `:${hexText(packet, addressAt + i, addressAt + i + 1)}`;
  return text;
}

/** The address that begins at an offset, least significant byte first, as a whole number of 48 bits: no text is made. */
export function addressNumberAt(packet: Uint8Array, at: number): number {
  const low = byteAt(packet, at) | (byteAt(packet, at + 1) << 8);
  const middle = byteAt(packet, at + 2) | (byteAt(packet, at + 3) << 8);
  const high = byteAt(packet, at + 4) | (byteAt(packet, at + 5) << 8);
  return (high * 65_536 + middle) * 65_536 + low;
}

/** Most significant byte of the address, whose top bits tell the kinds of random addresses apart. */
export const addressTopByte = (report: HciReport): number =>
  byteAt(report.packet, report.addressAt + 5);

const LEGACY_NAMES = ["ADV_IND", "ADV_DIRECT_IND", "ADV_SCAN_IND", "ADV_NONCONN_IND", "SCAN_RSP"];
const EXT_LEGACY_NAMES: Readonly<Record<number, string>> = {
  16: "EXT_LEGACY_NONCONN",
  18: "EXT_LEGACY_SCAN",
  19: "EXT_LEGACY_IND",
  21: "EXT_LEGACY_DIRECT",
  26: "EXT_LEGACY_SCAN_RSP",
  27: "EXT_LEGACY_SCAN_RSP",
};

/**
 * Name of the event type for people and recordings, e.g. `ADV_NONCONN_IND`, `EXT_LEGACY_IND`, `EXT_NONCONN`.
 * @source Bluetooth Core 5.4, Vol 4 Part E, 7.7.65.2 and 7.7.65.13.
 */
export function eventTypeName(eventType: number, extended: boolean): string {
  if (!extended) return LEGACY_NAMES[eventType] ?? "RESERVED";
  if ((eventType & 0x10) !== 0) return EXT_LEGACY_NAMES[eventType & 0x1f] ?? "EXT_LEGACY_RESERVED";
  if ((eventType & 0x08) !== 0) return "EXT_SCAN_RSP";
  const reach = (eventType & 0x01) !== 0 ? "CONN" : (eventType & 0x02) !== 0 ? "SCAN" : "NONCONN";
  return (eventType & 0x04) !== 0 ? `EXT_${reach}_DIRECT` : `EXT_${reach}`;
}
