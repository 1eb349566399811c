import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { FastifyInstance } from "fastify";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { epochMs, gatewayId } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { eventHash } from "../../io/mqtt/event-hash.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import { OPERATIONS, type OperationName } from "../../wire/central-operations.ts";
import { toCloudEvent } from "../../wire/cloud-event.ts";
import { openApiDocument } from "../../wire/openapi.ts";
import { RollupWorker } from "../rollups/rollup-worker.ts";
import { StorePlans } from "../rollups/store-plans.ts";
import { SqliteStore } from "../sqlite/sqlite-store.ts";
import { addKey, revokeKey } from "./api-keys.ts";
import { createApi } from "./create-api.ts";

const HOUR_MS = 3_600_000;
const START = utc("2026-05-12T04:00:00Z");
const SPAN = `from=${START}&to=${START + 24 * HOUR_MS}`;
const site = shopSite();
const CARD = "card-4711";
let store: SqliteStore;
let clock: FakeClock;
let app: FastifyInstance;
const keys: Record<string, string> = {};

const completed = {
  ...{ kind: "completed", source: "visits#1", seq: 1, at: START + 6 * HOUR_MS, atMono: 1 },
  ...{ clock: "synced", visitId: "visit-1", revision: 0, isWithdrawn: false, method: "tag" },
  ...{ tagKind: "loyalty-card", tagId: CARD, enteredAt: START + 5 * HOUR_MS },
  ...{ exitedAt: START + 6 * HOUR_MS, isEntrySeen: true, isExitSeen: true },
  ...{ entryLineId: "door", exitLineId: "door", endedBy: "exit", reentries: 0, isStaff: false },
  ...{ stays: [], staysDropped: 0, queues: [], basket: null },
  receipts: [
    {
      ...{ receiptId: "r-99", transactionKind: "sale", paidAt: START + 6 * HOUR_MS },
      ...{ netMinor: 1250, units: 2 },
    },
  ],
  began: { source: "visits#1", seq: 0 },
};

beforeEach(async () => {
  store = new SqliteStore(":memory:");
  clock = new FakeClock({ epoch: START + 8 * HOUR_MS });
  const maker = new EventMaker();
  const events = [
    ...maker.allSeeing(START),
    maker.crossing(epochMs(START + 5 * HOUR_MS), "door", "in"),
    completed,
    maker.crossing(epochMs(START + 7 * HOUR_MS), "door", "in"),
  ] as Parameters<typeof toCloudEvent>[0][];
  const context = { gatewayId: gatewayId("g"), storeId: site.store.id, boot: "b", hash: eventHash };
  const records = events.map((event) => {
    const cloud = toCloudEvent(event, { ...context, recordedAt: clock.now() });
    const { id, type } = cloud;
    const [at, body] = [event.at, JSON.stringify(cloud)];
    return { kind: "event" as const, storeId: "shop", at, id, type, body };
  });
  const gap = {
    kind: "gap",
    from: records.length + 1,
    to: records.length + 9,
    why: "cap",
  } as const;
  await store.commit([
    {
      ...{ gatewayId: "g", epoch: "e", stream: "journey", first: 1, receivedAt: clock.now() },
      ...{ storeId: "shop", records: [...records, gap] },
    },
  ]);
  await store.quarantine("g", "unreadable", "{", clock.now());
  const plans = new StorePlans({ files: [site], repository: store, log: SILENT_LOG });
  const metricsOf = (): ReturnType<typeof createMetrics> => createMetrics({ site });
  const making = { repository: store, plans, metricsOf, holder: "here", clock, log: SILENT_LOG };
  await new RollupWorker(making).turn();
  for (const scope of ["read", "ops", "loyalty"] as const)
    keys[scope] = await addKey(
      store,
      scope,
      scope === "loyalty" ? ["read", scope] : [scope],
      clock.now(),
    );
  app = await createApi({
    ...{ repository: store, plans, metricsOf, fleet: null, clock, page: null, token: "t0p" },
    ...{ isOpen: false, requestsPerMinute: 40 },
    linkState: () => ({ kind: "offline", since: clock.now(), code: null }),
  });
});
afterEach(async () => {
  await app.close();
  await store.close();
});

async function get(url: string, token = "t0p"): Promise<{ status: number; text: string }> {
  const answer = await app.inject({ url, headers: { authorization: `Bearer ${token}` } });
  return { status: answer.statusCode, text: answer.payload };
}

const QUERIES: Partial<Record<OperationName, string>> = {
  metrics: `?metric=entrants&${SPAN}`,
  journeys: `?${SPAN}`,
  exportCsv: `?${SPAN}`,
  exportNdjson: `?metric=entrants&grain=quarter&${SPAN}`,
  compare: `?metric=sales-conversion&${SPAN}`,
  compareCsv: `?metric=entrants&${SPAN}`,
};
for (const [name, operation] of Object.entries(OPERATIONS)) {
  if (operation.method !== "get") continue;
  test(`the answer of ${operation.path} fits its schema, and it needs scope ${operation.scope}`, async () => {
    const id = operation.path.includes("/gateways/") ? "g" : "shop";
    const url = `${operation.path.replace(":id", id)}${QUERIES[name as OperationName] ?? ""}`;
    const { status, text } = await get(url);
    assert.equal(status, 200, text);
    const isJson = operation.type === "application/json";
    const outcome = operation.answer.safeParse(isJson ? JSON.parse(text) : text);
    assert.ok(outcome.success, JSON.stringify(outcome.error?.issues));
    const other = operation.scope === "ops" ? "read" : "ops";
    assert.deepEqual((await get(url, keys[other])).status, 403);
    assert.equal((await get(url, keys[operation.scope])).status, 200);
    assert.equal((await get(url, "vk_read_x")).status, 401);
  });
}

test("every route of the API is in the OpenAPI document, and nothing else is", async () => {
  const routes: string[] = [];
  const fresh = await createApi({
    ...{ repository: store, metricsOf: null, fleet: null, clock, page: null, token: null },
    plans: new StorePlans({ files: [], repository: store, log: SILENT_LOG }),
    ...{ isOpen: true, linkState: () => ({ kind: "offline", since: clock.now(), code: null }) },
  });
  for (const [path, methods] of Object.entries(openApiDocument()["paths"] as object))
    for (const method of Object.keys(methods)) routes.push(`${method.toUpperCase()} ${path}`);
  for (const route of routes) {
    const [method = "", path = ""] = route.split(" ");
    assert.ok(fresh.hasRoute({ method: method as "GET", url: path.replace("{id}", ":id") }), route);
  }
  const printed = fresh.printRoutes({ commonPrefix: false });
  const served = [...printed.matchAll(/\((.*?)\)/g)].flatMap(([, list = ""]) =>
    list.split(", ").filter((method) => method !== "HEAD" && method !== "OPTIONS"),
  );
  // Beside them only /healthz.
  assert.equal(served.length, routes.length + 1, printed);
  await fresh.close();
});

test("ids of cards, visits and receipts leave only with scope loyalty, else as pseudonyms of the key", async () => {
  const journeys = `/api/v1/stores/shop/journeys?${SPAN}`;
  const plain = await get(journeys, keys["read"]);
  const loyal = await get(journeys, keys["loyalty"]);
  assert.equal(JSON.parse(plain.text).visits.length, 1);
  for (const secret of [CARD, "visit-1", "r-99"]) assert.ok(!plain.text.includes(secret), secret);
  assert.equal(JSON.parse(loyal.text).visits[0].customer, CARD);
  assert.notEqual(JSON.parse(plain.text).visits[0].visit, JSON.parse(loyal.text).visits[0].visit);
  const events = await get("/api/v1/stores/shop/events?type=vitrine.completed", keys["read"]);
  assert.equal(JSON.parse(events.text).events.length, 1);
  for (const secret of [CARD, "visit-1", "r-99"]) assert.ok(!events.text.includes(secret), secret);
});

test("a store's tile has today's entrants, what was lost and how much arrived", async () => {
  const [tile] = JSON.parse((await get("/api/v1/stores")).text).stores;
  assert.deepEqual([tile.storeId, tile.today.entrants, tile.shed], ["shop", 2, 9]);
  assert.deepEqual(
    tile.attention.map(({ code }: { code: string }) => code),
    ["offline", "gaps", "incomplete"],
  );
});

test("exports hold the stored figures and are noted with the key's name", async () => {
  const { text } = await get(
    `/api/v1/stores/shop/export.csv?metric=entrants&${SPAN}`,
    keys["read"],
  );
  const [head = "", row = ""] = text.split("\r\n");
  const value = row.split(",")[head.split(",").indexOf("value")];
  assert.equal(value, "2");
  const [entry] = JSON.parse((await get("/api/v1/audit")).text).entries;
  assert.deepEqual([entry.actor, entry.action, entry.target], ["read", "export", "shop"]);
});

test("a revoked key is refused at once, and too many requests of one key leave others alone", async () => {
  await revokeKey(store, "loyalty", clock.now());
  assert.equal((await get("/api/v1/stores", keys["loyalty"])).status, 401);
  for (let i = 0; i < 40; i += 1) await get("/api/v1/key", keys["read"]);
  assert.equal((await get("/api/v1/key", keys["read"])).status, 429);
  assert.equal((await get("/api/v1/stores")).status, 200);
  const kept = JSON.stringify(await store.documents("api-key", null));
  assert.ok(!kept.includes(String(keys["read"]).slice(8)), "only hashes are kept");
});

test("a wrong query names each fault, and a command to an unknown gateway is refused", async () => {
  const { status, text } = await get("/api/v1/stores/shop/metrics?metric=entrants&from=2&to=1");
  assert.deepEqual([status, JSON.parse(text).faults[0].path], [400, "to"]);
  const headers = { authorization: "Bearer t0p" };
  const command = { command: { name: "announce", arguments: {} } };
  const url = "/api/v1/gateways/nobody/commands";
  const answer = await app.inject({ method: "POST", url, headers, payload: command });
  assert.equal(answer.statusCode, 404);
});
