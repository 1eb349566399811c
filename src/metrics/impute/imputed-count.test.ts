import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { createMetrics, type Metrics } from "../metrics.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const STORE = { kind: "store" } as const;
/** A Friday; the shop's trading day begins at 04:00. */
const DAY = utc("2026-11-20T04:00:00Z");
const OPEN_MIN = 300;
const CLOSE_MIN = 900;
const minute = (day: number, min: number): EpochMs => epochMs(DAY + day * DAY_MS + min * MINUTE_MS);

/** People at the door, one a minute and a half through the open hours, twice as many in the afternoon. */
function busyDay(maker: EventMaker, day: number, factor = 1): JourneyEvent[] {
  const events: JourneyEvent[] = [];
  const pace = 1.5 / factor;
  for (let min = OPEN_MIN; min < CLOSE_MIN; min += min < 600 ? pace : pace / 2) {
    events.push(maker.crossing(minute(day, min), "door", "in"));
    events.push(maker.crossing(minute(day, min + 12), "door", "out"));
  }
  return events;
}

interface Blind {
  readonly day: number;
  readonly from: number;
  readonly to: number;
}

/** Weeks of the same weekday, the last one with a gap; nothing is told while the door camera is blind. */
function shop(options: {
  readonly days: readonly number[];
  readonly factor?: number;
  readonly blind: Blind;
  readonly site?: SitePlan;
}): Metrics {
  const maker = new EventMaker();
  const metrics = createMetrics({ site: options.site ?? shopSite() });
  const { day: blindDay, from, to } = options.blind;
  const hidden = (at: EpochMs): boolean =>
    at >= minute(blindDay, from) && at < minute(blindDay, to);
  const events = options.days.flatMap((day) =>
    busyDay(maker, day, day === blindDay ? options.factor : 1).filter(({ at }) => !hidden(at)),
  );
  events.push(...maker.allSeeing(minute(options.days[0] ?? 0, 0)));
  events.push(maker.sensor(minute(blindDay, from), "entrance", "blind"));
  events.push(maker.sensor(minute(blindDay, to), "entrance"));
  for (const event of events.sort((a, b) => a.at - b.at)) metrics.ingest(event);
  return metrics;
}

const ask = (
  metrics: Metrics,
  metric: MetricId,
  from = minute(0, 0),
  to = minute(1, 0),
): MetricValue => metrics.value(metric, STORE, from, to);

const close = (value: number | null, wanted: number, within: number): void =>
  assert.ok(value !== null && Math.abs(value - wanted) <= within, `${value}, not ${wanted}`);

const WEEKS = [-28, -21, -14, -7, 0];

test("a gap of twenty minutes is bridged from the minutes on either side, without any history", () => {
  const metrics = shop({ days: [0], blind: { day: 0, from: 400, to: 420 } });
  const value = ask(metrics, "entrants");
  close(value.value, 600, 3);
  assert.equal(value.n, 587, "what was counted");
  assert.equal(value.reason?.code, "imputed");
  close(value.imputedShare, 13 / 600, 0.002);
  assert.ok(value.coverage < 1);
});

test("a gap of three hours is the usual of its quarters, times how busy the day is", () => {
  const metrics = shop({ days: WEEKS, factor: 2, blind: { day: 0, from: 600, to: 780 } });
  const value = ask(metrics, "entrants");
  close(value.value, 1200, 12);
  assert.equal(value.n, 720);
  assert.equal(value.reason?.code, "not-comparable", "two fifths of the day are estimated");
  assert.equal(value.definition.parameters["daysNotComparable"], 1);
  const [low, high] = value.ci95 ?? [0, 0];
  assert.ok(low < 1100 && high > 1300, "what is estimated is less sure than what is counted");
});

test("without three weeks of history a long gap stays empty, and lowers the coverage", () => {
  const metrics = shop({ days: [-7, 0], blind: { day: 0, from: 600, to: 780 } });
  const value = ask(metrics, "entrants");
  assert.deepEqual([value.value, value.imputedShare], [360, 0]);
  assert.equal(value.reason?.code, "partly-blind");
});

test("a whole day of blindness is unknown, and the day after counts on", () => {
  const metrics = shop({ days: [...WEEKS, 1], blind: { day: 0, from: 0, to: 1440 } });
  const blind = ask(metrics, "entrants");
  assert.deepEqual([blind.value, blind.reason?.code], [null, "sensor-blind"]);
  assert.equal(ask(metrics, "entrants", minute(1, 0), minute(2, 0)).value, 600);
});

test("a gap of more than a day stays empty", () => {
  const metrics = shop({ days: [...WEEKS, 1], blind: { day: 0, from: 600, to: 2100 } });
  assert.equal(ask(metrics, "entrants").value, 200);
  assert.equal(ask(metrics, "entrants").imputedShare, 0);
});

test("time before the first news of a sensor is no gap: it was not there", () => {
  const maker = new EventMaker();
  const metrics = createMetrics({ site: shopSite() });
  const events = [
    ...busyDay(maker, 0).filter(({ at }) => at >= minute(0, 420)),
    ...maker.allSeeing(minute(0, 420)),
  ];
  for (const event of events.sort((a, b) => a.at - b.at)) metrics.ingest(event);
  assert.equal(ask(metrics, "entrants").imputedShare, 0);
});

test("only the blind door is filled in, the other one counts on", () => {
  const site = shopSite();
  const [entrance] = site.cameras;
  assert.ok(entrance?.lines[0] !== undefined);
  const back = { ...entrance.lines[0], id: "back" as (typeof entrance.lines)[0]["id"] };
  const yard = { ...entrance, id: "yard" as typeof entrance.id, lines: [back] };
  const two = { ...site, cameras: [...site.cameras, yard] };
  const metrics = shop({ days: [0], blind: { day: 0, from: 400, to: 420 }, site: two });
  const maker = new EventMaker("yard");
  metrics.ingest(maker.sensor(minute(0, 0), "yard"));
  for (let min = 401; min < 419; min += 1)
    metrics.ingest(maker.crossing(minute(0, min), "back", "in", { role: "door" }));
  const hour = ask(metrics, "entrants", minute(0, 400), minute(0, 420));
  assert.equal(hour.n, 18);
  close(hour.value, 18 + 13, 1.5);
});

test("estimated people are in no rate", () => {
  const metrics = shop({ days: WEEKS, blind: { day: 0, from: 600, to: 780 } });
  const maker = new EventMaker("till");
  for (let i = 0; i < 60; i += 1) metrics.ingest(maker.receipt(minute(0, 320 + i), `r${i}`));
  const value = ask(metrics, "sales-conversion");
  assert.deepEqual([value.n, value.imputedShare], [360, 0]);
});

test("a camera that fell blind an hour ago is filled in from the weeks before", () => {
  const metrics = shop({ days: WEEKS, blind: { day: 0, from: 780, to: 2000 } });
  const maker = new EventMaker("front");
  metrics.ingest(maker.crossing(minute(0, 840), "pass-left", "in"));
  const value = ask(metrics, "entrants", minute(0, 0), minute(0, 840));
  close(value.value, 520, 6);
  assert.equal(value.n, 440);
});

test("the day of a clock change takes its quarters by the wall clock", () => {
  const site = shopSite({ timeZone: "Europe/Copenhagen", dayCutoverMin: 0 });
  const maker = new EventMaker();
  const metrics = createMetrics({ site });
  // Sundays, open 10 to 20 on the wall; clocks go back on the last of them.
  const opens = ["10-04T08:00", "10-11T08:00", "10-18T08:00", "10-25T09:00"].map((text) =>
    utc(`2026-${text}:00Z`),
  );
  const events: JourneyEvent[] = [...maker.allSeeing(epochMs((opens[0] ?? 0) - DAY_MS))];
  const gapFrom = epochMs((opens[3] ?? 0) + 30 * MINUTE_MS);
  const gapTo = epochMs(gapFrom + 60 * MINUTE_MS);
  for (const open of opens) {
    // Busy in the first two hours of the day, quiet after.
    for (let min = 0; min < 600; min += min < 120 ? 1 : 20) {
      const at = epochMs(open + min * MINUTE_MS);
      if (at < gapFrom || at >= gapTo) events.push(maker.crossing(at, "door", "in"));
    }
  }
  events.push(maker.sensor(gapFrom, "entrance", "blind"), maker.sensor(gapTo, "entrance"));
  for (const event of events.sort((a, b) => a.at - b.at)) metrics.ingest(event);
  const value = ask(metrics, "entrants", utc("2026-10-24T22:00:00Z"), utc("2026-10-25T23:00:00Z"));
  close(value.value, 120 + 24, 2);
});

test("parts add up to the whole to the last digit, with what was filled in", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 301, max: 880 }),
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.integer({ min: 1, max: 1439 }), { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0.5, max: 1.5, noNaN: true }),
      (from, length, cuts, factor) => {
        const metrics = shop({
          days: WEEKS,
          factor,
          blind: { day: 0, from: from + 0.3, to: from + length },
        });
        const borders = [0, ...cuts.sort((a, b) => a - b), 1440];
        for (const metric of ["entrants", "exits", "buying-units"] as const) {
          let sum = 0;
          for (let i = 1; i < borders.length; i += 1) {
            const [a = 0, b = 0] = [borders[i - 1], borders[i]];
            if (b > a) sum += ask(metrics, metric, minute(0, a), minute(0, b)).value ?? 0;
          }
          assert.equal(sum, ask(metrics, metric).value, metric);
        }
      },
    ),
    { numRuns: 25, seed: 5 },
  );
});
