import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FullDay, fullShop } from "../../../test/fakes/full-day.ts";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId, MetricScope } from "../../core/metric-value.ts";
import { seededRandom } from "../../core/random.ts";
import type { SitePlan } from "../../core/site.ts";
import { createTradingCalendar } from "../calendar/trading-day.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import type { Grain } from "./reports.ts";
import type { DirtySlot, RollupSlot } from "./rollups.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY = utc("2026-11-20T04:00:00Z");
const NEXT = epochMs(DAY + 24 * HOUR_MS);
const OPENS = epochMs(DAY + 5 * HOUR_MS);
const STORE = { kind: "store" } as const;
const TABLE = { kind: "zone", id: "table" } as const;
const GRAINS: readonly Grain[] = ["minute", "quarter", "hour", "day"];

/** A closed day without a blind hour, in which every minute counts. */
function closedDay(seed: number): Metrics {
  const metrics = createMetrics({ site: fullShop() });
  const maker = new EventMaker(`sight-${seed}`);
  for (const event of maker.allSeeing(DAY)) metrics.ingest(event);
  for (const event of new FullDay(`run-${seed}`, OPENS, seededRandom(seed)).events(60))
    if (event.kind !== "sensor-changed") metrics.ingest(event);
  metrics.ingest(maker.sensor(NEXT, "entrance"));
  metrics.today(NEXT);
  return metrics;
}

function sumOf(slots: readonly RollupSlot[], place: number): number {
  return slots.reduce((sum, { values }) => sum + (values[place]?.value ?? Number.NaN), 0);
}

const additive: readonly { readonly scope: MetricScope; readonly metrics: readonly MetricId[] }[] =
  [
    {
      scope: STORE,
      metrics: ["entrants", "exits", "passing-traffic", "transactions", "net-sales"],
    },
    { scope: TABLE, metrics: ["zone-visits", "zone-dwell-total"] },
  ];

test("parts add up to the whole in every grain, whatever the interval", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 0, max: 22 }),
      fc.integer({ min: 1, max: 24 }),
      (seed, first, hours) => {
        const metrics = closedDay(seed);
        const from = epochMs(DAY + first * HOUR_MS);
        const to = epochMs(Math.min(NEXT, from + hours * HOUR_MS));
        for (const { scope, metrics: ids } of additive) {
          const whole = ids.map((id) => metrics.value(id, scope, from, to).value);
          for (const grain of ["minute", "quarter", "hour"] as const) {
            const slots = metrics.rollup({ grain, metrics: ids, scope, from, to });
            assert.deepEqual(
              ids.map((_, place) => sumOf(slots, place)),
              whole,
              grain,
            );
          }
        }
      },
    ),
    { numRuns: 6, seed: 3 },
  );
});

test("split and merged again, a rollup gives the same as in one", () => {
  const metrics = closedDay(9);
  const ask = (from: EpochMs, to: EpochMs): readonly RollupSlot[] =>
    metrics.rollup({
      grain: "quarter",
      metrics: ["entrants", "net-sales"],
      scope: STORE,
      from,
      to,
    });
  const cut = epochMs(DAY + 9 * HOUR_MS);
  assert.deepEqual([...ask(DAY, cut), ...ask(cut, NEXT)], ask(DAY, NEXT));
});

const days: readonly {
  readonly name: string;
  readonly timeZone: string;
  readonly noon: string;
  readonly hours: number;
  readonly lastMs: number;
}[] = [
  {
    name: "of 23 hours",
    timeZone: "Europe/Copenhagen",
    noon: "2026-03-28T12:00:00Z",
    hours: 23,
    lastMs: HOUR_MS,
  },
  {
    name: "of 25 hours",
    timeZone: "Europe/Copenhagen",
    noon: "2026-10-24T12:00:00Z",
    hours: 25,
    lastMs: HOUR_MS,
  },
  {
    name: "in a zone half an hour off",
    timeZone: "Asia/Kolkata",
    noon: "2026-06-01T12:00:00Z",
    hours: 24,
    lastMs: HOUR_MS,
  },
  {
    name: "whose clocks change by half an hour",
    timeZone: "Australia/Lord_Howe",
    noon: "2026-04-03T20:00:00Z",
    hours: 25,
    lastMs: HOUR_MS / 2,
  },
];
for (const c of days) {
  test(`a trading day ${c.name} has as many hours, half-open, and nothing is lost at its end`, () => {
    const site: SitePlan = shopSite({ timeZone: c.timeZone });
    const day = createTradingCalendar(c.timeZone, 240).dayOf(utc(c.noon));
    const maker = new EventMaker();
    const metrics = createMetrics({ site });
    for (const event of maker.allSeeing(day.start)) metrics.ingest(event);
    for (let at = day.start; at < day.end; at = epochMs(at + 10 * MINUTE_MS))
      metrics.ingest(maker.crossing(at, "door", "in"));
    metrics.today(day.end);
    const ask = (grain: Grain): readonly RollupSlot[] =>
      metrics.rollup({ grain, metrics: ["entrants"], scope: STORE, from: day.start, to: day.end });
    const slots = ask("hour");
    assert.equal(slots.length, c.hours);
    slots.forEach((slot, i) => {
      assert.equal(slot.from, slots[i - 1]?.to ?? day.start);
      assert.equal(slot.values[0]?.from, slot.from);
    });
    const last = slots.at(-1);
    assert.deepEqual([last?.to, (last?.to ?? 0) - (last?.from ?? 0)], [day.end, c.lastMs]);
    assert.equal(sumOf(slots, 0), sumOf(ask("day"), 0));
    assert.equal(ask("day").length, 1);
  });
}

test("a slot is final a minute after it closed, and one that goes on is told up to now", () => {
  const metrics = createMetrics({ site: shopSite() });
  const maker = new EventMaker();
  for (const event of maker.allSeeing(DAY)) metrics.ingest(event);
  const now = epochMs(DAY + 61 * MINUTE_MS - 1);
  metrics.today(now);
  const ask = (): readonly RollupSlot[] =>
    metrics.rollup({ grain: "hour", metrics: ["entrants"], scope: STORE, from: DAY, to: NEXT });
  const brief = (slots: readonly RollupSlot[]): unknown =>
    slots.map(({ from, to, values, isFinal }) => [from, to, values[0]?.to, isFinal]);
  const second = epochMs(DAY + HOUR_MS);
  const third = epochMs(DAY + 2 * HOUR_MS);
  assert.deepEqual(brief(ask()), [
    [DAY, second, second, false],
    [second, third, now, false],
  ]);
  metrics.today(epochMs(now + 1));
  assert.deepEqual(brief(ask())?.[0 as never], [DAY, second, second, true]);
});

const brief = (slots: readonly DirtySlot[]): unknown =>
  slots.map(({ grain, from, to, revision }) => [
    grain,
    (from - DAY) / MINUTE_MS,
    (to - DAY) / MINUTE_MS,
    revision,
  ]);

test("a change tells the slots that hold it in every grain, once", () => {
  const metrics = createMetrics({ site: shopSite() });
  const maker = new EventMaker();
  metrics.ingest(maker.crossing(epochMs(DAY + 100 * MINUTE_MS), "door", "in"));
  const first = [
    ["day", 0, 1440, 0],
    ["hour", 60, 120, 0],
    ["quarter", 90, 105, 0],
    ["minute", 100, 101, 0],
  ];
  const ordered = (slots: unknown): unknown => [...(slots as unknown[][])].sort();
  assert.deepEqual(ordered(brief(metrics.takeDirtySlots())), ordered(first));
  assert.deepEqual(metrics.takeDirtySlots(), []);
});

test("a late event opens its slots again and raises their revision, that of the value too", () => {
  const metrics = createMetrics({ site: shopSite() });
  const maker = new EventMaker();
  for (const event of maker.allSeeing(DAY)) metrics.ingest(event);
  for (const minute of [10, 300])
    metrics.ingest(maker.crossing(epochMs(DAY + minute * MINUTE_MS), "door", "in"));
  metrics.takeDirtySlots();
  metrics.ingest(maker.crossing(epochMs(DAY + 10 * MINUTE_MS), "door", "in"));
  const dirty = metrics.takeDirtySlots();
  assert.deepEqual(new Set(dirty.map(({ grain }) => grain)), new Set(GRAINS));
  assert.ok(dirty.every(({ revision, isWhole }) => revision === 1 && !isWhole));
  for (const { grain, from, to } of dirty) {
    const [slot] = metrics.rollup({ grain, metrics: ["entrants"], scope: STORE, from, to });
    assert.equal(slot?.values[0]?.revision, 1, grain);
  }
});

test("a sensor's late news opens every slot up to its next news", () => {
  const metrics = createMetrics({ site: shopSite() });
  const maker = new EventMaker();
  for (const event of maker.allSeeing(DAY)) metrics.ingest(event);
  metrics.ingest(maker.crossing(epochMs(DAY + 300 * MINUTE_MS), "door", "in"));
  metrics.takeDirtySlots();
  metrics.ingest(maker.sensor(epochMs(DAY + 120 * MINUTE_MS), "entrance"));
  metrics.takeDirtySlots();
  metrics.ingest(maker.sensor(epochMs(DAY + 60 * MINUTE_MS), "entrance", "blind"));
  const hours = metrics.takeDirtySlots().filter(({ grain }) => grain === "hour");
  assert.deepEqual(brief(hours), [["hour", 60, 120, 60]]);
});

test("when too much changed at once, whole days are told", () => {
  const metrics = createMetrics({ site: shopSite() });
  const maker = new EventMaker();
  for (let day = 0; day < 7; day += 1)
    metrics.ingest(maker.crossing(epochMs(DAY + day * 24 * HOUR_MS), "door", "in"));
  metrics.ingest(maker.sensor(DAY, "entrance"));
  const dirty = metrics.takeDirtySlots();
  assert.deepEqual(
    dirty.map(({ grain, isWhole }) => [grain, isWhole]),
    Array.from({ length: 7 }, () => ["day", true]),
  );
});

test("a slot that was final changes only with the news that it did", () => {
  const metrics = createMetrics({ site: fullShop() });
  // Before the first receipt ever nothing is known of the till, not even that it sold nothing.
  metrics.ingest(new EventMaker("till").receipt(DAY, "first"));
  const events = new FullDay("run", OPENS, seededRandom(12)).events(30);
  const late = new EventMaker("late");
  const final = (metric: MetricId, scope: MetricScope): [string, string][] =>
    metrics
      .rollup({ grain: "quarter", metrics: [metric], scope, from: DAY, to: NEXT })
      .filter(({ isFinal }) => isFinal)
      .map(({ from, values }) => [`${from} ${metric}`, JSON.stringify(values[0]?.value)]);
  const ask = (): Map<string, string> =>
    new Map([
      ...(["entrants", "exits", "transactions", "net-sales"] as const).flatMap((id) =>
        final(id, STORE),
      ),
      ...(["zone-visits", "zone-dwell-total"] as const).flatMap((id) => final(id, TABLE)),
    ]);
  let known = ask();
  let changed = 0;
  for (let i = 0; i < events.length; i += 20) {
    for (const event of events.slice(i, i + 20)) metrics.ingest(event);
    metrics.ingest(late.crossing(epochMs(OPENS + i * MINUTE_MS), "door", "out"));
    const told = new Set(metrics.takeDirtySlots().map(({ from }) => String(from)));
    const now = ask();
    for (const [slot, value] of known) {
      if (now.get(slot) === value) continue;
      changed += 1;
      assert.ok(told.has(slot.split(" ")[0] ?? ""), `${slot}: ${value} became ${now.get(slot)}`);
    }
    known = now;
  }
  assert.ok(changed > 10, `${changed}`);
});
