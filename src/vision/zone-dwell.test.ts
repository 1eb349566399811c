import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { monoMs, trackId } from "../core/brand.ts";
import { type ZoneChange, ZoneDwell } from "./zone-dwell.ts";

/** Body height in all tests, Px: the margin is 10 Px. */
const HEIGHT = 100;
const SQUARE = new Float64Array([0, 0, 100, 0, 100, 100, 0, 100]);
const ID = trackId(1);

/** x positions at y = 50, one every `stepMs`; the change each caused. */
function walk(xs: readonly number[], stepMs = 100, zone = new ZoneDwell(SQUARE)): ZoneChange[] {
  const changes: ZoneChange[] = [];
  xs.forEach((x, i) => {
    const change = zone.observe(ID, x, 50, HEIGHT, monoMs(i * stepMs));
    if (change !== null) changes.push(change);
  });
  return changes;
}

const times = (n: number, x: number): number[] => Array.from({ length: n }, () => x);

test("a stay runs from border to border, interpolated between observations", () => {
  const changes = walk([-50, 50, ...times(18, 50), 150, ...times(12, 150)]);
  assert.equal(changes.length, 2);
  const [entered, exited] = changes;
  assert.equal(entered?.kind, "entered");
  assert.ok(Math.abs((entered?.atMono ?? 0) - 50) < 1, `entered ${entered?.atMono}`);
  assert.equal(exited?.kind, "exited");
  if (exited?.kind !== "exited") return;
  assert.ok(Math.abs(exited.atMono - 1950) < 1, `exited ${exited.atMono}`);
  assert.ok(Math.abs(exited.dwellMs - 1900) < 2);
  assert.equal(exited.censored, false);
});

test("walking through a corner for less than the entry time is no stay", () => {
  assert.deepEqual(walk([-50, 10, 20, 30, -50, -50, -50]), []);
});

test("scattered touches do not add up to a stay", () => {
  const touches = Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? 50 : 150));
  assert.deepEqual(walk(touches, 150), []);
});

test("a slip over the border and back does not end the stay", () => {
  const changes = walk([50, ...times(9, 50), 130, 130, 130, ...times(20, 50)]);
  assert.deepEqual(
    changes.map((change) => change.kind),
    ["entered"],
  );
});

test("trembling at the border within the margin is one stay", () => {
  const path = Array.from({ length: 60 }, (_, i) => (i % 12 < 6 ? 98 : 105));
  assert.deepEqual(
    walk([50, 50, 50, 50, 50, 50, ...path]).map((change) => change.kind),
    ["entered"],
  );
});

test("standing just outside ends the stay after the longer time, at the instant of leaving", () => {
  const changes = walk([...times(10, 50), ...times(30, 105)]);
  const exited = changes[1];
  assert.equal(exited?.kind, "exited");
  assert.ok(Math.abs((exited?.atMono ?? 0) - (900 + (100 * 50) / 55)) < 1);
});

test("a missed observation is not an absence", () => {
  const zone = new ZoneDwell(SQUARE);
  walk(times(10, 50), 100, zone);
  assert.equal(zone.observe(ID, 50, 50, HEIGHT, monoMs(2900)), null);
});

test("a track that ends inside leaves a censored stay up to when it was last seen", () => {
  const zone = new ZoneDwell(SQUARE);
  walk(times(21, 50), 100, zone);
  assert.deepEqual(zone.forget(ID), {
    kind: "exited",
    atMono: 2000,
    dwellMs: 2000,
    censored: true,
  });
  assert.equal(zone.size, 0);
});

test("a track that ends right after leaving was seen to leave", () => {
  const zone = new ZoneDwell(SQUARE);
  walk([...times(10, 50), 150, 150], 100, zone);
  const change = zone.forget(ID);
  assert.equal(change?.kind === "exited" && change.censored, false);
});

test("a track that ends before its stay began leaves nothing", () => {
  const zone = new ZoneDwell(SQUARE);
  walk([50, 50], 100, zone);
  assert.equal(zone.forget(ID), null);
  assert.equal(zone.forget(ID), null);
});

test("memory is bounded", () => {
  const zone = new ZoneDwell(SQUARE, {
    enterMs: 0,
    exitMs: 500,
    nearExitMs: 2000,
    marginHeights: 0.1,
    maxTracks: 4,
  });
  for (let id = 1; id <= 50; id += 1) {
    zone.observe(trackId(id), 50, 50, HEIGHT, monoMs(10 * id));
    zone.observe(trackId(id), 50, 50, HEIGHT, monoMs(10 * id + 1));
  }
  assert.equal(zone.size, 4);
});

const paths = fc.array(
  fc.record({
    id: fc.integer({ min: 1, max: 3 }),
    x: fc.integer({ min: -100, max: 200 }),
    gapMs: fc.integer({ min: 20, max: 900 }),
    ends: fc.boolean().map((b) => b),
    luck: fc.integer({ min: 0, max: 9 }),
  }),
  { maxLength: 120 },
);

test("entries and exits alternate, dwell is never negative, every entry has its exit", () => {
  fc.assert(
    fc.property(paths, (steps) => {
      const zone = new ZoneDwell(SQUARE);
      const inside = new Set<number>();
      let at = 0;
      const note = (id: number, change: ZoneChange | null): void => {
        if (change === null) return;
        assert.equal(inside.has(id), change.kind === "exited");
        if (change.kind === "entered") inside.add(id);
        else {
          inside.delete(id);
          assert.ok(change.dwellMs >= 0);
        }
      };
      for (const step of steps) {
        at += step.gapMs;
        const id = trackId(step.id);
        const isEnd = step.luck === 0 && step.ends;
        note(step.id, isEnd ? zone.forget(id) : zone.observe(id, step.x, 50, HEIGHT, monoMs(at)));
      }
      for (const id of [1, 2, 3]) note(id, zone.forget(trackId(id)));
      assert.equal(inside.size, 0);
      assert.equal(zone.size, 0);
    }),
    { seed: 9 },
  );
});

test("who is back within a second never left, who stays away longer has two stays", () => {
  const kinds = (outsideSteps: number): string[] =>
    walk([...times(10, 50), ...times(outsideSteps, 150), ...times(10, 50)]).map(({ kind }) => kind);
  assert.deepEqual(kinds(9), ["entered"]);
  assert.deepEqual(kinds(14), ["entered", "exited", "entered"]);
});
