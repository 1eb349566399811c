import assert from "node:assert/strict";
import { test } from "node:test";
import { shopSite } from "../../test/fakes/journey-events.ts";
import { lineId, type MonoMs, monoMs, tagId, zoneId } from "../core/brand.ts";
import type { TagAtDoor, TagState } from "../core/events.ts";
import type { TagKind } from "../core/site.ts";
import { DoorWatch, type WatchedDoors, watchedDoorsOf } from "./door-watch.ts";
import { NO_ZONE, UNKNOWN_ZONE } from "./zones/zone-estimate.ts";

const DOOR = lineId("door");
const WITH_OUTSIDE: WatchedDoors = { doors: [DOOR], hasOutside: true, onlyDoor: DOOR };
const s = (second: number): MonoMs => monoMs(second * 1000);

interface Rig {
  readonly watch: DoorWatch;
  readonly told: TagAtDoor[];
  /** One estimate a second from `from` on: probability at each door, and of being inside. */
  walk(from: number, seconds: readonly (readonly [atDoor: number, inside: number])[]): void;
  presence(second: number, previous: TagState, state: TagState): void;
}

function startWatch(
  options: { readonly doors?: WatchedDoors; readonly kind?: TagKind; readonly begun?: number } = {},
): Rig {
  const { doors = WITH_OUTSIDE, kind = "staff", begun = -1000 } = options;
  const told: TagAtDoor[] = [];
  const tag = { id: tagId("ann"), kind };
  const watch = new DoorWatch({
    ...doors,
    tagAt: (position) => (position === 0 ? tag : undefined),
    run: "a",
    onEvent: (event) => void told.push(event),
  });
  watch.interrupted(s(begun));
  return {
    watch,
    told,
    walk(from, seconds) {
      seconds.forEach(([atDoor, inside], i) => {
        watch.estimate(
          {
            tag: 0,
            atMono: s(from + i),
            zone: NO_ZONE,
            confidence: 1,
            probabilities: Float64Array.of(1),
            insideRatio: inside,
            atDoors: Float64Array.of(atDoor, 0),
            xM: 0,
            yM: 0,
          },
          s(from + i),
        );
      });
    },
    presence(second, previous, state) {
      const origin = { source: "radio:fused#a", seq: 0, atMono: s(second) };
      const who = { tagId: tag.id, tagKind: kind };
      watch.presence({ kind: "tag-changed", ...origin, ...who, previous, state });
    },
  };
}

type Second = readonly [atDoor: number, inside: number];

const stay = (second: Second, count: number): Second[] =>
  Array.from({ length: count }, () => second);
/** From the pavement through the door into the shop: nearest in the fourth second, inside from the fifth on. */
const IN: readonly Second[] = [
  [0.1, 0.02],
  [0.3, 0.05],
  [0.8, 0.2],
  [0.9, 0.45],
  [0.7, 0.8],
  [0.3, 0.95],
  ...stay([0, 1], 10),
];
const OUT: readonly Second[] = [
  ...stay([0, 1], 6),
  ...IN.slice(0, 6).reverse(),
  ...stay([0, 0], 10),
];

test("a way in through the door is told once, with its time, peak and direction", () => {
  const { told, walk } = startWatch();
  walk(80, stay([0, 0], 20));
  walk(100, IN);
  assert.deepEqual(told, [
    {
      kind: "tag-at-door",
      source: "radio-door:fused#a",
      seq: 0,
      atMono: 103_000,
      tagId: "ann",
      tagKind: "staff",
      lineId: "door",
      fromMono: 102_000,
      toMono: 104_000,
      probability: 0.95,
      direction: "in",
    },
  ]);
});

test("the way back is the other direction, told when it is sure and dated when it was", () => {
  const { told, walk } = startWatch({ begun: 99 });
  walk(80, stay([0, 1], 20));
  walk(100, OUT.slice(0, 12));
  assert.deepEqual(told, []);
  walk(112, OUT.slice(12));
  assert.deepEqual(
    told.map(({ direction, atMono }) => [direction, atMono]),
    [["out", 108_000]],
  );
});

test("near the door and back to where it came from is no way through it", () => {
  const { told, walk } = startWatch({ begun: 99 });
  const near = [0, 0.5, 0.9, 0.9, 0.4, 0, 0, 0, 0];
  for (let round = 0; round < 5; round += 1)
    walk(
      100 + 10 * round,
      near.map((ratio) => [ratio, ratio > 0.8 ? 0.3 : 0.95] as const),
    );
  assert.deepEqual(told, []);
});

test("whoever steps out for a while and in again went through the door twice", () => {
  const { told, walk } = startWatch({ begun: 99 });
  walk(70, stay([0, 1], 20));
  walk(90, [...stay([0.9, 0.9], 10), ...stay([0.9, 0.05], 14), ...stay([0.8, 0.95], 14)]);
  assert.deepEqual(
    told.map(({ direction, atMono }) => [direction, atMono]),
    [
      ["out", 100_000],
      ["in", 113_000],
    ],
  );
});

test("near two doors at once is told for both, which share the probability", () => {
  const back = lineId("back");
  const doors = { doors: [DOOR, back], hasOutside: true, onlyDoor: null };
  const { told, watch, walk } = startWatch({ doors });
  walk(80, stay([0, 0], 20));
  IN.forEach(([atDoor, inside], i) => {
    const where = { insideRatio: inside, atDoors: Float64Array.of(atDoor, atDoor / 2) };
    const what = { zone: NO_ZONE, confidence: 1, probabilities: Float64Array.of(1), xM: 0, yM: 0 };
    watch.estimate({ tag: 0, atMono: s(100 + i), ...what, ...where }, s(100 + i));
  });
  assert.deepEqual(
    told.map(({ lineId: line, probability, seq }) => [line, probability.toFixed(3), seq]),
    [
      ["door", "0.633", 0],
      ["back", "0.317", 1],
    ],
  );
});

test("a tag of another kind, or of nobody, is not watched", () => {
  for (const kind of ["basket", "cart", "asset", "loyalty-card"] as const) {
    const { told, walk, watch, presence } = startWatch({ kind });
    walk(100, IN);
    presence(130, "outside", "passing");
    presence(130, "passing", "inside");
    assert.deepEqual([told.length, watch.size], [0, 0]);
  }
});

test("a tag that stays in the door for minutes and may be on either side went through nothing", () => {
  const { told, walk } = startWatch();
  walk(100, stay([0.9, 0.5], 300));
  assert.deepEqual(told, []);
});

test("whoever lingers between the sides for minutes went through at nobody knows what time", () => {
  const { told, walk } = startWatch({ begun: 99 });
  walk(70, stay([0, 1], 30));
  walk(100, [...stay([0.9, 0.45], 90), ...stay([0.2, 0], 20)]);
  assert.deepEqual(told, []);
});

test("a staff tag that falls silent at the door has gone out", () => {
  const { told, walk, presence } = startWatch({ begun: 99 });
  walk(80, stay([0, 1], 20));
  walk(100, [
    [0.2, 1],
    [0.7, 0.9],
    [0.9, 0.4],
    [0.6, 0.2],
  ]);
  presence(103, "inside", "outside");
  assert.deepEqual(
    told.map(({ direction, atMono, fromMono, toMono }) => [direction, atMono, fromMono, toMono]),
    [["out", 102_000, 101_000, 103_000]],
  );
  // What the engine goes on to say of a tag that is not heard is a memory.
  walk(104, IN);
  assert.equal(told.length, 1);
});

test("a staff tag first heard at the door, or on the way to it, has come in when it was nearest", () => {
  for (const walkS of [0, 20]) {
    const { told, walk, presence } = startWatch();
    presence(103, "outside", "passing");
    // The first places of a tag that was not heard before are little worth: it seems inside at once.
    walk(103, stay([0.1, 0.9], walkS));
    walk(103 + walkS, [[0.6, 0.6], [0.8, 0.9], [0.2, 1], ...stay([0, 1], 20)]);
    assert.deepEqual(told, []);
    walk(126 + walkS, stay([0, 1], 30));
    assert.deepEqual(
      told.map(({ direction, probability, atMono }) => [direction, probability, atMono]),
      [["in", 0.95, 104_000 + walkS * 1000]],
    );
  }
});

test("a staff tag first heard well inside has come in at some time within the next minute", () => {
  const { told, walk, presence } = startWatch();
  presence(103, "outside", "passing");
  walk(103, stay([0, 1], 60));
  assert.deepEqual(
    told.map(({ direction, probability, fromMono, toMono }) => [
      direction,
      probability,
      fromMono,
      toMono,
    ]),
    [["in", 0.5, 93_000, 158_000]],
  );
});

test("a staff tag that falls silent far from the door has gone out in the minute before", () => {
  const { told, walk, presence } = startWatch({ begun: 99 });
  walk(80, stay([0, 1], 80));
  presence(159, "inside", "outside");
  assert.deepEqual(
    told.map(({ direction, fromMono, toMono }) => [direction, fromMono, toMono]),
    [["out", 104_000, 169_000]],
  );
});

test("first heard within a minute of the start: it may have been there all along", () => {
  const { told, walk, presence } = startWatch({ begun: 60 });
  presence(103, "outside", "passing");
  walk(103, [...stay([0.9, 1], 5), ...stay([0, 1], 20)]);
  assert.deepEqual(told, []);
});

test("a tag that sends so seldom that it was never seen at the door: a wide window and half the probability", () => {
  const { told, walk } = startWatch();
  walk(80, stay([0, 0], 21));
  walk(112, stay([0, 1], 15));
  const [passage] = told;
  assert.ok(passage !== undefined);
  assert.deepEqual(
    [passage.direction, passage.probability, passage.fromMono, passage.toMono],
    ["in", 0.5, 102_000, 122_000],
  );
  // An hour later outside: anything may have happened in between.
  walk(3700, stay([0, 0], 20));
  assert.equal(told.length, 1);
});

test("with several doors an unseen way in is nobody's guess", () => {
  const { told, walk } = startWatch({ doors: { ...WITH_OUTSIDE, onlyDoor: null } });
  walk(80, stay([0, 0], 21));
  walk(112, stay([0, 1], 15));
  assert.deepEqual(told, []);
});

test("a plan without ground outside: sides come from silence and from being away from the door", () => {
  const { told, walk, presence } = startWatch({ doors: { ...WITH_OUTSIDE, hasOutside: false } });
  const near = [0.6, 0.9, 0.7, 0.5, 0.1];
  const away = stay([0, 1], 50);
  presence(100, "outside", "passing");
  walk(100, [...near.map((ratio) => [ratio, 1] as const), ...away]);
  walk(155, [...away, ...near.map((ratio) => [ratio, 1] as const).reverse()]);
  presence(209, "inside", "outside");
  assert.deepEqual(
    told.map(({ direction, atMono }) => [direction, atMono]),
    [
      ["in", 101_000],
      ["out", 208_000],
    ],
  );
});

test("an estimate that does not know where the tag is does not change sides", () => {
  const { told, watch, walk } = startWatch({ begun: 99 });
  walk(80, stay([0, 1], 21));
  const lost = { zone: UNKNOWN_ZONE, confidence: 0, probabilities: Float64Array.of(1) };
  const nowhere = { insideRatio: 0.1, atDoors: Float64Array.of(0.1), xM: 0, yM: 0 };
  for (let second = 101; second < 140; second += 1)
    watch.estimate({ tag: 0, atMono: s(second), ...lost, ...nowhere }, s(second));
  walk(140, [[0, 1]]);
  assert.deepEqual(told, []);
});

test("what is said of a tag after it was last heard is a guess and shows nothing", () => {
  const { told, watch, walk } = startWatch({ begun: 99 });
  walk(80, stay([0, 1], 21));
  const guess = { zone: NO_ZONE, confidence: 1, probabilities: Float64Array.of(1), xM: 0, yM: 0 };
  for (let second = 101; second < 130; second += 1) {
    const where = { insideRatio: 0, atDoors: Float64Array.of(second < 110 ? 0.9 : 0) };
    watch.estimate({ tag: 0, atMono: s(second), ...guess, ...where }, s(100.5));
  }
  assert.deepEqual(told, []);
});

test("after a time in which all receivers were blind nobody has just come in", () => {
  const { told, watch, walk } = startWatch();
  walk(100, [[0, 0]]);
  watch.interrupted(s(105));
  walk(106, stay([0, 1], 20));
  assert.deepEqual(told, []);
});

const NO_FLOOR: WatchedDoors = { doors: [], hasOutside: false, onlyDoor: DOOR };

test("without a floor plan presence tells: in when the level gets strong, out when it gets weak or ends", () => {
  const { told, presence } = startWatch({ doors: NO_FLOOR });
  presence(100, "outside", "passing");
  presence(112, "passing", "inside");
  presence(500, "inside", "passing");
  presence(560, "passing", "inside");
  presence(900, "inside", "outside");
  const facts = told.map((event) => [event.direction, event.fromMono / 1000, event.toMono / 1000]);
  assert.deepEqual(facts, [
    ["in", 102, 127],
    ["out", 460, 505],
    ["in", 550, 575],
    ["out", 860, 905],
  ]);
  assert.ok(told.every(({ probability }) => probability === 0.4));
  assert.deepEqual(
    told.map(({ seq }) => seq),
    [0, 1, 2, 3],
  );
});

test("without a floor plan: passing by is no way in, and who was there at the start has not come in", () => {
  const { told, presence } = startWatch({ doors: NO_FLOOR, begun: 0 });
  presence(20, "outside", "passing");
  presence(25, "passing", "inside");
  assert.deepEqual(told, []);
  presence(300, "inside", "outside");
  presence(400, "outside", "passing");
  presence(440, "passing", "outside");
  assert.deepEqual(
    told.map(({ direction }) => direction),
    ["out"],
  );
});

test("without a floor plan and with several door lines nothing is told", () => {
  const { told, presence } = startWatch({ doors: { ...NO_FLOOR, onlyDoor: null } });
  presence(100, "outside", "passing");
  presence(112, "passing", "inside");
  presence(500, "inside", "outside");
  assert.deepEqual(told, []);
});

test("the doors of a plan: those of the floor, whether it has ground outside, and the only door line", () => {
  const square = [
    { x: 0, y: 0 },
    { x: 5, y: 0 },
    { x: 5, y: 5 },
  ];
  const site = shopSite();
  assert.deepEqual(watchedDoorsOf(site), { doors: [], hasOutside: false, onlyDoor: "door" });
  const id = zoneId("pavement");
  const pavement = { id, name: "Pavement", kind: "outside", polygon: square } as const;
  const door = { lineId: DOOR, a: { x: 1, y: 0 }, b: { x: 2, y: 0 } };
  const floor = { outline: square, obstacles: [], doors: [door] };
  assert.deepEqual(watchedDoorsOf({ ...site, floor: { ...floor, zones: [pavement] } }), {
    doors: ["door"],
    hasOutside: true,
    onlyDoor: "door",
  });
  assert.equal(watchedDoorsOf(shopSite({ doors: ["door", "back"] })).onlyDoor, null);
});

test("a badge registered while its wearer is in the shop has not come in", () => {
  const { watch, told, walk, presence } = startWatch();
  watch.begin({ id: tagId("ann"), kind: "staff" }, s(100));
  presence(105, "outside", "passing");
  walk(105, stay([0, 1], 60));
  assert.deepEqual(told, []);
  walk(170, OUT);
  assert.deepEqual(
    told.map(({ direction }) => direction),
    ["out"],
  );
});

test("without a floor plan a badge registered in the shop has not come in either", () => {
  const { watch, told, presence } = startWatch({
    doors: { doors: [], hasOutside: false, onlyDoor: DOOR },
  });
  watch.begin({ id: tagId("ann"), kind: "staff" }, s(100));
  presence(105, "outside", "passing");
  presence(108, "passing", "inside");
  assert.deepEqual(told, []);
  presence(200, "inside", "passing");
  presence(210, "passing", "outside");
  presence(400, "outside", "passing");
  presence(405, "passing", "inside");
  assert.deepEqual(
    told.map(({ direction }) => direction),
    ["out", "in"],
  );
});
