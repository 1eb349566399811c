import type { MonoMs } from "../core/brand.ts";
import { byteAt, signedByteAt } from "./bytes.ts";
import { FragmentJoiner } from "./fragment-joiner.ts";
import { addressNumberAt, type HciReport } from "./hci-report.ts";

const HCI_EVENT = 0x04;
const LE_META = 0x3e;
const LEGACY_REPORT = 0x02;
const EXTENDED_REPORT = 0x0d;
/** Event header (4: packet type, event code, length, sub-event) and the number of reports. */
const HEADER_BYTES = 5;
/** Largest advertising data of a fragmented report. @source Bluetooth Core 5.4, Vol 4 Part E, 7.8.54. */
const WHOLE_MAX_BYTES = 1650;
/** Fragments of one report follow each other within a few milliseconds; after this the rest will not come. */
const FRAGMENT_IDLE_MS = 300;
/** Reports being put together at a time; more at once means a flood, and the oldest is given up. */
const FRAGMENT_CAP = 16;
const NOT_AVAILABLE = 127;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Whether a packet from an HCI socket (packet type first) holds advertising reports. Pure. */
export function isAdvertisingEvent(packet: Uint8Array): boolean {
  if (packet[0] !== HCI_EVENT || packet[1] !== LE_META) return false;
  return packet[3] === LEGACY_REPORT || packet[3] === EXTENDED_REPORT;
}

/**
 * Reads the advertising reports out of raw HCI packets, legacy and extended, several per packet, fragments joined.
 * Its only memory is that of unfinished fragments: at most 16 reports, each for at most 300 ms. Nothing else is kept
 * per address. Never throws: what comes before a fault is delivered, the fault is counted.
 * @source Bluetooth Core 5.4, Vol 4 Part E, 7.7.65.2 (legacy) and 7.7.65.13 (extended).
 */
export class HciReader {
  readonly #onReport: (report: HciReport, atMono: MonoMs) => void;
  readonly #fragments = new FragmentJoiner({
    cap: FRAGMENT_CAP,
    idleMs: FRAGMENT_IDLE_MS,
    maxBytes: WHOLE_MAX_BYTES,
  });
  readonly #report: Mutable<HciReport> = {
    eventType: 0,
    extended: false,
    addressType: 0,
    packet: new Uint8Array(0),
    addressAt: 0,
    payload: new Uint8Array(0),
    rssiDbm: null,
    txPowerDbm: null,
  };
  #malformed = 0;

  constructor(onReport: (report: HciReport, atMono: MonoMs) => void) {
    this.#onReport = onReport;
  }

  /** Packets cut short, lengths that do not fit, fragments that never became whole. */
  get malformed(): number {
    return this.#malformed + this.drops;
  }

  /** Of these, the reports given up because a part of them did not come or too many were open at a time. */
  get drops(): number {
    return this.#fragments.dropped;
  }

  /** Reports of which a part has come; bounded. */
  get unfinished(): number {
    return this.#fragments.size;
  }

  /** Reads one packet, calling `onReport` for each report in it. Packets of other kinds are ignored. */
  push(packet: Uint8Array, atMono: MonoMs): void {
    if (!isAdvertisingEvent(packet)) return;
    this.#fragments.expire(atMono);
    const end = Math.min(packet.length, 3 + byteAt(packet, 2));
    const count = end >= HEADER_BYTES ? byteAt(packet, 4) : 0;
    const extended = packet[3] === EXTENDED_REPORT;
    let at = HEADER_BYTES;
    for (let i = 0; i < count && at > 0; i += 1)
      at = extended
        ? this.#extended(packet, at, end, atMono)
        : this.#legacy(packet, at, end, atMono);
    if (at < 0 || end < HEADER_BYTES) this.#malformed += 1;
  }

  /** Layout: event type, address type, address 6, length, data, rssi. Returns the next offset, or -1 at a fault. */
  #legacy(packet: Uint8Array, at: number, end: number, atMono: MonoMs): number {
    const dataAt = at + 9;
    const dataEnd = dataAt + byteAt(packet, at + 8);
    if (dataAt > end || dataEnd + 1 > end) return -1;
    const report = this.#report;
    report.eventType = byteAt(packet, at);
    report.extended = false;
    report.addressType = byteAt(packet, at + 1);
    report.packet = packet;
    report.addressAt = at + 2;
    report.payload = packet.subarray(dataAt, dataEnd);
    report.rssiDbm = decibels(packet, dataEnd);
    report.txPowerDbm = null;
    this.#onReport(report, atMono);
    return dataEnd + 1;
  }

  /**
   * Layout: event type 2, address type, address 6, primary and secondary PHY, set id, tx power, rssi, interval 2,
   * direct address 7, length, data. Returns the next offset, or -1 at a fault.
   */
  #extended(packet: Uint8Array, at: number, end: number, atMono: MonoMs): number {
    const dataAt = at + 24;
    const dataEnd = dataAt + byteAt(packet, at + 23);
    if (dataAt > end || dataEnd > end) return -1;
    const type = byteAt(packet, at) | (byteAt(packet, at + 1) << 8);
    const payload = this.#join(packet, at, dataAt, dataEnd, (type >> 5) & 0b11, atMono);
    if (payload === null) return dataEnd;
    const report = this.#report;
    report.eventType = type & ~0x60;
    report.extended = true;
    report.addressType = byteAt(packet, at + 2);
    report.packet = packet;
    report.addressAt = at + 3;
    report.payload = payload;
    report.rssiDbm = decibels(packet, at + 13);
    report.txPowerDbm = decibels(packet, at + 12);
    this.#onReport(report, atMono);
    return dataEnd;
  }

  /**
   * The whole payload, or null while more is to come. Data status 0 = complete, 1 = more follows, 2 = cut by the
   * controller (what came is delivered: it is still a reading).
   */
  #join(
    packet: Uint8Array,
    at: number,
    dataAt: number,
    dataEnd: number,
    status: number,
    atMono: MonoMs,
  ): Uint8Array | null {
    if (status === 0 && this.#fragments.size === 0) return packet.subarray(dataAt, dataEnd);
    const key = fragmentKey(packet, at);
    if (status !== 1 && !this.#fragments.has(key)) return packet.subarray(dataAt, dataEnd);
    if (!this.#fragments.add(key, packet.subarray(dataAt, dataEnd), atMono)) {
      this.#malformed += 1;
      return null;
    }
    return status === 1 ? null : this.#fragments.take(key);
  }
}

const decibels = (packet: Uint8Array, at: number): number | null => {
  const value = signedByteAt(packet, at);
  return value === NOT_AVAILABLE ? null : value;
};

/**
 * Address (48 bits), whether it is random (1) and advertising set (4) in one number, just within the whole numbers of a
 * double: no text is made while fragments are joined.
 */
function fragmentKey(packet: Uint8Array, at: number): number {
  const key = addressNumberAt(packet, at + 3);
  return (key * 2 + (byteAt(packet, at + 2) & 0x01)) * 16 + (byteAt(packet, at + 11) & 0x0f);
}
