import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type MonoMs, monoMs, tagId, type ZoneId, zoneId } from "../core/brand.ts";
import type { TagMoved } from "../core/events.ts";
import { seededRandom } from "../core/random.ts";
import type { TagKind, TagPlan } from "../core/site.ts";
import { TagMotion } from "./tag-motion.ts";
import type { TagTelemetry } from "./telemetry.ts";

const SILENT: TagTelemetry = {
  batteryRatio: null,
  batteryMv: null,
  isMoving: null,
  motionCount: null,
  isPressed: null,
  temperatureC: null,
};
const tag = (kind: TagKind): TagPlan => ({
  id: tagId(kind),
  kind,
  beacon: { format: "altbeacon", id: "0".repeat(40) },
});

class Rig {
  readonly events: TagMoved[] = [];
  readonly motion: TagMotion;

  constructor(kind: TagKind = "basket") {
    this.motion = new TagMotion({
      tagAt: (position) => (position === 0 ? tag(kind) : undefined),
      run: "r",
      onEvent: (event) => this.events.push(event),
    });
  }

  /** Reports at these seconds. */
  hear(atS: readonly number[], what: Partial<TagTelemetry>): this {
    for (const s of atS) this.motion.telemetry(0, { ...SILENT, ...what }, monoMs(s * 1_000));
    return this;
  }

  moving(...atS: number[]): this {
    return this.hear(atS, { isMoving: true });
  }

  resting(...atS: number[]): this {
    return this.hear(atS, { isMoving: false });
  }

  zone(name: string | null, atS: number): this {
    this.motion.zone(0, name === null ? null : zoneId(name), monoMs(atS * 1_000));
    return this;
  }

  get told(): readonly (readonly [string, number, ZoneId | null])[] {
    return this.events.map(({ movement, atMono, zoneId: zone }) => [
      movement,
      atMono / 1_000,
      zone,
    ]);
  }
}

const range = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

test("a basket is picked up at its first motion and put back at its last", () => {
  const rig = new Rig()
    .zone("rack", 0)
    .resting(1, 2)
    .moving(...range(10, 40))
    .resting(...range(41, 60));
  assert.deepEqual(rig.told, [
    ["picked-up", 10, "rack"],
    ["put-back", 40, "rack"],
  ]);
  assert.deepEqual(rig.events[1]?.seq, 1);
  assert.equal(rig.events[0]?.source, "tag-motion#r");
});

test("a knock, even one that several receivers hear, is nothing", () => {
  const rig = new Rig()
    .resting(1)
    .moving(10, 10.1, 10.4, 10.4, 10.9)
    .resting(...range(11, 30));
  assert.deepEqual(rig.told, []);
});

test("standing in front of a shelf for less than ten seconds is not putting back", () => {
  const rig = new Rig()
    .resting(1)
    .moving(10, 11, 12)
    .resting(...range(13, 21))
    .moving(22, 23);
  assert.deepEqual(rig.told, [["picked-up", 10, null]]);
});

test("one report per ten seconds is enough, and one at rest between two in motion is a pause", () => {
  const rig = new Rig().resting(0, 10).moving(20, 30).resting(40).moving(50).resting(60, 70);
  assert.deepEqual(rig.told, [
    ["picked-up", 20, null],
    ["put-back", 50, null],
  ]);
});

test("a thing that is in motion when it is first heard was picked up before", () => {
  const rig = new Rig()
    .moving(...range(0, 20))
    .resting(...range(21, 40))
    .moving(50, 51, 52);
  assert.deepEqual(rig.told, [["picked-up", 50, null]]);
});

test("a tag that falls silent while it moves is not put back; back at rest, it is since it was heard", () => {
  const rig = new Rig().resting(0).moving(10, 11, 12);
  assert.deepEqual(rig.told.length, 1);
  rig.moving(4_000, 4_001);
  assert.deepEqual(rig.told.length, 1);
  rig.resting(9_000, 9_005, 9_011);
  assert.deepEqual(rig.told.at(-1), ["put-back", 9_000, null]);
});

test("a single motion before a long silence is not half a picking up", () => {
  const rig = new Rig().resting(0).moving(10).moving(700).resting(701, 702, 711, 712);
  assert.deepEqual(rig.told, []);
});

test("going on in another zone is a move, once per zone; arriving and standing is none", () => {
  const rig = new Rig()
    .zone("rack", 0)
    .resting(1)
    .moving(...range(10, 30));
  rig.zone("shelf", 25);
  assert.deepEqual(rig.told.at(-1), ["moved", 25, "shelf"]);
  rig.zone(null, 28).zone("shelf", 29).moving(31);
  assert.equal(rig.told.length, 2);
  rig.zone("till", 33).resting(...range(33, 50));
  assert.deepEqual(rig.told.slice(2), [["put-back", 31, "till"]]);
});

test("where it was picked up may become known later; that is no move", () => {
  const rig = new Rig()
    .resting(1)
    .moving(...range(10, 20))
    .zone("rack", 9)
    .zone("shelf", 15);
  assert.deepEqual(rig.told, [
    ["picked-up", 10, null],
    ["moved", 15, "shelf"],
  ]);
});

test("a counter of motions tells the same, over its end and after a new battery", () => {
  const count = (n: number, ...atS: number[]): readonly [number, number[]] => [n, atS];
  const rig = new Rig();
  const reports = [
    count(250, 0, 10),
    count(253, 20),
    count(2, 30),
    count(2, 40, 50),
    count(180, 60),
    count(0, 70, 80, 90),
  ];
  for (const [motionCount, atS] of reports) rig.hear(atS, { motionCount });
  assert.deepEqual(rig.told, [
    ["picked-up", 20, null],
    ["put-back", 30, null],
  ]);
  const reset = new Rig();
  for (const [motionCount, s] of [
    [90, 0],
    [90, 10],
    [0, 20],
    [0, 30],
    [1, 40],
    [3, 50],
  ] as const)
    reset.hear([s], { motionCount });
  assert.deepEqual(reset.told, [["picked-up", 40, null]]);
});

test("a press of the button is picking up at once; a button that is stuck is not", () => {
  const rig = new Rig("asset")
    .hear([0, 10], { isPressed: false })
    .hear([20, 21], { isPressed: true });
  assert.deepEqual(rig.told, [["picked-up", 20, null]]);
  rig.hear([30, 40, 50], { isPressed: false });
  assert.deepEqual(rig.told.at(-1), ["put-back", 20, null]);
  assert.deepEqual(new Rig("asset").hear(range(0, 60), { isPressed: true }).told, []);
});

test("badges and loyalty cards tell nothing, nor do tags that are not registered or say nothing of motion", () => {
  for (const kind of ["staff", "loyalty-card"] as const)
    assert.deepEqual(new Rig(kind).resting(1).moving(...range(2, 20)).told, []);
  assert.deepEqual(new Rig().hear(range(0, 30), { batteryMv: 2_900 }).told, []);
  const rig = new Rig();
  rig.motion.telemetry(7, { ...SILENT, isMoving: true }, monoMs(0));
  rig.resting(1).moving(2);
  rig.motion.forget(0);
  rig.moving(4, 5, 6);
  assert.deepEqual(rig.told, []);
});

test("whatever comes, events of a tag alternate and are in order of time", () => {
  const report = fc.record({
    afterMs: fc.oneof(fc.nat(3_000), fc.integer({ min: -5_000, max: 20_000 }), fc.constant(90_000)),
    isMoving: fc.constantFrom(true, true, false, false, null),
    motionCount: fc.option(fc.nat(300), { freq: 2 }),
    isPressed: fc.constantFrom(null, null, false, true),
    zone: fc.option(fc.tuple(fc.constantFrom("a", "b", null), fc.nat(15_000))),
  });
  fc.assert(
    fc.property(fc.array(report, { maxLength: 60 }), (reports) => {
      const rig = new Rig();
      let atMs = 0;
      for (const { afterMs, zone, ...what } of reports) {
        atMs += afterMs;
        if (zone !== null) rig.zone(zone[0], (atMs - zone[1]) / 1_000);
        rig.hear([atMs / 1_000], what);
      }
      let isTaken = false;
      let last = Number.NEGATIVE_INFINITY;
      for (const { movement, atMono } of rig.events) {
        assert.equal(movement === "picked-up", !isTaken, "picked up once, then moved or put back");
        isTaken = movement !== "put-back";
        assert.ok(atMono >= last, "in order of time");
        last = atMono;
      }
    }),
    { numRuns: 1_000 },
  );
});

/** A day of one basket: trips of a few minutes with pauses at shelves, knocks while it rests. */
function basketDay(random: () => number): {
  readonly trips: readonly (readonly [fromMs: number, toMs: number])[];
  readonly isMoving: (atMs: number) => boolean;
} {
  const trips: (readonly [number, number])[] = [];
  const pauses: (readonly [number, number])[] = [];
  const knocks: number[] = [];
  for (let atMs = 60_000; atMs < 10 * 3_600_000; ) {
    const toMs = atMs + 120_000 + random() * 900_000;
    trips.push([atMs, toMs]);
    for (let p = atMs + 20_000; p < toMs - 20_000; p += 25_000 + random() * 60_000)
      pauses.push([p, p + 2_000 + random() * 5_000]);
    knocks.push(toMs + 60_000 + random() * 60_000);
    atMs = toMs + 180_000 + random() * 1_800_000;
  }
  const isIn = (spans: readonly (readonly [number, number])[], at: number): boolean =>
    spans.some(([from, to]) => at >= from && at <= to);
  return {
    trips,
    isMoving: (at) =>
      (isIn(trips, at) && !isIn(pauses, at)) || knocks.some((k) => at >= k && at < k + 800),
  };
}

test("a simulated day of baskets: every trip is told, 98 of 100 once, at the right times, dense or sparse, with losses", () => {
  const random = seededRandom(11);
  for (const everyMs of [1_000, 3_000, 10_000]) {
    let [trips, told, errorMs] = [0, 0, 0];
    for (let basket = 0; basket < 10; basket += 1) {
      const day = basketDay(random);
      const rig = new Rig();
      for (let at: MonoMs = monoMs(0); at < 11 * 3_600_000; at = monoMs(at + everyMs)) {
        if (random() < 0.25) continue;
        rig.motion.telemetry(0, { ...SILENT, isMoving: day.isMoving(at) }, at);
      }
      const spans = rig.events.filter(({ movement }) => movement === "picked-up");
      trips += day.trips.length;
      told += spans.length;
      for (const [fromMs, toMs] of day.trips) {
        const begin = spans.find(({ atMono }) => Math.abs(atMono - fromMs) < 60_000);
        const end = rig.events.find(
          ({ movement, atMono }) => movement === "put-back" && Math.abs(atMono - toMs) < 60_000,
        );
        assert.ok(begin !== undefined && end !== undefined, `a trip at ${fromMs} was not told`);
        errorMs += Math.abs(begin.atMono - fromMs) + Math.abs(end.atMono - toMs);
      }
    }
    assert.ok(told >= trips && told <= 1.02 * trips, `every ${everyMs} ms: ${told} of ${trips}`);
    const meanMs = errorMs / (2 * trips);
    assert.ok(meanMs < 1.5 * everyMs, `every ${everyMs} ms: off by ${meanMs} ms`);
  }
});
