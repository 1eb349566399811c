import { type EpochMs, epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";

/** First bytes of every btsnoop file: "btsnoop" and a zero. */
export const BTSNOOP_MAGIC: readonly number[] = [0x62, 0x74, 0x73, 0x6e, 0x6f, 0x6f, 0x70, 0x00];

/** One HCI event of a btsnoop file, packet type first. The file does not say which adapter heard it. */
export interface BtsnoopEvent {
  readonly at: EpochMs;
  readonly packet: Uint8Array;
}

const HEADER_BYTES = 16;
const RECORD_BYTES = 24;
/** Microseconds from 0000-01-01 to 1970-01-01. @source btsnoop format, Symbian OS btsnoop.h; Wireshark wiretap. */
const EPOCH_US = 0x00dcddb30f2f8000n;
/** Longest HCI packet is 4 + 65535 (data); anything longer is a damaged length. */
const PACKET_MAX_BYTES = 65_540;
const HCI_EVENT = 0x04;
/** Flags of a record: from the controller (bit 0), and no data packet (bit 1). */
const RECEIVED_EVENT = 0b11;

/** How packets stand in the file: with their H4 type, without it, or in the form of the Linux monitor. */
type Link = "h4" | "bare" | "monitor";
const LINKS: Readonly<Record<number, Link>> = { 1001: "bare", 1002: "h4", 2001: "monitor" };
/** Opcode of the Linux monitor for "event". @source bluez, src/shared/btsnoop.h. */
const MONITOR_EVENT = 3;

/**
 * Reads the HCI events of a btsnoop file (`btmon -w`, `hcidump -w`, Android): big-endian header, records with their time.
 * Other packets are skipped. Every packet is a copy of its own. Records are given in order of time; one that lies before
 * its predecessor is refused.
 * @throws INPUT_INVALID naming the file and the byte at which the fault stands.
 */
export async function* readBtsnoop(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  file: string,
): AsyncGenerator<BtsnoopEvent> {
  const source = new ByteSource(chunks);
  const refuse = (why: string): GatewayError =>
    new GatewayError("INPUT_INVALID", `${file}: byte ${source.taken}: ${why}`, {
      context: { file, byte: source.taken },
    });
  const link = linkOf(await source.take(HEADER_BYTES), refuse);
  let newestMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const head = await source.take(RECORD_BYTES);
    if (head === null) return;
    const view = viewOf(head);
    const length = head.length === RECORD_BYTES ? view.getUint32(4) : PACKET_MAX_BYTES + 1;
    const bytes = length > PACKET_MAX_BYTES ? null : await source.take(length);
    if (bytes === null || bytes.length !== length) throw refuse("expected a whole record");
    const atMs = Number((view.getBigInt64(16) - EPOCH_US) / 1000n);
    const packet = eventOf(bytes, link, view.getUint32(8));
    if (packet === null) continue;
    if (atMs < newestMs) throw refuse("expected a time not before the record above");
    newestMs = atMs;
    yield { at: epochMs(atMs), packet };
  }
}

/** Header of a btsnoop file whose packets carry their H4 type (link type 1002). */
export function btsnoopHeader(): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(BTSNOOP_MAGIC);
  const view = viewOf(header);
  view.setUint32(8, 1);
  view.setUint32(12, 1002);
  return header;
}

/** One record of such a file: a received HCI event, packet type first, with its time to the microsecond. */
export function btsnoopRecord({ at, packet }: BtsnoopEvent): Uint8Array {
  const record = new Uint8Array(RECORD_BYTES + packet.length);
  const view = viewOf(record);
  view.setUint32(0, packet.length);
  view.setUint32(4, packet.length);
  view.setUint32(8, RECEIVED_EVENT);
  view.setBigInt64(16, BigInt(Math.round(at * 1000)) + EPOCH_US);
  record.set(packet, RECORD_BYTES);
  return record;
}

function linkOf(header: Uint8Array | null, refuse: (why: string) => GatewayError): Link {
  const whole = header !== null && header.length === HEADER_BYTES ? header : null;
  if (whole === null || !BTSNOOP_MAGIC.every((byte, i) => whole[i] === byte))
    throw refuse("expected a btsnoop header");
  const view = viewOf(whole);
  const link = LINKS[view.getUint32(12)];
  if (view.getUint32(8) !== 1 || link === undefined)
    throw refuse("expected btsnoop version 1 with link type 1001, 1002 or 2001");
  return link;
}

/** The HCI event in a record, with its packet type in front; null when the record holds something else. */
function eventOf(bytes: Uint8Array, link: Link, flags: number): Uint8Array | null {
  if (link === "h4") return bytes[0] === HCI_EVENT ? bytes : null;
  const isEvent =
    link === "bare" ? (flags & 0b11) === RECEIVED_EVENT : (flags & 0xffff) === MONITOR_EVENT;
  if (!isEvent) return null;
  const packet = new Uint8Array(bytes.length + 1);
  packet[0] = HCI_EVENT;
  packet.set(bytes, 1);
  return packet;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Cuts a stream of chunks of any size into pieces of a wanted size. */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #chunk = new Uint8Array(0);
  #at = 0;
  #taken = 0;

  constructor(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#chunks =
      Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  }

  /** Bytes handed out so far. */
  get taken(): number {
    return this.#taken;
  }

  /** The next `count` bytes as a copy; fewer when the stream ends within them, null when it had ended before. */
  async take(count: number): Promise<Uint8Array | null> {
    const piece = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#at >= this.#chunk.length) {
        const next = await this.#chunks.next();
        if (next.done === true) break;
        this.#chunk = Uint8Array.from(next.value);
        this.#at = 0;
      }
      const part = this.#chunk.subarray(this.#at, this.#at + count - filled);
      piece.set(part, filled);
      filled += part.length;
      this.#at += part.length;
    }
    this.#taken += filled;
    return filled === 0 && count > 0 ? null : piece.subarray(0, filled);
  }
}
