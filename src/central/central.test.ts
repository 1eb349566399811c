import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import fc from "fast-check";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FakeLink } from "../../test/fakes/fake-link.ts";
import { epochMs, gatewayId, storeId } from "../core/brand.ts";
import { GatewayError } from "../core/errors.ts";
import type { JourneyEvent } from "../core/events.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { eventHash } from "../io/mqtt/event-hash.ts";
import { toCloudEvent } from "../wire/cloud-event.ts";
import type { AckMessage } from "../wire/envelopes.ts";
import { toGapEvent } from "../wire/gap-event.ts";
import { createApi } from "./api/create-api.ts";
import { createCentral } from "./central.ts";
import { Ingest } from "./ingest.ts";
import { StorePlans } from "./rollups/store-plans.ts";
import { SqliteStore } from "./sqlite/sqlite-store.ts";

const EPOCH = "7b0e8c1e-6d1c-4f6e-9a53-0d5bb1a3c0de";
const OTHER_EPOCH = "11111111-6d1c-4f6e-9a53-0d5bb1a3c0de";
let dir = "";
let store: SqliteStore;
let link: FakeLink;
let ingest: Ingest;
const clock = new FakeClock();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vitrine-central-"));
  store = new SqliteStore(join(dir, "central.db"));
  link = new FakeLink();
  ingest = ingestOf(store, link);
});
afterEach(async () => {
  assert.equal(store.integrity(), "ok");
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

function ingestOf(repository: SqliteStore, line: FakeLink): Ingest {
  const random = () => 0;
  return new Ingest({ repository, link: line, root: "vitrine", clock, log: SILENT_LOG, random });
}

const context = {
  gatewayId: gatewayId("gw1"),
  storeId: storeId("shop1"),
  boot: "b1",
  recordedAt: epochMs(1_700_000_000_000),
  hash: eventHash,
};

function event(n: number): Record<string, unknown> {
  const journey = {
    kind: "entered",
    source: "camera:door#1",
    seq: n,
    at: 1_700_000_000_000 + 1000 * n,
    atMono: n,
    clock: "synced",
    cameraId: "door",
    lineId: "l",
    role: "door",
    trackId: n,
    direction: "in",
    confidence: 1,
    path: [],
  } as unknown as JourneyEvent;
  return { ...toCloudEvent(journey, context) };
}

function gap(from: number, to: number): Record<string, unknown> {
  const data = { stream: "journey", from, to, n: to - from + 1, why: "cap" } as const;
  return { ...toGapEvent(data, { ...context, epoch: EPOCH, at: context.recordedAt }) };
}

const batch = (first: number, ev: unknown[], epoch = EPOCH): object => ({
  v: 1,
  epoch,
  stream: "journey",
  first,
  hist: false,
  ev,
});
const send = (first: number, ev: unknown[], epoch = EPOCH): Promise<AckMessage | undefined> =>
  link.receive("vitrine/v1/gw1/up/ev", batch(first, ev, epoch));

async function account(): Promise<Record<string, number> | undefined> {
  const [row] = await store.gateways();
  const stream = row?.streams.find((each) => each.epoch === EPOCH);
  if (stream === undefined) return undefined;
  const { seq, stored, known, shed, quarantined } = stream;
  return { seq, stored, known, shed, quarantined };
}

async function storedIds(): Promise<string[]> {
  const query = { storeId: "shop1", from: epochMs(0), to: epochMs(9e12), type: null, after: null };
  return (await store.events({ ...query, limit: 5000 })).map((row) => row.id);
}

test("a batch is stored, acknowledged retained, and its repetition changes nothing", async () => {
  const first = await send(1, [event(0), event(1)]);
  assert.deepEqual(first, { v: 1, epoch: EPOCH, seq: { journey: 2 }, need: null, pauseMs: 0 });
  assert.equal(link.published[0]?.topic, "vitrine/v1/gw1/down/ack");
  assert.equal(link.published[0]?.retain, true);
  assert.deepEqual((await send(1, [event(0), event(1)]))?.seq, { journey: 2 });
  assert.deepEqual((await send(2, [event(1), event(2)]))?.seq, { journey: 3 });
  assert.equal((await storedIds()).length, 3);
  assert.deepEqual(ingest.counts, {
    batches: 3,
    stored: 3,
    repeated: 1,
    refused: 0,
    quarantined: 0,
    held: 0,
    deferred: 0,
    flooded: 0,
    foreign: 0,
    unkept: 0,
    failed: 0,
  });
});

test("a batch that leaves a hole is refused and the missing number asked for, not retained", async () => {
  await send(1, [event(0)]);
  const ack = await send(4, [event(3)]);
  assert.deepEqual([ack?.seq, ack?.need], [{ journey: 1 }, { journey: 2 }]);
  assert.equal(link.published.at(-1)?.retain, false);
  assert.equal((await storedIds()).length, 1);
});

test("a gap moves the cursor and is counted, without what had arrived before it was shed", async () => {
  await send(1, [event(0), event(1)]);
  await send(1, [gap(1, 5), event(5)]);
  assert.deepEqual(await account(), { seq: 6, stored: 3, known: 0, shed: 3, quarantined: 0 });
  const [row] = await store.gateways();
  assert.deepEqual(
    row?.gaps.map(({ from, to, n, why }) => [from, to, n, why]),
    [[3, 5, 3, "cap"]],
  );
});

test("malformed, foreign and unknown events are set aside and the cursor goes on", async () => {
  const foreign = { ...event(1), source: "/stores/shop1/gateways/gw2/camera" };
  const later = { ...event(2), type: "vitrine.queue-joined" };
  const ack = await send(1, [{ nonsense: true }, foreign, later, event(3)]);
  assert.deepEqual(ack?.seq, { journey: 4 });
  assert.deepEqual(await account(), { seq: 4, stored: 1, known: 0, shed: 0, quarantined: 3 });
});

test("events that come again under a new epoch are known, not duplicated", async () => {
  await send(1, [event(0), event(1)], OTHER_EPOCH);
  await send(1, [event(0), event(1), event(2)]);
  assert.deepEqual(await account(), { seq: 3, stored: 1, known: 2, shed: 0, quarantined: 0 });
  assert.equal((await storedIds()).length, 3);
});

test("a message that cannot be read is set aside without an acknowledgement", async () => {
  for (const text of ["", "{", "null", JSON.stringify(batch(0, [event(0)]))])
    assert.equal(await link.receive("vitrine/v1/gw1/up/ev", text), undefined);
  assert.equal(ingest.counts.quarantined, 4);
  assert.deepEqual(await store.gateways(), []);
});

test("a birth is answered with the cursors of its epoch", async () => {
  await send(1, [event(0)]);
  const birth = {
    v: 1,
    online: true,
    session: "s-2",
    boot: "b1",
    storeId: "shop1",
    epoch: EPOCH,
    versions: {},
    schemaHash: "x",
    sensors: [],
  };
  const ack = await link.receive("vitrine/v1/gw1/up/birth", birth);
  assert.deepEqual(ack?.seq, { journey: 1 });
  await link.receive("vitrine/v1/gw1/up/birth", { ...birth, online: false, session: "s-1" });
  assert.equal((await store.gateways())[0]?.online, true, "a late will of an older session");
  await link.receive("vitrine/v1/gw1/up/birth", { ...birth, online: false });
  assert.equal((await store.gateways())[0]?.online, false);
});

test("seq = stored + known + shed + quarantined after any order of batches, and replaying them changes nothing", async () => {
  const part = fc.record({
    first: fc.integer({ min: 1, max: 30 }),
    length: fc.integer({ min: 1, max: 12 }),
  });
  let run = 0;
  const records = (first: number, length: number): unknown[] =>
    Array.from({ length }, (_, i) => first + i).map((seq) =>
      seq % 7 === 0 ? gap(seq, seq) : seq % 11 === 0 ? { bad: seq } : event(seq),
    );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 30 }), async (parts) => {
      run += 1;
      const fresh = new SqliteStore(join(dir, `property-${run}.db`));
      const line = new FakeLink();
      ingestOf(fresh, line);
      const play = async (): Promise<void> => {
        for (const { first, length } of parts)
          await line.receive("vitrine/v1/gw1/up/ev", batch(first, records(first, length)));
      };
      await play();
      const once = (await fresh.gateways())[0]?.streams[0];
      const total =
        (once?.stored ?? 0) + (once?.known ?? 0) + (once?.shed ?? 0) + (once?.quarantined ?? 0);
      assert.equal(total, once?.seq ?? 0);
      await play();
      await play();
      const stream = (await fresh.gateways())[0]?.streams[0];
      const expected = Array.from({ length: stream?.seq ?? 0 }, (_, i) => i + 1);
      assert.equal(stream?.stored ?? 0, expected.filter((n) => n % 7 !== 0 && n % 11 !== 0).length);
      assert.equal(stream?.shed ?? 0, expected.filter((n) => n % 7 === 0).length);
      await fresh.close();
    }),
    { numRuns: 15 },
  );
});

test("events are paged in order of time without loss at equal times", async () => {
  await send(
    1,
    Array.from({ length: 40 }, (_, n) => ({ ...event(n), time: event(n >> 3)["time"] })),
  );
  const app = await createApi(apiOptions(null));
  const ids: string[] = [];
  let after = "";
  do {
    const answer = await app.inject({
      url: `/api/v1/stores/shop1/events?limit=7${after}`,
      headers: { host: "127.0.0.1:1" },
    });
    const { events, next } = answer.json<{ events: { id: string }[]; next: string | null }>();
    ids.push(...events.map((each) => each.id));
    after = next === null ? "" : `&after=${next}`;
  } while (after !== "");
  assert.deepEqual(ids, await storedIds());
  assert.equal(new Set(ids).size, 40);
  await app.close();
});

function apiOptions(token: string | null): Parameters<typeof createApi>[0] {
  return {
    repository: store,
    linkState: () => link.state,
    plans: new StorePlans({ files: [], repository: store, log: SILENT_LOG }),
    fleet: null,
    metricsOf: null,
    token,
    isOpen: token === null,
    page: null,
    clock,
  };
}

const requests: readonly {
  name: string;
  url: string;
  token: string | null;
  headers: Record<string, string>;
  status: number;
}[] = [
  {
    name: "a wrong query",
    url: "/api/v1/stores/s/events?limit=0&frm=1",
    token: null,
    headers: {},
    status: 400,
  },
  {
    name: "a store without site plan",
    url: "/api/v1/stores/s/today",
    token: null,
    headers: {},
    status: 404,
  },
  { name: "an unknown address", url: "/api/v1/nothing", token: null, headers: {}, status: 404 },
  {
    name: "a foreign host name without token",
    url: "/api/v1/stores",
    token: null,
    headers: { host: "evil.example" },
    status: 403,
  },
  {
    name: "no token where one is required",
    url: "/api/v1/stores",
    token: "t0p",
    headers: {},
    status: 401,
  },
  {
    name: "a wrong token",
    url: "/api/v1/stores",
    token: "t0p",
    headers: { authorization: "Bearer t0q" },
    status: 401,
  },
  {
    name: "the right token",
    url: "/api/v1/stores",
    token: "t0p",
    headers: { authorization: "Bearer t0p" },
    status: 200,
  },
  {
    name: "health while the broker is away",
    url: "/healthz",
    token: "t0p",
    headers: {},
    status: 503,
  },
];
for (const { name, url, token, headers, status } of requests) {
  test(`the API answers ${status} to ${name}`, async () => {
    const app = await createApi(apiOptions(token));
    const answer = await app.inject({ url, headers: { host: "localhost", ...headers } });
    assert.equal(answer.statusCode, status);
    await app.close();
  });
}

test("the centre refuses to listen beyond loopback without a token, and a store it does not know", async () => {
  const options = {
    store: "mysql://x",
    mqttUrl: "mqtt://127.0.0.1:1",
    root: "vitrine",
    clock,
    log: SILENT_LOG,
    random: () => 0,
  };
  const hasCode = (code: string) => (error: unknown) =>
    error instanceof GatewayError && error.code === code;
  assert.throws(
    () => createCentral({ ...options, http: { host: "0.0.0.0", port: 0 } }),
    hasCode("WEB_PASSWORD_REQUIRED"),
  );
  const central = createCentral({ ...options, http: { host: "127.0.0.1", port: 0 } });
  await assert.rejects(central.start(new AbortController().signal), hasCode("CONFIG_INVALID"));
  await central[Symbol.asyncDispose]();
});
