import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename, extname } from "node:path";
import { createInterface } from "node:readline";
import { type EpochMs, epochMs, type ReceiverId, receiverId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { bytesOfHex, hexText } from "../../radio/bytes.ts";
import { BTSNOOP_MAGIC, readBtsnoop } from "./btsnoop.ts";

/** One recorded HCI packet: raw bytes as the socket delivered them, packet type first. */
export interface RecordedPacket {
  readonly at: EpochMs;
  readonly receiverId: ReceiverId;
  readonly packet: Uint8Array;
}

const KEYS = ["t", "receiver", "hci"];
/** A longer key is not told: somebody may have put an address there. */
const SHORT_WORD = /^[A-Za-z_]{1,10}$/;
const RECEIVER = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Opens a recording by what is in it: btsnoop by its first bytes, else JSONL. A btsnoop file does not say which receiver
 * heard it: the name of the file without extension does, as `vitrine record --btsnoop` names it.
 * @throws INPUT_INVALID (while reading) with file and line or byte, CONFIG_UNREADABLE when it cannot be opened.
 */
export async function* openRecording(path: string): AsyncGenerator<RecordedPacket> {
  const magic = await firstBytes(path, BTSNOOP_MAGIC.length);
  if (BTSNOOP_MAGIC.every((byte, i) => magic[i] === byte)) {
    const heardBy = receiverOfFile(path);
    for await (const event of readBtsnoop(createReadStream(path), basename(path)))
      yield { at: event.at, receiverId: heardBy, packet: event.packet };
  } else {
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
    yield* readJsonl(lines, basename(path));
  }
}

/** @throws INPUT_INVALID for a name that no receiver can have */
function receiverOfFile(path: string): ReceiverId {
  const name = basename(path, extname(path));
  if (RECEIVER.test(name)) return receiverId(name);
  const message = `${basename(path)}: expected a file named after its receiver, RECEIVER.btsnoop`;
  throw new GatewayError("INPUT_INVALID", message, { context: { file: basename(path) } });
}

async function firstBytes(path: string, count: number): Promise<Uint8Array> {
  try {
    const file = await open(path, "r");
    try {
      const bytes = new Uint8Array(count);
      await file.read(bytes, 0, count, 0);
      return bytes;
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new GatewayError("CONFIG_UNREADABLE", `${path} cannot be read`, {
      cause,
      context: { path },
    });
  }
}

/**
 * Reads the lines of a JSONL recording: `{"t": 1763629200000, "receiver": "door", "hci": "043e..."}`, where `t` is epoch
 * ms or an ISO 8601 instant with its zone, in order of time; empty lines are skipped.
 * @throws INPUT_INVALID naming `file:line`, what was found and what was expected.
 */
export async function* readJsonl(
  lines: AsyncIterable<string> | Iterable<string>,
  file: string,
): AsyncGenerator<RecordedPacket> {
  let line = 0;
  let newestMs = Number.NEGATIVE_INFINITY;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === "") continue;
    const refuse = (why: string): GatewayError =>
      new GatewayError("INPUT_INVALID", `${file}:${line}: ${why}`, { context: { file, line } });
    const recorded = parseLine(text, refuse);
    if (recorded.at < newestMs) throw refuse("expected a time not before the line above");
    newestMs = recorded.at;
    yield recorded;
  }
}

/** Reads one line of a JSONL recording. @throws INPUT_INVALID naming `source` */
export function parseJsonlLine(text: string, source: string): RecordedPacket {
  return parseLine(text, (why) => new GatewayError("INPUT_INVALID", `${source}: ${why}`));
}

function parseLine(text: string, refuse: (why: string) => GatewayError): RecordedPacket {
  const record = parseObject(text, refuse);
  for (const key of Object.keys(record))
    if (!KEYS.includes(key)) throw refuse(`unknown key${SHORT_WORD.test(key) ? ` "${key}"` : ""}`);
  const at = instantOf(record["t"]);
  if (at === null) throw refuse('expected "t": epoch ms or an ISO 8601 instant with its zone');
  const { receiver, hci } = record;
  if (typeof receiver !== "string" || !RECEIVER.test(receiver))
    throw refuse('expected "receiver": 1 to 64 letters, digits, - or _');
  const packet = typeof hci === "string" ? bytesOfHex(hci) : null;
  if (packet === null || packet[0] !== 0x04)
    throw refuse('expected "hci": hexadecimal digits of an HCI event, beginning with 04');
  return { at, receiverId: receiverId(receiver), packet };
}

function parseObject(
  text: string,
  refuse: (why: string) => GatewayError,
): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (error) {
    // The parser's own words quote the line, which may hold an address: only that it is not JSON is said.
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw refuse("expected one JSON object");
}

function instantOf(value: unknown): EpochMs | null {
  if (typeof value === "number") return Number.isFinite(value) ? epochMs(value) : null;
  if (typeof value !== "string" || !/T.*(Z|[+-]\d\d:?\d\d)$/.test(value)) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : epochMs(at);
}

/** The line of a JSONL recording for this packet, without the line break. */
export function jsonlLine(recorded: RecordedPacket): string {
  const { at, receiverId: receiver, packet } = recorded;
  return JSON.stringify({ t: at, receiver, hci: hexText(packet) });
}

/**
 * Merges recordings by time; packets of the same instant come in the order of the recordings. Each recording has to be
 * in order of time itself (the readers see to it).
 */
export async function* mergeRecordings(
  recordings: readonly AsyncIterable<RecordedPacket>[],
): AsyncGenerator<RecordedPacket> {
  const readers = recordings.map((recording) => recording[Symbol.asyncIterator]());
  const heads = await Promise.all(readers.map((reader) => reader.next()));
  try {
    for (;;) {
      let first = -1;
      heads.forEach((head, i) => {
        if (head.done === true) return;
        const best = heads[first];
        if (best === undefined || best.done === true || head.value.at < best.value.at) first = i;
      });
      const head = heads[first];
      const reader = readers[first];
      if (head === undefined || head.done === true || reader === undefined) return;
      yield head.value;
      heads[first] = await reader.next();
    }
  } finally {
    for (const reader of readers) await reader.return?.();
  }
}
