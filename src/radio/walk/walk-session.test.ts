import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { monoMs } from "../../core/brand.ts";
import { WALK_RULES, type WalkRules, WalkSession } from "./walk-session.ts";
import { halvesOf, type Span, staysOf, type WalkMark } from "./walk-stays.ts";

const SHOES = 0;
const TILL = 1;
const at = monoMs;

function session(rules: Partial<WalkRules> = {}): WalkSession {
  return new WalkSession({ zones: 2, receivers: 3 }, at(10_000), { ...WALK_RULES, ...rules });
}

/** Zone and seconds of each stay. */
function told(walk: WalkSession, endMs: number): readonly (readonly [number, number])[] {
  const { stays } = walk.record(at(endMs));
  return stays.map(({ zone, fromMono, toMono }) => [zone, (toMono - fromMono) / 1000]);
}

test("the seconds around a tap belong to no zone; those after the first tap do", () => {
  const walk = session();
  assert.equal(walk.tap(SHOES, at(20_000)), "taken");
  assert.equal(walk.tap(TILL, at(60_000)), "taken");
  assert.deepEqual(told(walk, 100_000), [
    [SHOES, 37],
    [TILL, 34],
  ]);
});

test("progress tells what is still missing and counts the running stay", () => {
  const walk = session({ wantedMs: 30_000 });
  walk.tap(SHOES, at(20_000));
  const early = walk.progress(at(40_000));
  assert.deepEqual([...early.stayedMs], [20_000, 0]);
  assert.deepEqual(early.missingZones, [SHOES, TILL]);
  assert.equal(early.here, SHOES);
  assert.equal(early.hereSinceMono, 20_000);
  walk.tap(TILL, at(55_000));
  const late = walk.progress(at(60_000));
  assert.deepEqual([...late.stayedMs], [32_000, 2_000]);
  assert.deepEqual(late.missingZones, [TILL]);
});

test("a pause belongs to nobody, and the next tap ends it", () => {
  const walk = session();
  walk.tap(SHOES, at(20_000));
  assert.equal(walk.pause(at(50_000)), "taken");
  assert.equal(walk.progress(at(70_000)).isPaused, true);
  assert.equal(walk.progress(at(70_000)).here, null);
  walk.tap(SHOES, at(80_000));
  assert.deepEqual(told(walk, 100_000), [
    [SHOES, 27],
    [SHOES, 14],
  ]);
});

test("undo brings the tap before back, and the time between is nobody's", () => {
  const walk = session();
  walk.tap(SHOES, at(20_000));
  walk.tap(TILL, at(40_000));
  assert.equal(walk.undo(at(45_000)), "taken");
  assert.equal(walk.progress(at(46_000)).here, SHOES);
  assert.deepEqual(told(walk, 63_000), [
    [SHOES, 20],
    [SHOES, 15],
  ]);
  walk.undo(at(70_000));
  assert.equal(walk.progress(at(71_000)).here, null);
  assert.deepEqual(told(walk, 80_000), [], "undone to the beginning");
  assert.equal(walk.undo(at(72_000)), "already-there");
});

test("tapping the zone one stands in, or pausing before the first tap, changes nothing", () => {
  const walk = session();
  assert.equal(walk.pause(at(11_000)), "already-there");
  walk.tap(SHOES, at(20_000));
  assert.equal(walk.tap(SHOES, at(30_000)), "already-there");
  assert.deepEqual(told(walk, 43_000), [[SHOES, 20]]);
});

test("zones that do not exist and taps beyond the cap are refused and counted", () => {
  const walk = session({ maxMarks: 3 });
  for (const zone of [2, -1, 0.5, Number.NaN])
    assert.equal(walk.tap(zone, at(11_000)), "no-such-zone");
  for (let i = 0; i < 3; i += 1) assert.equal(walk.tap(i % 2, at(12_000 + i)), "taken");
  assert.equal(walk.tap(1, at(13_000)), "too-many");
  assert.equal(walk.progress(at(14_000)).counts.refusedMarks, 5);
});

test("a walk is over after its time, and what is heard or tapped later is not part of it", () => {
  const walk = session({ longestMs: 60_000 });
  walk.tap(SHOES, at(20_000));
  walk.reading(0, -60, at(69_999));
  walk.reading(0, -60, at(70_000));
  assert.equal(walk.tap(TILL, at(70_000)), "over");
  assert.equal(walk.undo(at(70_000)), "over");
  assert.equal(walk.progress(at(90_000)).isOver, true);
  assert.deepEqual(told(walk, 500_000), [[SHOES, 47]]);
  assert.equal(walk.record(at(500_000)).readings.length, 1);
});

test("levels are those of the last seconds; a receiver that never heard the tag is named", () => {
  const walk = session();
  walk.reading(0, -50, at(11_000));
  walk.reading(0, -70, at(18_000));
  walk.reading(0, -72, at(19_000));
  walk.reading(2, -90, at(11_000));
  const { levelsDbm, readings, silentReceivers } = walk.progress(at(20_000));
  assert.deepEqual([...levelsDbm], [-71, Number.NaN, Number.NaN]);
  assert.deepEqual([...readings], [3, 0, 1]);
  assert.deepEqual(silentReceivers, [1]);
});

test("impossible readings and those beyond the cap are counted and dropped", () => {
  const walk = session({ maxReadings: 5_000 });
  for (const [receiver, dbm] of [
    [3, -60],
    [-1, -60],
    [0, 127],
    [0, -127],
    [0, Number.NaN],
  ] as const)
    walk.reading(receiver, dbm, at(11_000));
  walk.reading(0, -60, at(Number.NaN));
  for (let i = 0; i < 5_003; i += 1) walk.reading(1, -60, at(11_000 + i));
  const { counts } = walk.progress(at(12_000));
  assert.deepEqual(counts, { kept: 5_000, beyondCap: 3, impossible: 6, refusedMarks: 0 });
});

test("readings that come late stand at their own time", () => {
  const walk = session();
  walk.reading(0, -60, at(30_000));
  walk.reading(1, -70, at(20_000));
  assert.deepEqual(
    walk.record(at(40_000)).readings.map(({ receiver }) => receiver),
    [1, 0],
  );
});

const marks = fc
  .array(
    fc.record({
      zone: fc.option(fc.integer({ min: 0, max: 4 })),
      gapMs: fc.integer({ min: 0, max: 60_000 }),
    }),
    { maxLength: 20 },
  )
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ zone, gapMs }): WalkMark => {
      atMs += gapMs;
      return { zone, atMono: at(atMs) };
    });
  });
const spans = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 600_000 }), fc.integer({ min: 0, max: 60_000 })), {
    maxLength: 5,
  })
  .map((pairs) => pairs.map(([from, ms]): Span => ({ fromMono: at(from), toMono: at(from + ms) })));

test("stays never overlap, never touch a doubtful span, and never reach a change of zone", () => {
  fc.assert(
    fc.property(marks, spans, (walked, doubtful) => {
      const stays = staysOf(walked, doubtful, at(1_300_000), 3_000);
      stays.forEach((stay, i) => {
        const before = stays[i - 1];
        assert.ok(stay.toMono - stay.fromMono >= 1_000);
        assert.ok(before === undefined || before.toMono <= stay.fromMono);
        for (const hole of doubtful.filter((d) => d.toMono > d.fromMono))
          assert.ok(hole.toMono <= stay.fromMono || hole.fromMono >= stay.toMono);
        walked.slice(1).forEach(({ atMono }) => {
          assert.ok(atMono + 3_000 <= stay.fromMono || atMono - 3_000 >= stay.toMono);
        });
      });
    }),
  );
});

test("the halves of stays are the stays, and share no instant", () => {
  const stays = [{ zone: 0, fromMono: at(1_000), toMono: at(8_000) }];
  assert.deepEqual(halvesOf(stays), [
    [{ zone: 0, fromMono: 1_000, toMono: 4_500 }],
    [{ zone: 0, fromMono: 4_500, toMono: 8_000 }],
  ]);
});
