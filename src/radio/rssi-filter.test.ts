import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { monoMs } from "../core/brand.ts";
import { RssiFilter } from "./rssi-filter.ts";

function levelAfter(readings: readonly (readonly [atMs: number, rssiDbm: number])[]): number {
  const filter = new RssiFilter();
  for (const [atMs, rssiDbm] of readings) filter.push(rssiDbm, monoMs(atMs));
  return filter.levelDbm;
}

test("there is no level before the first reading, and the first is taken as it is", () => {
  assert.ok(Number.isNaN(new RssiFilter().levelDbm));
  assert.equal(levelAfter([[0, -70]]), -70);
});

test("one reading 30 dB off moves the level by less than 3 dB", () => {
  const level = levelAfter([
    [0, -70],
    [500, -70],
    [1_000, -70],
    [1_500, -100],
  ]);
  assert.ok(level > -73 && level < -70);
});

test("a step is followed in the same time whether packets come once or ten times a second", () => {
  const step = (everyMs: number): number => {
    const filter = new RssiFilter();
    for (let t = 0; t <= 10_000; t += everyMs) filter.push(-60, monoMs(t));
    for (let t = 10_000 + everyMs; t <= 14_000; t += everyMs) filter.push(-68, monoMs(t));
    return filter.levelDbm;
  };
  assert.ok(Math.abs(step(1_000) - step(100)) < 0.01);
});

test("after a long gap the old level is forgotten", () => {
  assert.equal(
    levelAfter([
      [0, -60],
      [60_000, -90],
    ]),
    -90,
  );
});

test("the order of readings of the same instant does not matter", () => {
  const readings = fc.array(fc.integer({ min: -100, max: -30 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(readings, (instant) => {
      const before = [[0, -70]] as const;
      const at = (list: readonly number[]) => list.map((r) => [400, r] as const);
      assert.equal(
        levelAfter([...before, ...at(instant)]),
        levelAfter([...before, ...at([...instant].reverse())]),
      );
    }),
  );
});

test("the level stays within the readings", () => {
  const reading = fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: -100, max: -30 }));
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 40 }), (list) => {
      const filter = new RssiFilter();
      let atMs = 0;
      for (const [gapMs, rssi] of list) {
        atMs += gapMs;
        filter.push(rssi, monoMs(atMs));
      }
      const level = filter.levelDbm;
      const all = list.map(([, rssi]) => rssi);
      assert.ok(level >= Math.min(...all) - 1e-9 && level <= Math.max(...all) + 1e-9);
    }),
  );
});
