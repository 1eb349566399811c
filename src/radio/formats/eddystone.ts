import { byteAt, hexText, signedByteAt, uint16At, uint32At } from "../bytes.ts";

/** Service UUID of all Eddystone frames. */
export const EDDYSTONE_UUID = 0xfeaa;

/**
 * Eddystone states its power at 0 m; the path loss of the first metre is 41 dB.
 * @source google/eddystone protocol-specification.md, Eddystone-UID, Tx Power.
 */
export const EDDYSTONE_FIRST_METRE_DB = 41;

/** Power as the frame states it, at 0 m, and what a receiver hears of it at 1 m. */
interface StatedPower {
  readonly txPower0mDbm: number;
  readonly txPower1mDbm: number;
}

export interface EddystoneUidFrame extends StatedPower {
  readonly format: "eddystone-uid";
  readonly namespace: string;
  readonly instance: string;
}

export interface EddystoneUrlFrame extends StatedPower {
  readonly format: "eddystone-url";
  /** Expanded text. */
  readonly url: string;
}

export interface EddystoneTlmFrame {
  readonly format: "eddystone-tlm";
  /** Millivolt; null when the beacon does not measure it. */
  readonly batteryMv: number | null;
  /** Degrees Celsius; null when the beacon does not measure it. */
  readonly temperatureC: number | null;
  readonly advertisements: number;
  readonly uptimeMs: number;
}

/** Telemetry that only the owner of the identity key can read: cipher text, salt and check as they are sent. */
export interface EddystoneEtlmFrame {
  readonly format: "eddystone-etlm";
  /** Twelve bytes of cipher text. */
  readonly cipher: string;
  readonly salt: number;
  readonly check: number;
}

/** A rotating identifier; who it is, only the owner of the identity key can tell (see privacy/beacon-crypto.ts). */
export interface EddystoneEidFrame extends StatedPower {
  readonly format: "eddystone-eid";
  readonly eid: string;
}

export type EddystoneFrame =
  | EddystoneUidFrame
  | EddystoneUrlFrame
  | EddystoneTlmFrame
  | EddystoneEtlmFrame
  | EddystoneEidFrame;

const SCHEMES = ["http://www.", "https://www.", "http://", "https://"];
const ENDINGS = [".com", ".org", ".edu", ".net", ".info", ".biz", ".gov"];
const UID_BYTES = 18;
const URL_LEAST_BYTES = 4;
const TLM_BYTES = 14;
const ETLM_BYTES = 18;
const EID_BYTES = 10;

/**
 * Which frame the service data of Eddystone behind its UUID, `[at, end)`, is; null when it is none or too short. Others
 * may be longer (UID has two reserved bytes), plain telemetry has one length. The text of a URL is not looked at. Pure,
 * allocates nothing.
 * @source google/eddystone: eddystone-uid, -url, -tlm (plain and encrypted), -eid
 */
export function eddystoneFormat(
  p: Uint8Array,
  at: number,
  end: number,
): EddystoneFrame["format"] | null {
  const size = end - at;
  if (size < URL_LEAST_BYTES) return null;
  switch (p[at]) {
    case 0x00:
      return size >= UID_BYTES ? "eddystone-uid" : null;
    case 0x10:
      return "eddystone-url";
    case 0x20:
      if (p[at + 1] === 0x00) return size === TLM_BYTES ? "eddystone-tlm" : null;
      return p[at + 1] === 0x01 && size >= ETLM_BYTES ? "eddystone-etlm" : null;
    case 0x30:
      return size >= EID_BYTES ? "eddystone-eid" : null;
    default:
      return null;
  }
}

/** The Eddystone frame in `[at, end)`, behind the service UUID, or null. Pure, never throws. */
export function readEddystone(p: Uint8Array, at: number, end: number): EddystoneFrame | null {
  const format = eddystoneFormat(p, at, end);
  const txPower0mDbm = signedByteAt(p, at + 1);
  const power = { txPower0mDbm, txPower1mDbm: txPower0mDbm - EDDYSTONE_FIRST_METRE_DB };
  switch (format) {
    case "eddystone-uid":
      return {
        format,
        namespace: hexText(p, at + 2, at + 12),
        instance: hexText(p, at + 12, at + 18),
        ...power,
      };
    case "eddystone-url": {
      const url = urlText(p, at + 2, end);
      return url === null ? null : { format, url, ...power };
    }
    case "eddystone-tlm":
      return readTlm(p, at);
    case "eddystone-etlm":
      return {
        format,
        cipher: hexText(p, at + 2, at + 14),
        salt: uint16At(p, at + 14),
        check: uint16At(p, at + 16),
      };
    case "eddystone-eid":
      return { format, eid: hexText(p, at + 2, at + 10), ...power };
    case null:
      return null;
  }
}

/** Battery 0 and temperature 0x8000 mean "not measured"; temperature is signed 8.8 fixed point, uptime counts 0.1 s. */
function readTlm(p: Uint8Array, at: number): EddystoneTlmFrame {
  const batteryMv = uint16At(p, at + 2);
  const fixed = uint16At(p, at + 4);
  return {
    format: "eddystone-tlm",
    batteryMv: batteryMv === 0 ? null : batteryMv,
    temperatureC: fixed === 0x8000 ? null : ((fixed << 16) >> 16) / 256,
    advertisements: uint32At(p, at + 6),
    uptimeMs: uint32At(p, at + 10) * 100,
  };
}

/** Scheme byte, then characters in which the codes 0..6 and 7..13 stand for endings with and without a slash. */
function urlText(p: Uint8Array, at: number, end: number): string | null {
  let text = SCHEMES[byteAt(p, at)];
  if (text === undefined) return null;
  for (let i = at + 1; i < end; i += 1) {
    const code = byteAt(p, i);
    if (code < 14) text += `${ENDINGS[code % 7] ?? ""}${code < 7 ? "/" : ""}`;
    else if (code > 32 && code < 127) text += String.fromCharCode(code);
    else return null;
  }
  return text;
}
