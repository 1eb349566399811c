import { gatewayId, storeId } from "../../src/core/brand.ts";
import { seededRandom } from "../../src/core/random.ts";
import { eventHash } from "../../src/io/mqtt/event-hash.ts";
import { toCloudEvent } from "../../src/wire/cloud-event.ts";
import { LARGEST_PAYLOAD_BYTES } from "../../src/wire/envelopes.ts";
import { crossing } from "../e2e/delivery-rig.ts";

/** One message of the fuzz. */
export interface HostileMessage {
  readonly gateway: string;
  readonly channel: "up/ev" | "up/birth";
  readonly payload: Buffer;
  /** Records in a well-formed envelope that continues its stream; null when the envelope itself is hostile. */
  readonly records: number | null;
}

const EPOCH = "7b0e8c1e-6d1c-4f6e-9a53-0d5bb1a3c0de";
const FAR_FUTURE = "2199-01-01T00:00:00.000Z";
const DEEP = 20_000;

type Draw = () => number;
type Fields = Record<string, unknown>;

/** Values nobody expects. */
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  "",
  " ",
  "\u0000",
  "\ud800",
  "__proto__",
  "../../etc/passwd",
  "'; DROP TABLE event; --",
  "x".repeat(30_000),
  -1,
  0,
  0.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  [],
  [[[[]]]],
  {},
  { constructor: { prototype: { polluted: true } } },
];

const textOf = (fields: Fields): Buffer => Buffer.from(JSON.stringify(fields));
const pick = <T>(random: Draw, values: readonly T[]): T =>
  values[Math.floor(random() * values.length)] as T;

function validEvent(gateway: string, n: number, run: string): Fields {
  const event = toCloudEvent(crossing(n, run), {
    gatewayId: gatewayId(gateway),
    storeId: storeId(`shop-${gateway}`),
    boot: "b1",
    recordedAt: crossing(n, run).at,
    hash: eventHash,
  });
  return { ...event };
}

/** What can be wrong with one record while its envelope is in order. */
const RECORD_FAULTS: readonly ((record: Fields, random: Draw) => Fields)[] = [
  (record) => record,
  (record) => ({ ...record, time: FAR_FUTURE }),
  (record) => ({ ...record, time: "yesterday" }),
  (record) => ({ ...record, specversion: "2.0" }),
  (record) => ({ ...record, type: "vitrine.teleported" }),
  (record) => ({ ...record, type: "com.example.entered" }),
  (record) => ({ ...record, source: "/stores/shop-foreign/gateways/foreign/camera%3Adoor" }),
  (record) => ({ ...record, source: String(record["source"]).replace("shop-", "other-") }),
  (record) => ({ ...record, id: "a\u0000b" }),
  (record) => ({ ...record, data: null }),
  (record) => ({ ...record, extra: "x".repeat(1000) }),
  (record, random) => ({
    ...record,
    [pick(random, Object.keys(record))]: pick(random, ODD_VALUES),
  }),
  (record, random) => {
    const { [pick(random, Object.keys(record))]: _gone, ...rest } = record;
    return rest;
  },
  (record, random) => {
    const data = record["data"] as Fields;
    const key = pick(random, Object.keys(data));
    return { ...record, data: { ...data, [key]: pick(random, ODD_VALUES) } };
  },
  () => ({}),
];

/** What can be wrong with a whole message. */
const MESSAGE_FAULTS: readonly ((text: string, fields: Fields, random: Draw) => string | Buffer)[] =
  [
    () => "",
    () => "null",
    () => "[]",
    () => '"text"',
    () => "{",
    () => `${"[".repeat(DEEP)}${"]".repeat(DEEP)}`,
    () => " ".repeat(3 * LARGEST_PAYLOAD_BYTES),
    (text, _fields, random) => text.slice(0, Math.floor(random() * text.length)),
    (text, _fields, random) => scrambled(Buffer.from(text), random),
    (_text, _fields, random) => noise(Math.floor(random() * 600), random),
    (_text, fields) => JSON.stringify({ ...fields, v: 2 }),
    (_text, fields) => JSON.stringify({ ...fields, extra: 1 }),
    (_text, fields, random) => JSON.stringify({ ...fields, first: pick(random, ODD_VALUES) }),
    (_text, fields) => JSON.stringify({ ...fields, first: 1_000_000 }),
    (_text, fields, random) => JSON.stringify({ ...fields, epoch: pick(random, ODD_VALUES) }),
    (_text, fields, random) => JSON.stringify({ ...fields, stream: pick(random, ODD_VALUES) }),
    (_text, fields, random) => JSON.stringify({ ...fields, ev: pick(random, ODD_VALUES) }),
    (_text, fields) => JSON.stringify({ ...fields, ev: Array(1025).fill({}) }),
    (_text, fields) =>
      JSON.stringify({ ...fields, ev: [{ type: "vitrine.gap", data: { from: 9, to: 1, n: -7 } }] }),
  ];

function scrambled(bytes: Buffer, random: Draw): Buffer {
  for (let k = 0; k < 4; k += 1) bytes[Math.floor(random() * bytes.length)] = 256 * random();
  return bytes;
}

function noise(length: number, random: Draw): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(256 * random())));
}

function birth(gateway: string): Fields {
  return {
    v: 1,
    online: true,
    session: "b1-1",
    boot: "b1",
    storeId: `shop-${gateway}`,
    epoch: EPOCH,
    versions: {},
    schemaHash: "abc",
    sensors: [],
  };
}

function hostileBirth(gateway: string, random: Draw): Fields {
  const fields = birth(gateway);
  return { ...fields, [pick(random, Object.keys(fields))]: pick(random, ODD_VALUES) };
}

/**
 * Makes `count` hostile messages of some gateways: malformed, oversized, of wrong types, future-dated, foreign, of
 * unknown version, binary. Each gateway says properly who it is first. Half of the messages are well-formed envelopes whose streams go on without a hole, so that every
 * record in them must be accounted for. The same seed makes the same messages, but for the time of day in them.
 */
export function* hostileMessages(
  count: number,
  seed: number,
  gateways: readonly string[],
): Generator<HostileMessage> {
  const random = seededRandom(seed);
  const sent = new Map(gateways.map((gateway) => [gateway, 0]));
  for (const gateway of gateways)
    yield { gateway, channel: "up/birth", payload: textOf(birth(gateway)), records: null };
  for (let n = gateways.length; n < count; n += 1) {
    const gateway = pick(random, gateways);
    const before = sent.get(gateway) ?? 0;
    const kind = random();
    if (kind < 0.1) {
      yield {
        gateway,
        channel: "up/birth",
        payload: textOf(hostileBirth(gateway, random)),
        records: null,
      };
      continue;
    }
    const records = Array.from({ length: 1 + Math.floor(3 * random()) }, (_, k) =>
      pick(random, RECORD_FAULTS)(validEvent(gateway, before + k, "run"), random),
    );
    const fields: Fields = { v: 1, epoch: EPOCH, first: before + 1, hist: false };
    if (kind < 0.55) {
      // Of a stream of its own: what is broken may be sound by chance, and take a number.
      const zone = { ...fields, stream: "zone", ev: records };
      const broken = pick(random, MESSAGE_FAULTS)(JSON.stringify(zone), zone, random);
      yield { gateway, channel: "up/ev", payload: Buffer.from(broken), records: null };
      continue;
    }
    const text = JSON.stringify({ ...fields, stream: "journey", ev: records });
    sent.set(gateway, before + records.length);
    yield { gateway, channel: "up/ev", payload: Buffer.from(text), records: records.length };
  }
}
