import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { FastifyInstance } from "fastify";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { shopSite } from "../../../test/fakes/journey-events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { StorePlans } from "../rollups/store-plans.ts";
import { SqliteStore } from "../sqlite/sqlite-store.ts";
import { addKey, revokeKey } from "./api-keys.ts";
import { createApi } from "./create-api.ts";

const PER_MINUTE = 40;
const CARD = "CARD-4711";
const SPAN = "from=0&to=1000";
let store: SqliteStore;
let clock: FakeClock;
let app: FastifyInstance;
let lookUps: number;
const keys: Record<string, string> = {};

beforeEach(async () => {
  store = new SqliteStore(":memory:");
  clock = new FakeClock();
  for (const [name, scopes] of Object.entries({
    reader: ["read"],
    ops: ["ops"],
    loyal: ["read", "ops", "loyalty"],
  } as const))
    keys[name] = await addKey(store, name, scopes, clock.now());
  const read = store.document.bind(store);
  lookUps = 0;
  store.document = (key) => {
    if (key.kind === "api-key") lookUps += 1;
    return read(key);
  };
  app = await createApi({
    ...{ repository: store, metricsOf: null, fleet: null, clock, page: null, token: "t0p" },
    plans: new StorePlans({ files: [shopSite()], repository: store, log: SILENT_LOG }),
    ...{ isOpen: false, requestsPerMinute: PER_MINUTE },
    linkState: () => ({ kind: "offline", since: clock.now(), code: null }),
  });
});
afterEach(async () => {
  await app.close();
  await store.close();
});

interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what is tested.
  readonly body: any;
}

async function get(path: string, token = "t0p"): Promise<Answer> {
  const url = `/api/v1${path}`;
  const { statusCode, payload } = await app.inject({
    url,
    headers: { authorization: `Bearer ${token}` },
  });
  const isJson = payload.startsWith("{");
  return { status: statusCode, text: payload, body: isJson ? JSON.parse(payload) : null };
}

const noted = async (): Promise<readonly string[][]> =>
  (await store.audits(null, 50))
    .filter(({ actor }) => actor !== "command line")
    .map(({ actor, action, target, detail }) => [actor, action, target, detail]);

test("what was set aside shows its body, and the texts its reason quotes, only with scope loyalty", async () => {
  const body = JSON.stringify({ data: { tagId: CARD, receipt: "R-1" } });
  const reason = `data.tagId: expected 1 to 64 letters, found "${CARD}`;
  await store.quarantine("gw1", reason, body, clock.now());
  const ops = await get("/quarantine", keys["ops"]);
  const [row] = ops.body.rows;
  assert.deepEqual(
    [row.gatewayId, row.body, row.reason],
    ["gw1", null, "data.tagId: expected 1 to 64 letters, found a text"],
  );
  assert.doesNotMatch(ops.text, /4711|R-1/);
  assert.equal((await get("/quarantine", keys["loyal"])).body.rows[0].body, body);
});

test("every look at what was set aside, and each of a loyalty key at events and visits, is noted", async () => {
  await get("/quarantine", keys["ops"]);
  await get(`/stores/shop/events?from=1&to=2`, keys["loyal"]);
  await get(`/stores/shop/journeys?${SPAN}`, keys["loyal"]);
  await get(`/stores/shop/events?from=1&to=2`, keys["reader"]);
  await get(`/stores/shop/journeys?${SPAN}`, keys["reader"]);
  assert.deepEqual(
    (await noted()).map(([actor, action, target]) => [actor, action, target]),
    [
      ["loyal", "read:journeys", "shop"],
      ["loyal", "read:events", "shop"],
      ["ops", "read:quarantine", "all gateways"],
    ],
  );
  store.audit = () => Promise.reject(new Error("the log is full"));
  assert.equal((await get("/stores/shop/events", keys["loyal"])).status, 500, "not read unnoted");
});

test("refused keys are noted once a minute each, with how many there were", async () => {
  for (let n = 0; n < 5; n += 1) await get("/audit", keys["reader"]);
  await get("/stores", `vk_reader_${"A".repeat(43)}`);
  await get("/stores", "nonsense");
  clock.advance(60_000);
  await get("/quarantine", keys["reader"]);
  assert.deepEqual(await noted(), [
    ["reader", "refused", "/api/v1/quarantine", "no scope ops; 4 more before"],
    ["nobody", "refused", "/api/v1/stores", "no such key"],
    ["reader", "refused", "/api/v1/audit", "no scope ops"],
  ]);
});

test("wrong keys cost no look into the store beyond a number a minute; right ones from the same address go on", async () => {
  assert.equal((await get("/key", keys["reader"])).status, 200);
  lookUps = 0;
  const codes = new Map<number, number>();
  for (let n = 0; n < 300; n += 1) {
    const { status } = await get("/stores", `vk_reader_${String(n).padStart(43, "A")}`);
    codes.set(status, (codes.get(status) ?? 0) + 1);
  }
  assert.equal(lookUps, PER_MINUTE);
  assert.deepEqual(
    codes,
    new Map([
      [401, PER_MINUTE],
      [429, 300 - PER_MINUTE],
    ]),
  );
  assert.equal((await get("/key", keys["reader"])).status, 200);
  assert.equal((await get("/key")).status, 200, "the token of the environment needs no look");
  await revokeKey(store, "reader", clock.now());
  assert.notEqual((await get("/key", keys["reader"])).status, 200, "revoked at once");
  clock.advance(60_000);
  assert.equal((await get("/audit", keys["ops"])).status, 200);
});

for (const path of [
  "metrics?metric=entrants&",
  "journeys?",
  "export.csv?",
  "export.ndjson?",
  "events?",
])
  test(`a store that nobody knows is said to be none: ${path}`, async () => {
    const { status, body } = await get(`/stores/nowhere/${path}${SPAN}`);
    assert.deepEqual(
      [status, body.error, body.faults],
      [
        ...[404, "STORE_UNKNOWN"],
        [{ path: "id", found: '"nowhere"', expected: "a store of /api/v1/stores" }],
      ],
    );
    assert.equal(
      (await get(`/stores/shop/${path}${SPAN}`)).status,
      200,
      "one without events is known",
    );
  });

for (const path of ["metrics", "export.csv", "export.ndjson"])
  test(`a metric that nobody knows is refused with all there are: ${path}`, async () => {
    const { status, body } = await get(`/stores/shop/${path}?metric=nonsense&${SPAN}`);
    assert.deepEqual([status, body.error], [400, "MESSAGE_INVALID"]);
    const [fault] = body.faults;
    assert.deepEqual([fault.path, fault.found], ["metric", '"nonsense"']);
    assert.match(fault.expected, /^one of .*entrants/);
  });
