import { byteAt, hexText, signedByteAt, uint16At } from "../bytes.ts";

/** `txPower1mDbm` is the RSSI the maker states for 1 m distance. */
export interface IbeaconFrame {
  readonly format: "ibeacon";
  readonly uuid: string;
  readonly major: number;
  readonly minor: number;
  readonly txPower1mDbm: number;
}

/** `companyId` is the maker's own; `id` is 20 bytes as hexadecimal text. */
export interface AltbeaconFrame {
  readonly format: "altbeacon";
  readonly companyId: number;
  readonly id: string;
  readonly txPower1mDbm: number;
  /** Byte reserved for the maker; null when the frame stops before it. */
  readonly makerByte: number | null;
}

/** Bytes before the identity: company 2, type 2; and from the start to the byte of power. */
export const PROXIMITY_ID_AT = 4;
export const PROXIMITY_POWER_AT = 24;
const FRAME_BYTES = 25;

/**
 * Which proximity frame the manufacturer data `[from, end)` is; null when it is none. Both have 20 bytes of identity
 * and one of power after 4 bytes of head. Pure, allocates nothing.
 * @source Apple, Proximity Beacon Specification R1; AltBeacon/spec 1.0
 */
export function proximityFormat(
  p: Uint8Array,
  from: number,
  end: number,
): "ibeacon" | "altbeacon" | null {
  if (end - from < FRAME_BYTES) return null;
  const head = uint16At(p, from + 2);
  if (head === 0x0215 && p[from] === 0x4c && p[from + 1] === 0x00) return "ibeacon";
  return head === 0xbeac ? "altbeacon" : null;
}

/** The proximity frame in manufacturer data `[from, end)`, or null. Pure, never throws. */
export function readProximity(
  p: Uint8Array,
  from: number,
  end: number,
): IbeaconFrame | AltbeaconFrame | null {
  const format = proximityFormat(p, from, end);
  const idAt = from + PROXIMITY_ID_AT;
  const txPower1mDbm = signedByteAt(p, from + PROXIMITY_POWER_AT);
  if (format === "ibeacon")
    return {
      format,
      uuid: uuidText(p, idAt),
      major: uint16At(p, idAt + 16),
      minor: uint16At(p, idAt + 18),
      txPower1mDbm,
    };
  if (format === null) return null;
  return {
    format,
    companyId: byteAt(p, from) | (byteAt(p, from + 1) << 8),
    id: hexText(p, idAt, idAt + 20),
    txPower1mDbm,
    makerByte: from + FRAME_BYTES < end ? byteAt(p, from + FRAME_BYTES) : null,
  };
}

/** Sixteen bytes from `from`, most significant first, as the text of a UUID in lower case. Allocates the text. */
export function uuidText(p: Uint8Array, from: number): string {
  const hex = hexText(p, from, from + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
