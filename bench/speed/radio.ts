import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { receiverId, tagId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { TagPlan } from "../../src/core/site.ts";
import { ibeaconPayload, legacyReportPacket } from "../../src/io/radio/hci-packets.ts";
import { HciSocketSim } from "../../src/io/radio/hci-socket-sim.ts";
import { createNobleRadio } from "../../src/io/radio/noble-radio.ts";
import { buildNoble } from "../../src/io/radio/noble-stack.ts";
import { createRadioInput } from "../../src/io/radio/radio-input.ts";
import { createBeaconSpot, nextBeacon } from "../../src/radio/beacon.ts";
import { createTagBook, identityBytes } from "../../src/radio/tag-registry.ts";

export const usage = "npm run bench -- radio [--json] [--reports 1000000]";

/** What one adapter must be able to take on an x86 core; a busy mall gives hundreds a second. */
const LIMIT_PER_SECOND = 200_000;
const REGISTERED = 1_000;
const PACKETS = 20_000;
const DISTINCT_ADDRESSES = 200_000;
/** Event header 5, event type, address type, address 6, length. */
const LEGACY_DATA_AT = 14;

const tags: readonly TagPlan[] = Array.from({ length: REGISTERED }, (_, i) => ({
  id: tagId(`basket-${i}`),
  kind: "basket",
  beacon: {
    format: "ibeacon",
    uuid: "fda50693-a4e2-4fb1-afcf-c6eb07647825",
    major: 1,
    minor: i,
  },
}));

/** What strangers send, by format: it must cost the way of every packet no more than a phone does. */
const STRANGERS: readonly (readonly [format: string, hex: string])[] = [
  ["apple continuity", "02011a0aff4c0010050102030405"],
  ["eddystone-url", "0303aafe1016aafe10e70367657470617265746f07"],
  ["eddystone-tlm", "0303aafe1116aafe20000bb81580000004d200000e10"],
  ["eddystone-eid", "0303aafe0d16aafe30f1df8e76bbfec4efc5"],
  ["ruuvi-5", "0201061bff99040512fc5394c37c0004fffc040cac364200cdcbb8334c884f"],
  ["loyalty", "0201061b2199e1c44ba02a5385e542ee31367965c0181112131415161718c4"],
  ["exposure notification", `03036ffd17166ffd${"5a".repeat(16)}40f00000`],
  ["vendor", "0201060aff39065101056320ff0f"],
];

/** Half of the packets from registered tags, half from strangers of all formats, addresses drawn at random. */
function makePackets(count: number, seed: number): readonly Uint8Array[] {
  const random = seededRandom(seed);
  const byte = (): number => Math.floor(random() * 256);
  return Array.from({ length: count }, (_, i) => {
    const tag = tags[Math.floor(random() * tags.length)];
    const known = i % 2 === 0 && tag !== undefined;
    const payload = known ? ibeaconPayload(identityBytes(tag.beacon), -59) : stranger(i >> 1);
    const address = Uint8Array.from({ length: 6 }, byte);
    const rssiDbm = -50 - Math.floor(40 * random());
    const packet = legacyReportPacket([
      { eventType: 3, addressType: 1, address, payload, rssiDbm },
    ]);
    return Buffer.from(packet);
  });
}

function stranger(i: number): Uint8Array {
  const [, hex] = STRANGERS[i % STRANGERS.length] ?? ["", ""];
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** Our whole chain on a simulated controller: noble drives, our reader, decoder, registry and presence follow. */
async function createChain(): Promise<{ deliver: (packet: Uint8Array) => void; stop: () => void }> {
  const socket = new HciSocketSim();
  const clock = createSystemClock();
  const radio = createNobleRadio({
    receiverId: receiverId("bench"),
    adapter: 0,
    clock,
    log: SILENT_LOG,
    random: seededRandom(1),
    openSocket: () => socket,
  });
  const input = createRadioInput({
    sources: [radio],
    tags,
    run: "bench",
    clock,
    onEvent: () => undefined,
  });
  await radio.start(new AbortController().signal);
  return {
    deliver: (packet) => void socket.deliver(packet),
    stop: () => {
      void radio[Symbol.asyncDispose]();
      void input[Symbol.asyncDispose]();
    },
  };
}

function perSecond(
  packets: readonly Uint8Array[],
  reports: number,
  take: (p: Uint8Array) => void,
): number {
  const pass = (count: number): void => {
    for (let i = 0; i < count; i += 1) take(packets[i % packets.length] ?? new Uint8Array(0));
  };
  pass(Math.min(reports, 200_000));
  const began = performance.now();
  pass(reports);
  return Math.round(reports / ((performance.now() - began) / 1000));
}

/** The peer: noble's own reader of reports, listened to under its gap layer, with our decoder and registry behind it. */
function noblePeer(): (packet: Uint8Array) => void {
  const socket = new HciSocketSim();
  const { bindings } = buildNoble(socket, 0);
  const hci = bindings._hci as unknown as NodeJS.EventEmitter & { onSocketData(p: Buffer): void };
  hci.removeAllListeners("leAdvertisingReport");
  const registry = createTagBook(tags);
  const spot = createBeaconSpot();
  hci.on("leAdvertisingReport", (_status, _type, _address, _kind, payload: Buffer) => {
    if (nextBeacon(payload, 0, spot) > 0) registry.indexOf(payload, spot);
  });
  return (packet) => hci.onSocketData(packet as Buffer);
}

/** The advertising data of packets made by `makePackets`, which each hold one report. */
const payloadsOf = (packets: readonly Uint8Array[]): readonly Uint8Array[] =>
  packets.map((packet) => packet.subarray(LEGACY_DATA_AT, packet.length - 1));

/** Our decoder and the tag book alone. */
function decoder(): (payload: Uint8Array) => void {
  const book = createTagBook(tags);
  const spot = createBeaconSpot();
  return (payload) => {
    for (let at = nextBeacon(payload, 0, spot); at > 0; at = nextBeacon(payload, at, spot))
      if (book.indexOf(payload, spot) >= 0) return;
  };
}

/** Heap that stays per distinct address heard, after garbage collection; about 0 when nothing is kept. */
async function bytesPerAddress(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const chain = await createChain();
  const hear = (from: number, to: number): void => {
    for (let seed = from; seed < to; seed += 1) {
      for (const packet of makePackets(1_000, seed)) chain.deliver(packet);
    }
  };
  hear(1, 20);
  collect();
  const before = process.memoryUsage().heapUsed;
  hear(20, 20 + DISTINCT_ADDRESSES / 1_000);
  collect();
  const kept = process.memoryUsage().heapUsed - before;
  chain.stop();
  return Math.round((100 * kept) / DISTINCT_ADDRESSES) / 100;
}

export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const at = args.indexOf("--reports");
  const reports = at < 0 ? 1_000_000 : Number(args[at + 1]);
  if (!Number.isInteger(reports) || reports < 1) throw new RangeError("--reports: a whole number");
  const packets = makePackets(PACKETS, 7);
  const chain = await createChain();
  const reportsPerSecond = perSecond(packets, reports, chain.deliver);
  chain.stop();
  return {
    reportsPerSecond,
    limitReportsPerSecond: LIMIT_PER_SECOND,
    ratio: Math.round((100 * reportsPerSecond) / LIMIT_PER_SECOND) / 100,
    nobleReaderReportsPerSecond: perSecond(packets, Math.min(reports, 300_000), noblePeer()),
    decoderPayloadsPerSecond: perSecond(payloadsOf(packets), reports, decoder()),
    bytesKeptPerAddress: await bytesPerAddress(),
    distinctAddresses: DISTINCT_ADDRESSES,
    reports,
  };
}
