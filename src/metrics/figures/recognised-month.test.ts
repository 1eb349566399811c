import assert from "node:assert/strict";
import { test } from "node:test";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { ToldEvents } from "../../../test/fakes/visit-shop.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { seededRandom } from "../../core/random.ts";
import { VisitBuilder } from "../../journey/visits/visit-builder.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import { sampledVisits } from "../paths/visit-sample.ts";

/**
 * Seven weeks of a shop whose members show a code, carry an app, or both, with what is true planted. What is expected is
 * worked out here from who came when, and from nothing of the product.
 */
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const FIRST = utc("2026-09-14T04:00:00Z");
const DAYS = 42;
const MEMBERS = 80;
const STRANGERS_A_DAY = 60;
const TWENTY_FIRST = 21;

/** A member in the shop, in minutes after the trading day began; `day` counts from the first. */
interface TrueVisit {
  readonly member: string;
  readonly day: number;
  readonly minute: number;
  readonly how: "code" | "code again" | "app" | "app and face";
}

/** Members come every few days, some twice a day, and some shortly before the day is cut, for half an hour. */
function trueVisits(): readonly TrueVisit[] {
  const random = seededRandom(7);
  const ways = ["code", "code again", "app", "app and face"] as const;
  const visits: TrueVisit[] = [];
  for (let who = 0; who < MEMBERS; who += 1) {
    const everyDays = 2 + (who % 9);
    for (let day = who % 5; day < DAYS; day += 1) {
      if (random() > 1 / everyDays) continue;
      const how = ways[Math.floor(random() * 4)] ?? "code";
      const late = random() < 0.05 ? 24 * 60 - 8 : 300 + Math.floor(random() * 200);
      visits.push({ member: `m${who}`, day, minute: late, how });
      if (random() < 0.1 && late < 600)
        visits.push({ member: `m${who}`, day, minute: 600 + Math.floor(random() * 200), how });
    }
  }
  return visits;
}

/** What the sensors and the station say of it, in order of time. */
function eventsOf(visits: readonly TrueVisit[]): readonly JourneyEvent[] {
  const [make, doors] = [new ToldEvents("month"), new EventMaker()];
  const at = (day: number, minute: number): EpochMs =>
    epochMs(FIRST + day * DAY_MS + minute * MINUTE_MS);
  const events: JourneyEvent[] = [];
  for (let day = 0; day < DAYS; day += 1) {
    events.push(...doors.allSeeing(at(day, 0)));
    for (let i = 0; i < STRANGERS_A_DAY; i += 1)
      events.push(
        doors.crossing(at(day, 310 + i * 5), "door", "in"),
        doors.crossing(at(day, 318 + i * 5), "door", "out"),
      );
  }
  const card = { kind: "loyalty-card" } as const;
  for (const { member, day, minute, how } of visits) {
    events.push(
      doors.crossing(at(day, minute), "door", "in"),
      doors.crossing(at(day, Math.min(minute + 20, 24 * 60 - 1)), "door", "out"),
    );
    const isHeard = how.startsWith("app");
    if (isHeard) events.push(make.presence(at(day, minute), member, "inside", card));
    if (how !== "app") events.push(make.recognised(at(day, minute + 4), member));
    if (how === "code again") events.push(make.recognised(at(day, minute + 15), member));
    if (how === "app and face") events.push(make.recognised(at(day, minute + 17), member, "face"));
    if (isHeard) events.push(make.presence(at(day, minute + 20), member, "passing", card));
  }
  return events.sort((a, b) => a.at - b.at);
}

/** A gateway's figures of these events; visits are decided on as time goes by. */
function figuresOf(events: readonly JourneyEvent[]): Metrics {
  const site = shopSite();
  const metrics = createMetrics({ site });
  const visits = new VisitBuilder(site, {}, (told) => metrics.ingest(told));
  for (const event of events) {
    visits.advance(event.at);
    metrics.ingest(event);
    visits.take(event);
  }
  visits.advance(epochMs(FIRST + (DAYS + 1) * DAY_MS));
  return metrics;
}

interface Truth {
  readonly identified: number;
  readonly repeats: (windowDays: number) => number;
}

/** The day of a visit is the trading day on which it was first known, by beacon or station. */
function truthOf(visits: readonly TrueVisit[], from: number, to: number): Truth {
  const known = visits.map((one) => ({
    ...one,
    day: one.day + Math.floor((one.minute + (one.how.startsWith("app") ? 0 : 4)) / (24 * 60)),
  }));
  const asked = known.filter(({ day }) => day >= from && day < to);
  const hasCome = (member: string, day: number, windowDays: number): boolean =>
    known.some((one) => one.member === member && one.day < day && one.day >= day - windowDays);
  return {
    identified: asked.length,
    repeats: (days) => asked.filter(({ member, day }) => hasCome(member, day, days)).length,
  };
}

const VISITS = trueVisits();
const EVENTS = eventsOf(VISITS);

function ask(metrics: Metrics, metric: MetricId, from: number, to: number): MetricValue {
  const at = (day: number): EpochMs => epochMs(FIRST + day * DAY_MS);
  return metrics.value(metric, { kind: "store" }, at(from), at(to));
}

test("repeat rate and identification coverage of a month are exactly what was planted", () => {
  const metrics = figuresOf(EVENTS);
  const truth = truthOf(VISITS, TWENTY_FIRST, DAYS);
  assert.ok(truth.identified > 300, "worth the name of a month");
  for (const [metric, windowDays] of [
    ["repeat-rate-30", 30],
    ["repeat-rate-60", 60],
    ["repeat-rate", 90],
  ] as const) {
    const { value, n, ci95, method } = ask(metrics, metric, TWENTY_FIRST, DAYS);
    // Not every day is told: those of few customers wait. What is told is compared below, day by day.
    assert.ok(value !== null && ci95 !== null && method === "tag", metric);
    const days = toldDays(metrics, metric);
    const told = days.map((day) => truthOf(VISITS, day, day + 1));
    const sum = (read: (one: Truth) => number): number =>
      told.reduce((total, one) => total + read(one), 0);
    assert.equal(
      n,
      sum(({ identified }) => identified),
      metric,
    );
    assert.equal(
      Math.round(value * n),
      sum(({ repeats }) => repeats(windowDays)),
      metric,
    );
    assert.ok(ci95[0] <= value && value <= ci95[1]);
  }
  const entrants = (DAYS - TWENTY_FIRST) * STRANGERS_A_DAY;
  const came = VISITS.filter(({ day }) => day >= TWENTY_FIRST).length;
  const coverage = ask(metrics, "identification-coverage", TWENTY_FIRST, DAYS);
  assert.equal(coverage.n, entrants + came);
  assert.equal(coverage.value, truth.identified / (entrants + came));
});

/** Days that the figure says it is about: those of the interval without the ones it names as withheld. */
function toldDays(metrics: Metrics, metric: MetricId): readonly number[] {
  const { definition } = ask(metrics, metric, TWENTY_FIRST, DAYS);
  const withheld = String(definition.parameters["withheldDays"] ?? "");
  const dateOf = (day: number): string => new Date(FIRST + day * DAY_MS).toISOString().slice(0, 10);
  const all = Array.from({ length: DAYS - TWENTY_FIRST }, (_, i) => TWENTY_FIRST + i);
  return all.filter((day) => !withheld.split(" ").includes(dateOf(day)));
}

test("recognitions told twice and days told in any order change no figure", () => {
  const metrics = figuresOf(EVENTS);
  const documents: JourneyEvent[] = [];
  const site = shopSite();
  const visits = new VisitBuilder(site, {}, (told) => documents.push(told));
  for (const event of [...EVENTS, ...EVENTS.slice(-50)]) {
    visits.advance(event.at);
    visits.take(event);
    visits.take(event);
  }
  visits.advance(epochMs(FIRST + (DAYS + 1) * DAY_MS));
  const again = createMetrics({ site });
  for (const event of [...EVENTS, ...documents].reverse()) again.ingest(event);
  for (const event of documents) again.ingest(event);
  for (const metric of ["repeat-rate", "repeat-rate-30", "visit-frequency"] as const) {
    const plain = ask(metrics, metric, TWENTY_FIRST, DAYS);
    const { value, n } = ask(again, metric, TWENTY_FIRST, DAYS);
    assert.deepEqual([value, n], [plain.value, plain.n]);
    assert.notEqual(value, null);
  }
});

test("a visit known by a recognition alone is in no figure of durations, bounces or ways through the shop", () => {
  const codes = eventsOf(VISITS.map((one) => ({ ...one, how: "code" as const })));
  const doorsOnly = figuresOf(codes.filter(({ kind }) => kind !== "shopper-recognised"));
  const withCodes = figuresOf(codes);
  assert.notEqual(ask(withCodes, "identification-coverage", 0, DAYS).value, null);
  assert.notEqual(ask(withCodes, "visit-duration-mean", 0, DAYS).value, null);
  for (const metric of ["visit-duration-mean", "visit-duration-median", "bounce-rate"] as const)
    assert.deepEqual(ask(withCodes, metric, 0, DAYS), ask(doorsOnly, metric, 0, DAYS));
  const sight = { share: 1, isSeeing: true, blindText: "", corrections: 0 };
  for (const day of withCodes.sources.book.days) {
    const part = { day, range: { from: 0, to: day.slots }, isWhole: true };
    assert.ok(day.visits.size > 0);
    assert.deepEqual(sampledVisits(part, { method: "tag", zones: [], sight }), []);
  }
});
