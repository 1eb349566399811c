import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { followedShop } from "../../../test/fakes/completed-visits.ts";
import { EventMaker, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs, monoMs, receiverId, tagId, zoneId } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { seededRandom } from "../../core/random.ts";
import type { SitePlan, TagKind } from "../../core/site.ts";
import type { MinutedDuration } from "../days/zone-day.ts";
import { createMetrics } from "../metrics.ts";
import { type EngagedShare, engagedShare, widened } from "./zone-dwell.ts";

const DAY = utc("2026-11-20T04:00:00Z");
const at = (seconds: number): EpochMs => epochMs(DAY + seconds * 1000);

interface Floor {
  readonly maker: EventMaker;
  add(...events: readonly JourneyEvent[]): void;
  /** So many stays of this length in the table zone, two minutes apart; `censored`: their ends were not seen. */
  stay(times: number, dwellS: number, censored?: boolean): void;
  ask(metric: MetricId, id?: string): MetricValue;
}

function openFloor(site: SitePlan = followedShop()): Floor {
  const metrics = createMetrics({ site });
  const maker = new EventMaker();
  let track = 0;
  const add = (...events: readonly JourneyEvent[]): void => {
    for (const event of events) metrics.ingest(event);
  };
  add(...maker.allSeeing(at(0)));
  return {
    maker,
    add,
    stay(times, dwellS, censored = false) {
      for (let i = 0; i < times; i += 1) {
        track += 1;
        const from = 120 * track;
        add(maker.zoneExited(at(from + dwellS), "table", track, dwellS * 1000, censored));
      }
    },
    ask: (metric, id = "table") => metrics.value(metric, { kind: "zone", id }, at(0), at(86_400)),
  };
}

test("engagement is the share of stays that lasted long enough, by the shop's own choice", () => {
  const floor = openFloor();
  floor.stay(15, 40);
  floor.stay(5, 10);
  const value = floor.ask("zone-engagement");
  assert.equal(value.value, 0.75);
  assert.equal(value.definition.parameters["engagedMs"], 30_000);
  const strict = openFloor({ ...followedShop(), measures: { engagedMs: 60_000 } });
  strict.stay(20, 40);
  assert.equal(strict.ask("zone-engagement").value, 0);
  assert.equal(strict.ask("zone-engagement").definition.parameters["engagedMs"], 60_000);
});

test("a stay cut off before it could be engaged says no more than it saw", () => {
  const floor = openFloor();
  floor.stay(10, 40);
  floor.stay(10, 10);
  floor.stay(10, 20, true);
  floor.stay(2, 50, true);
  // Of 32 ten end at once; the ten that were cut off at 20 s had all stayed that long.
  const value = floor.ask("zone-engagement");
  assert.ok(Math.abs((value.value ?? 0) - 22 / 32) < 1e-12);
  assert.equal(value.reason?.code, "censored-stays");
});

test("few stays give the interval of the engagement only, none give nothing", () => {
  const floor = openFloor();
  assert.equal(floor.ask("zone-engagement").reason?.code, "no-visits");
  floor.stay(5, 40);
  assert.equal(floor.ask("zone-engagement").reason?.code, "small-sample");
  assert.ok((floor.ask("zone-engagement").ci95?.[0] ?? 1) < 0.6);
});

test("engagement is a share of the visits, whatever their lengths", () => {
  const stays = fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.boolean()), {
    minLength: 20,
    maxLength: 40,
  });
  fc.assert(
    fc.property(stays, (all) => {
      const floor = openFloor();
      for (const [dwellS, censored] of all) floor.stay(1, dwellS, censored);
      const { value, ci95, n } = floor.ask("zone-engagement");
      assert.equal(n, floor.ask("zone-visits").value);
      assert.ok(value === null || (value >= 0 && value <= 1));
      assert.ok(ci95 === null || (ci95[0] >= 0 && ci95[1] <= 1));
    }),
    { numRuns: 30 },
  );
});

test("holding power is the median dwell over the one of the plan", () => {
  const floor = openFloor();
  floor.stay(21, 60);
  const value = floor.ask("zone-holding-power");
  assert.equal(value.value, 1.5);
  assert.equal(value.definition.parameters["referenceDwellMs"], 40_000);
  assert.equal(floor.ask("zone-holding-power", "mirror").reason?.code, "no-reference");
});

test("one in ten visits lasts longer than the ninetieth percentile", () => {
  const floor = openFloor();
  for (let second = 10; second < 30; second += 1) floor.stay(1, second);
  assert.equal(floor.ask("zone-dwell-p90").value, 27_000);
});

test("time per entrant follows neither traffic nor how long it was counted", () => {
  const floor = openFloor();
  floor.stay(10, 30);
  for (let i = 0; i < 50; i += 1) floor.add(floor.maker.crossing(at(100 + 60 * i), "door", "in"));
  assert.equal(floor.ask("zone-seconds-per-entrant").value, 6000);
  assert.equal(floor.ask("zone-seconds-per-entrant").n, 50);
  assert.equal(floor.ask("zone-seconds-per-entrant", "mirror").value, 0);
});

test("the heat of a zone with few visits is withheld, its plain counts are not", () => {
  const floor = openFloor();
  floor.stay(4, 30);
  floor.add(floor.maker.crossing(at(100), "door", "in"));
  const value = floor.ask("zone-seconds-per-entrant");
  assert.equal(value.reason?.code, "small-cell");
  assert.equal(value.value, null);
  assert.equal(floor.ask("zone-visits").value, 4);
  assert.equal(floor.ask("zone-dwell-total").value, 120_000);
});

test("without entrants there is no heat", () => {
  const floor = openFloor();
  floor.stay(10, 30);
  assert.equal(floor.ask("zone-seconds-per-entrant").reason?.code, "no-entrants");
});

test("an interval is wider when stays of one minute resemble one another, never narrower", () => {
  const random = seededRandom(5);
  const alone = Array.from({ length: 200 }, (_, minute) => ({
    ms: 10_000 + Math.floor(random() * 50_000),
    isCensored: false,
    minute,
  }));
  const paired = alone.map((_, i) => ({
    ...(alone[i - (i % 2)] ?? { ms: 0, isCensored: false }),
    minute: Math.floor(i / 2),
  }));
  const widthOf = (stays: typeof alone): number => {
    const [low, high] = widened(stays, 35_000, [30_000, 40_000], "mean") ?? [0, 0];
    return high - low;
  };
  assert.equal(widthOf(alone), 10_000);
  assert.ok(Math.abs(widthOf(paired) / 10_000 - Math.SQRT2) < 0.05);
  assert.equal(widened(alone, 35_000, null, "mean"), null);
});

test("stays just long enough to be visits leave open whether they are, others do not", () => {
  const stays = (count: number, ms: number): MinutedDuration[] =>
    Array.from({ length: count }, (_, minute) => ({ ms, isCensored: false, minute }));
  const sure = [...stays(50, 20_000), ...stays(50, 40_000)];
  const open = [...stays(20, 5_200), ...sure];
  const at = (share: EngagedShare | null, end: 0 | 1): number => share?.spread.ci95[end] ?? -1;
  const [plain, near] = [engagedShare(sure, 30_000), engagedShare(open, 30_000)];
  assert.ok(at(near, 1) > 0.5 && at(near, 1) > (near?.value ?? 1), "without them half are engaged");
  assert.ok(Math.abs(at(plain, 0) + at(plain, 1) - 1) < 1e-12);
  assert.deepEqual(widened(sure, 40_000, [30_000, 50_000], { longer: 0.5 }), [30_000, 50_000]);
  const [low, high] = widened(open, 20_000, [20_000, 20_000], { longer: 0.5 }) ?? [0, 0];
  assert.deepEqual([low, high], [20_000, 20_000], "the median is the same without them");
  const mean = (20 * 5_200 + 50 * 60_000) / 120;
  const [least, most] = widened(open, mean, [mean, mean], "mean") ?? [0, 0];
  assert.ok(Math.abs(most - mean - ((mean - 5_000) * 20) / 100) < 1e-6);
  assert.ok(Math.abs(mean - least - ((mean - 5_000) * 20) / 140) < 1e-6);
});

const CORNERS = [
  { x: 0, y: 0 },
  { x: 4, y: 0 },
  { x: 4, y: 4 },
];

/** The followed shop with a zone of the floor, `shelf`, in which tags are located. */
function taggedShop(): SitePlan {
  return {
    ...followedShop(),
    receivers: [{ id: receiverId("r1"), name: "Receiver", xM: 0, yM: 0, zM: 2 }],
    floor: {
      outline: CORNERS,
      obstacles: [],
      doors: [],
      zones: [
        { id: zoneId("shelf"), name: "Shelf", kind: "display", polygon: CORNERS },
        { id: zoneId("street"), name: "Street", kind: "outside", polygon: CORNERS },
      ],
    },
  };
}

function tagStay(i: number, tagKind: TagKind, dwellMs: number): JourneyEvent {
  const ended = at(200 + 60 * i + dwellMs / 1000);
  return {
    source: "radio:fused#a",
    seq: i,
    at: ended,
    atMono: monoMs(ended),
    clock: "synced",
    kind: "tag-zone-exited",
    tagId: tagId(`t${i}`),
    tagKind,
    zoneId: zoneId("shelf"),
    dwellMs,
    confidence: 0.9,
    censored: false,
  };
}

test("a zone of the floor that no camera sees is known by tags of customers, and says so", () => {
  const floor = openFloor(taggedShop());
  const radio = floor.maker.sensor(at(0), "r1");
  floor.add({ ...radio, sensorKind: "radio" });
  for (let i = 0; i < 20; i += 1) floor.add(tagStay(i, "basket", 40_000));
  floor.add(tagStay(20, "staff", 3_000_000));
  assert.equal(floor.ask("zone-visits", "shelf").value, 20);
  assert.equal(floor.ask("zone-visits", "shelf").method, "tag");
  assert.equal(floor.ask("zone-dwell-median", "shelf").value, 40_000);
  assert.equal(floor.ask("zone-seconds-per-entrant", "shelf").reason?.code, "not-identifiable");
  assert.equal(floor.ask("zone-visits", "street").reason?.code, "unknown-scope");
});

test("a deaf receiver knows nothing of the zones of the floor", () => {
  const floor = openFloor(taggedShop());
  assert.equal(floor.ask("zone-visits", "shelf").reason?.code, "sensor-blind");
});
