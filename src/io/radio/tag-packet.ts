import { adEnd } from "../../radio/ad-structures.ts";
import { bytesOfHex } from "../../radio/bytes.ts";
import type { AdvertisingReport } from "../../radio/source.ts";
import { extendedReportPacket, legacyReportPacket } from "./hci-packets.ts";

/** A name may hold half of an address in print; the address structure holds all of it. @source Assigned Numbers 2.3. */
const LEFT_OUT_TYPES: ReadonlySet<number> = new Set([0x08, 0x09, 0x1b]);
const LEGACY_MAX_BYTES = 31;
/** Largest payload of one extended report. */
const EXTENDED_MAX_BYTES = 229;
/** The event type that stands for "not connectable" in a legacy report; 0 does in an extended one. */
const NONCONNECTABLE = 3;
const RANDOM = 1;
const NOT_MEASURED = 127;

/**
 * A report of a registered tag as a raw HCI packet that may be written down: the address is a stand-in made of the
 * tag's position, names and address structures are left out, and wherever the payload repeats the address (Ruuvi,
 * Minew and others do) the stand-in stands instead. A decoder finds the same identity, telemetry and level in it.
 * null for a payload too long for one packet.
 */
export function tagPacket(tag: number, report: AdvertisingReport): Uint8Array | null {
  const address = bytesOfHex(report.address.replaceAll(":", ""));
  const standIn = standInOf(tag);
  const kept = structuresOf(report.payload);
  if (address !== null) {
    replaceAll(kept, address, standIn);
    replaceAll(kept, Uint8Array.from(address).reverse(), Uint8Array.from(standIn).reverse());
  }
  const rssiDbm = report.rssiDbm ?? NOT_MEASURED;
  const heard = { addressType: RANDOM, address: standIn, payload: kept, rssiDbm };
  if (kept.length <= LEGACY_MAX_BYTES)
    return legacyReportPacket([{ ...heard, eventType: NONCONNECTABLE }]);
  if (kept.length > EXTENDED_MAX_BYTES) return null;
  return extendedReportPacket({ ...heard, eventType: 0, txPowerDbm: NOT_MEASURED });
}

/**
 * An advertising event with no report in it: nobody is in it, and a replay learns that the receiver heard something. Real
 * controllers never send one.
 */
export const SIGN_OF_LIFE: Uint8Array = Uint8Array.of(0x04, 0x3e, 0x02, 0x02, 0x00);

/** Whether a recorded packet is a sign of life and nothing else. Pure. */
export function isSignOfLife(packet: Uint8Array): boolean {
  return packet.length === SIGN_OF_LIFE.length && SIGN_OF_LIFE.every((b, i) => packet[i] === b);
}

/** A random static address that no device has: c0:ff:ff and the tag's position. */
function standInOf(tag: number): Uint8Array {
  return Uint8Array.of(0xc0, 0xff, 0xff, (tag >> 16) & 0xff, (tag >> 8) & 0xff, tag & 0xff);
}

/** The whole structures of a payload but those left out; what follows a fault is dropped. A copy. */
function structuresOf(payload: Uint8Array): Uint8Array {
  const kept: number[] = [];
  let at = 0;
  for (let end = adEnd(payload, 0); end > 0; end = adEnd(payload, at)) {
    if (!LEFT_OUT_TYPES.has(payload[at + 1] ?? 0)) kept.push(...payload.subarray(at, end));
    at = end;
  }
  return Uint8Array.from(kept);
}

function replaceAll(bytes: Uint8Array, wanted: Uint8Array, by: Uint8Array): void {
  for (let at = 0; at + wanted.length <= bytes.length; at += 1)
    if (wanted.every((byte, i) => bytes[at + i] === byte)) bytes.set(by, at);
}
