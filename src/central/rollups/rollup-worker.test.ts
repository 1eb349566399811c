import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs, gatewayId } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { SitePlan } from "../../core/site.ts";
import { eventHash } from "../../io/mqtt/event-hash.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import { periodReport } from "../../metrics/reports/period-report.ts";
import { shopDays } from "../../metrics/reports/report-period.ts";
import { toCloudEvent } from "../../wire/cloud-event.ts";
import type { RollupRow } from "../repository.ts";
import { SqliteStore } from "../sqlite/sqlite-store.ts";
import { RollupWorker } from "./rollup-worker.ts";
import { StorePlans } from "./store-plans.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = utc("2026-05-12T04:00:00Z");
const site = shopSite();
let store: SqliteStore;
let clock: FakeClock;
let maker: EventMaker;
/** By stream. */
const sent = new Map<string, number>();

beforeEach(() => {
  store = new SqliteStore(":memory:");
  clock = new FakeClock({ epoch: START + 10 * HOUR_MS });
  maker = new EventMaker();
  sent.clear();
});
afterEach(() => store.close());

async function arrive(events: readonly JourneyEvent[], stream = "journey"): Promise<void> {
  const context = { gatewayId: gatewayId("g"), storeId: site.store.id, boot: "b" };
  const records = events.map((event) => {
    const cloud = toCloudEvent(event, { ...context, recordedAt: clock.now(), hash: eventHash });
    const { at } = event;
    const [id, type, body] = [cloud.id, cloud.type, JSON.stringify(cloud)];
    return { kind: "event" as const, storeId: "shop", at, id, type, body };
  });
  const batch = { gatewayId: "g", epoch: "e", stream, first: (sent.get(stream) ?? 0) + 1, records };
  sent.set(stream, (sent.get(stream) ?? 0) + records.length);
  await store.commit([{ ...batch, receivedAt: clock.now(), storeId: "shop" }]);
}

function workerOf(plans: readonly SitePlan[] = [site], keepDays?: number): RollupWorker {
  return new RollupWorker({
    repository: store,
    plans: new StorePlans({ files: plans, repository: store, log: SILENT_LOG }),
    metricsOf: (plan) => createMetrics({ site: plan }),
    holder: "here",
    ...(keepDays === undefined ? {} : { keepDays }),
    clock,
    log: SILENT_LOG,
  });
}

const day = (start: EpochMs, people: number): readonly JourneyEvent[] => [
  ...maker.allSeeing(start),
  ...Array.from({ length: people }, (_, i) =>
    maker.crossing(epochMs(start + 5 * HOUR_MS + i * 60_000), "door", "in"),
  ),
];
const rowsOf = (grain: RollupRow["grain"], metric = "entrants"): Promise<readonly RollupRow[]> =>
  store.rollups({
    ...{ storeIds: null, grain, scope: "store", metrics: [metric] },
    from: epochMs(0),
    to: epochMs(9e12),
  });
/** Another turn far enough on that no day counts as just made. */
async function later(worker: RollupWorker, ms = HOUR_MS): Promise<void> {
  clock.advance(ms);
  await worker.turn();
}

test("a day's figures are those of the gateway's own report, and its quarters add up to it", async () => {
  const events = day(START, 7);
  await arrive(events);
  await workerOf().turn();
  const metrics = createMetrics({ site });
  for (const event of events) metrics.ingest(event);
  const until = epochMs((events.at(-1)?.at ?? START) + 1);
  const asked = { period: { kind: "day", date: null }, compare: null } as const;
  const report = periodReport(site, shopDays(site), metrics, asked, until);
  for (const tile of report?.current.tiles ?? []) {
    const [row] = await rowsOf("day", tile.metric);
    assert.equal(row?.value, tile.value, tile.metric);
  }
  const quarters = await rowsOf("quarter");
  assert.equal(
    quarters.reduce((sum, { value }) => sum + (value ?? 0), 0),
    7,
  );
  assert.deepEqual(await store.dirtyHours(10), []);
});

test("making the same day again changes nothing, a replay neither", async () => {
  await arrive(day(START, 3));
  const worker = workerOf();
  await worker.turn();
  const before = [await rowsOf("day"), await rowsOf("quarter")];
  const { rows } = worker.counts;
  await store.saveRollups("shop", [], []);
  const other = workerOf();
  await other.turn();
  assert.deepEqual([await rowsOf("day"), await rowsOf("quarter")], before);
  assert.ok(rows > 0);
});

test("a late event raises the revision of the slots it changes and of no other", async () => {
  await arrive(day(START, 3));
  const worker = workerOf();
  clock.advance(DAY_MS);
  await arrive(day(epochMs(START + DAY_MS), 1));
  await worker.turn();
  const [first] = await rowsOf("day");
  assert.deepEqual([first?.value, first?.revision, first?.completeness], [3, 0, 1]);
  await arrive([maker.crossing(epochMs(START + 8 * HOUR_MS), "door", "in")]);
  await later(worker);
  const [again] = await rowsOf("day");
  assert.deepEqual([again?.value, again?.revision], [4, 1]);
  const revised = (await rowsOf("quarter")).filter(({ revision }) => revision > 0);
  assert.deepEqual(
    revised.map(({ from }) => from),
    [START + 8 * HOUR_MS],
  );
  assert.equal(again?.finalAt, START + DAY_MS + 36 * HOUR_MS);
});

test("what has not arrived has no quarters, and the day says how much is missing", async () => {
  await arrive(day(START, 1));
  await workerOf().turn();
  const [row] = await rowsOf("day");
  // The newest event came five hours into the day, of which ten are over.
  assert.ok(Math.abs((row?.completeness ?? 0) - 0.5) < 0.01, String(row?.completeness));
  assert.equal((await rowsOf("quarter")).at(-1)?.from, START + 5 * HOUR_MS);
});

test("shed events lower the completeness of the day, and of the quarters in which they happened", async () => {
  await arrive(day(START, 6));
  const stored = sent.get("journey") ?? 0;
  // Between the last event, five hours and five minutes into the day, and the moment they were given up.
  const shedAt = epochMs(START + 6 * HOUR_MS);
  const gap = { kind: "gap", from: stored + 1, to: 2 * stored, why: "cap", shedAt } as const;
  await store.commit([
    {
      ...{ gatewayId: "g", epoch: "e", stream: "journey", first: stored + 1, records: [gap] },
      ...{ receivedAt: clock.now(), storeId: "shop" },
    },
  ]);
  await workerOf().turn();
  const [row] = await rowsOf("day");
  const [arrived] = [(5 * HOUR_MS + 5 * 60_000) / (10 * HOUR_MS)];
  assert.ok(Math.abs((row?.completeness ?? 0) - arrived / 2) < 0.01, String(row?.completeness));
  const quarters = await rowsOf("quarter");
  const at = (ms: number): number =>
    quarters.find(({ from }) => from === START + ms)?.completeness ?? Number.NaN;
  assert.equal(at(4 * HOUR_MS), 1, "nothing was lost there");
  const lost = (stored * 10) / 55;
  const seen = 6;
  const expected = (5 / 15 + 1 / 900_000) * (seen / (seen + lost));
  assert.ok(Math.abs(at(5 * HOUR_MS) - expected) < 0.01, `${at(5 * HOUR_MS)} for ${expected}`);
});

test("a gap makes the days anew in which its events were lost, also when nothing else comes", async () => {
  await arrive(day(START, 6));
  const worker = workerOf();
  await worker.turn();
  const [before] = await rowsOf("day");
  const shedAt = epochMs(START + 6 * HOUR_MS);
  const stored = sent.get("journey") ?? 0;
  const gap = { kind: "gap", from: stored + 1, to: stored + 9, why: "cap", shedAt } as const;
  const batch = {
    gatewayId: "g",
    epoch: "e",
    stream: "journey",
    first: stored + 1,
    records: [gap],
  };
  await store.commit([{ ...batch, receivedAt: clock.now(), storeId: "shop" }]);
  await later(worker);
  const [after] = await rowsOf("day");
  assert.ok((after?.completeness ?? 1) < (before?.completeness ?? 0));
});

test("a day is made once more when it is over, without another event of it, and its record is kept", async () => {
  await arrive(day(START, 2));
  const worker = workerOf();
  await worker.turn();
  assert.deepEqual(await store.documents("day-record", "shop"), []);
  await arrive(maker.allSeeing(epochMs(START + DAY_MS)));
  await later(worker, DAY_MS);
  const [row] = await rowsOf("day");
  assert.deepEqual([row?.value, row?.completeness, row?.revision], [2, 1, 0]);
  const kept = await store.documents("day-record", "shop");
  assert.deepEqual(
    kept.map(({ key }) => key.part),
    [String(START)],
  );
});

test("a restarted worker goes on where the other stopped", async () => {
  await arrive(day(START, 2));
  await workerOf().turn();
  clock.advance(DAY_MS);
  await arrive(maker.allSeeing(epochMs(START + DAY_MS)));
  await workerOf().turn();
  assert.equal((await rowsOf("day"))[0]?.completeness, 1);
});

test("a shop without a plan has no figures and gets them when its plan comes", async () => {
  await arrive(day(START, 4));
  const worker = workerOf([]);
  await worker.turn();
  assert.deepEqual([await rowsOf("day"), await store.dirtyHours(9)], [[], []]);
  assert.ok(worker.counts.unplanned > 0);
  const { dayCutoverMin, ...rest } = site.store;
  assert.equal(dayCutoverMin, 240, "the default, which a plan in a file need not name");
  const line = { id: "door", name: "Door", role: "door", a: [0, 0.5], b: [1, 0.5] };
  const cameras = [{ id: "entrance", name: "Entrance", lines: [line] }];
  const plan = JSON.stringify({ v: 1, store: rest, cameras });
  await store.saveDocument({ kind: "site", owner: "shop", part: "" }, plan, clock.now());
  await later(worker);
  assert.equal((await rowsOf("day"))[0]?.value, 4);
});

test("days whose events are gone keep their figures", async () => {
  await arrive(day(START, 4));
  await workerOf().turn();
  clock.advance(9 * DAY_MS);
  await arrive([maker.crossing(epochMs(START + HOUR_MS), "door", "in")]);
  const worker = workerOf([site], 5);
  await worker.turn();
  assert.equal((await rowsOf("day"))[0]?.value, 4);
  assert.ok(worker.counts.expired > 0);
  assert.deepEqual(await store.dirtyHours(9), []);
});

/** All that is told of days and quarters, but for how often it was told before. */
async function told(): Promise<readonly unknown[]> {
  const rows = [
    ...(await rowsOf("day")),
    ...(await rowsOf("quarter")),
    ...(await rowsOf("day", "occupancy-peak")),
  ];
  return rows.map(({ revision: _revision, finalAt: _finalAt, ...row }) => row);
}

test("figures do not depend on the order in which a shop's past comes in", async () => {
  const days = [0, 1, 2, 3].map((n) => epochMs(START + n * DAY_MS));
  // The sensors saw from the first day on and told so only once.
  const seeing = maker.allSeeing(START);
  const people = days.map((start, n) =>
    Array.from({ length: 3 + n }, (_, i) =>
      maker.crossing(epochMs(start + 5 * HOUR_MS + i * 60_000), "door", "in"),
    ),
  );
  clock.advance(6 * DAY_MS);
  const worker = workerOf();
  for (const crossings of people) {
    await arrive(crossings);
    await later(worker);
  }
  await arrive(seeing, "health");
  for (let turn = 0; turn < 6; turn += 1) await later(worker);
  const late = await told();
  assert.deepEqual(
    (await rowsOf("day")).slice(0, 4).map(({ value }) => value),
    [3, 4, 5, 6],
  );

  await store.close();
  store = new SqliteStore(":memory:");
  sent.clear();
  await arrive(seeing, "health");
  await arrive(people.flat());
  const other = workerOf();
  for (let turn = 0; turn < 6; turn += 1) await later(other);
  assert.deepEqual(late, (await told()).slice(0, late.length));
});

test("an event in an hour that two trading days share is counted however soon it comes after them", async () => {
  const kolkata = shopSite({ timeZone: "Asia/Kolkata" });
  const first = utc("2026-05-11T22:30:00Z");
  clock = new FakeClock({ epoch: epochMs(first + 2 * DAY_MS) });
  const worker = workerOf([kolkata]);
  await arrive([
    ...maker.allSeeing(first),
    maker.crossing(epochMs(first + HOUR_MS), "door", "in"),
    maker.crossing(epochMs(first + DAY_MS + HOUR_MS), "door", "in"),
  ]);
  await worker.turn();
  clock.advance(10_000);
  // Ten minutes before the border of the two days, which lies in the middle of an hour of UTC.
  await arrive([maker.crossing(epochMs(first + DAY_MS - 600_000), "door", "in")]);
  await later(worker, 10_000);
  await later(worker);
  await later(worker);
  assert.deepEqual(
    (await rowsOf("day")).slice(0, 2).map(({ value }) => value),
    [2, 1],
  );
  assert.deepEqual(await store.dirtyHours(9), []);
});

test("a shop that brings in a year does not keep the others waiting", async () => {
  const old = (n: number) => epochMs(START - n * DAY_MS);
  clock.advance(DAY_MS);
  await arrive(Array.from({ length: 30 }, (_, n) => maker.crossing(old(n + 1), "door", "in")));
  const worker = workerOf();
  assert.equal(await worker.turn(), true, "more waits");
  assert.ok(worker.counts.days <= 5);
});
