import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs } from "../core/brand.ts";
import { DoorSeconds } from "./door-seconds.ts";

const s = (second: number) => monoMs(second * 1000);

const around = (seconds: DoorSeconds, second: number) =>
  seconds.nearWithin(s(second - 15), s(second + 15), s(second));

/** One door, one probability a second from 100 s on; NaN leaves the second out. */
function secondsOf(ratios: readonly number[]): DoorSeconds {
  const seconds = new DoorSeconds(1);
  ratios.forEach((ratio, i) => {
    if (!Number.isNaN(ratio)) seconds.push([ratio], s(100 + i));
  });
  return seconds;
}

test("a time near a door has a peak and the seconds around it", () => {
  const seconds = secondsOf([0, 0.1, 0.25, 0.5, 0.9, 0.6, 0.2, 0.1, 0]);
  assert.deepEqual(around(seconds, 103), [
    { door: 0, peakRatio: 0.9, peakMono: 104_000, fromMono: 103_000, toMono: 105_000 },
  ]);
});

test("never near enough, or too long before or after, is not near", () => {
  assert.deepEqual(around(secondsOf([0.01, 0.03, 0.04, 0.03]), 102), []);
  assert.deepEqual(around(secondsOf([0.9, 0.9]), 117), []);
  assert.deepEqual(around(secondsOf([0.9, 0.9]), 84), []);
  assert.deepEqual(around(new DoorSeconds(2), 100), []);
});

test("of equally near seconds the one next to the instant is the nearest", () => {
  const [near] = around(secondsOf([0.8, 0.8, 0.8, 0.8, 0.8]), 103);
  assert.equal(near?.peakMono, 103_000);
});

test("a second far from the expected moment has to be much nearer to the door to count", () => {
  const ratios = [0.6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.4, 0];
  const peakOf = (atS: number | null): number | undefined => {
    const at = atS === null ? null : s(atS);
    return secondsOf(ratios).nearWithin(s(90), s(125), at)[0]?.peakMono;
  };
  assert.deepEqual([peakOf(110), peakOf(100), peakOf(null)], [110_000, 100_000, 100_000]);
});

test("a second without news is bridged, two far ones are not one time", () => {
  const [near] = around(secondsOf([0.5, Number.NaN, 0.9, 0, 0, 0, 0.5, 0.5]), 102);
  assert.deepEqual([near?.fromMono, near?.toMono], [100_000, 102_000]);
});

test("each door is judged by itself", () => {
  const seconds = new DoorSeconds(3);
  seconds.push([0.01, 0.5, 0.7], s(100));
  assert.deepEqual(
    around(seconds, 100).map(({ door, peakRatio }) => [door, peakRatio]),
    [
      [1, 0.5],
      [2, 0.7],
    ],
  );
});

test("after a minute, or when told so, it is forgotten", () => {
  const seconds = secondsOf([0.9]);
  for (let second = 101; second < 200; second += 1) seconds.push([0], s(second));
  assert.deepEqual(around(seconds, 100), []);
  const fresh = secondsOf([0.9]);
  fresh.clear();
  assert.deepEqual(around(fresh, 100), []);
});

test("times before zero have their place too", () => {
  const seconds = new DoorSeconds(1);
  seconds.push([0.9], s(-3));
  assert.equal(around(seconds, -3)[0]?.peakMono, -3000);
});
