import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { monoMs, receiverId } from "../../core/brand.ts";
import type { ReceiverPlan, SurveyPoint } from "../../core/site.ts";
import type { WalkReading } from "../zones/smooth-walk.ts";
import { clusterPlaces } from "./place-clusters.ts";
import { type PlacedSecond, pointsOf } from "./walk-places.ts";

const RECEIVERS: readonly ReceiverPlan[] = ["a", "b"].map((id) => ({
  id: receiverId(id),
  name: id,
  xM: 0,
  yM: 0,
  zM: 2,
}));

/** `seconds` seconds at one place from `from` on, each with one reading per level. */
function stand(
  zone: number,
  from: number,
  seconds: number,
  xM: number,
  levels: readonly number[],
): {
  readonly seconds: readonly PlacedSecond[];
  readonly readings: readonly WalkReading[];
} {
  const range = Array.from({ length: seconds }, (_, i) => from + i);
  return {
    seconds: range.map((second) => ({ second, zone, xM, yM: 1 })),
    readings: range.flatMap((second) =>
      levels.map((rssiDbm, receiver) => ({
        receiver,
        rssiDbm,
        atMono: monoMs(second * 1000 + 400),
      })),
    ),
  };
}

function points(...stands: readonly ReturnType<typeof stand>[]): readonly SurveyPoint[] {
  return pointsOf(
    stands.flatMap(({ seconds }) => seconds),
    stands.flatMap(({ readings }) => readings),
    RECEIVERS,
  );
}

test("two places of a zone become two points with the mean level of each receiver", () => {
  const found = points(stand(0, 0, 30, 1, [-60, -80]), stand(0, 30, 30, 7, [-80, -60]));
  assert.deepEqual(
    [...found].sort((a, b) => a.xM - b.xM),
    [
      {
        xM: 1,
        yM: 1,
        zM: 1.2,
        levels: [
          { receiverId: "a", meanDbm: -60, readings: 30 },
          { receiverId: "b", meanDbm: -80, readings: 30 },
        ],
      },
      {
        xM: 7,
        yM: 1,
        zM: 1.2,
        levels: [
          { receiverId: "a", meanDbm: -80, readings: 30 },
          { receiverId: "b", meanDbm: -60, readings: 30 },
        ],
      },
    ],
  );
});

test("places of different zones are never one point, however near they are", () => {
  assert.equal(points(stand(0, 0, 20, 1, [-60]), stand(1, 20, 20, 1.2, [-60])).length, 2);
});

test("a short stay gives one point, a very short one none", () => {
  assert.equal(points(stand(0, 0, 8, 1, [-60])).length, 1);
  assert.equal(points(stand(0, 0, 4, 1, [-60])).length, 0);
});

test("a level on two readings is left out, and a place where nothing is left is no point", () => {
  const one = stand(0, 0, 20, 1, [-60]);
  const few = { receiver: 1, rssiDbm: -90, atMono: monoMs(500) };
  const [point] = pointsOf(one.seconds, [...one.readings, few, few], RECEIVERS);
  assert.deepEqual(
    point?.levels.map(({ receiverId: id }) => id),
    ["a"],
  );
});

test("a zone gives at most five points and a walk at most thirty, whatever was walked", () => {
  const wander = (zone: number): readonly ReturnType<typeof stand>[] =>
    Array.from({ length: 9 }, (_, i) => stand(zone, zone * 1_000 + i * 20, 20, i * 3, [-60]));
  assert.equal(points(...wander(0)).length, 5);
  const many = points(...Array.from({ length: 12 }, (_, zone) => wander(zone)).flat());
  assert.ok(many.length <= 30 && many.length >= 12, `${many.length}`);
});

test("clusters hold every spot once, are as many as allowed, and keep their distance", () => {
  const spot = fc.record({
    xM: fc.double({ min: 0, max: 20, noNaN: true }),
    yM: fc.double({ min: 0, max: 20, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.array(spot, { minLength: 1, maxLength: 80 }),
      fc.integer({ min: 1, max: 6 }),
      (spots, most) => {
        const clusters = clusterPlaces(spots, { most, minSpots: 4, apartM: 1.5 });
        assert.deepEqual(clusters, clusterPlaces(spots, { most, minSpots: 4, apartM: 1.5 }));
        assert.ok(clusters.length >= 1 && clusters.length <= most);
        const all = clusters.flatMap((cluster) => cluster.spots);
        assert.deepEqual(new Set(all), new Set(spots));
        assert.equal(all.length, spots.length);
        if (clusters.length < 2) return;
        for (const [i, a] of clusters.entries()) {
          assert.ok(a.spots.length >= 4);
          for (const b of clusters.slice(i + 1))
            assert.ok(Math.hypot(a.xM - b.xM, a.yM - b.yM) >= 1.5);
        }
      },
    ),
  );
});
