import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { monoMs } from "../core/brand.ts";
import { seededRandom } from "../core/random.ts";
import { type SideChange, SideFollower } from "./door-side.ts";

/** Feeds one probability a second from 100 s on; the changes told. */
function follow(follower: SideFollower, ratios: readonly number[], from = 100): SideChange[] {
  return ratios.flatMap((ratio, i) => follower.push(ratio, monoMs((from + i) * 1000)) ?? []);
}

const repeat = (ratio: number, count: number): number[] =>
  Array.from({ length: count }, () => ratio);

test("the first side that is sure is no change", () => {
  const follower = new SideFollower();
  assert.equal(follower.side, null);
  assert.deepEqual(follow(follower, repeat(0.95, 20)), []);
  assert.equal(follower.side, "inside");
});

test("a change is dated back to the first second that spoke for the other side", () => {
  const follower = new SideFollower();
  follower.set("inside");
  const changes = follow(follower, [...repeat(1, 10), 0.4, 0.1, ...repeat(0, 20)]);
  assert.deepEqual(changes, [{ direction: "out", atMono: 110_000 }]);
  assert.deepEqual([follower.side, follower.turnMono], ["outside", null]);
});

test("the way back is a change of its own", () => {
  const follower = new SideFollower();
  follower.set("outside");
  const ratios = [...repeat(0.99, 15), ...repeat(0.01, 15)];
  assert.deepEqual(follow(follower, ratios), [
    { direction: "in", atMono: 100_000 },
    { direction: "out", atMono: 115_000 },
  ]);
});

test("some seconds that seem outside are no change for whoever works near the door", () => {
  const follower = new SideFollower();
  follower.set("inside");
  const ratios = [...repeat(0.1, 4), ...repeat(0.8, 8), ...repeat(0.05, 3), ...repeat(0.9, 10)];
  assert.deepEqual(follow(follower, ratios), []);
  assert.equal(follower.side, "inside");
});

test("an even chance for an hour proves nothing", () => {
  const follower = new SideFollower();
  follower.set("inside");
  assert.deepEqual(follow(follower, repeat(0.5, 3600)), []);
});

test("probabilities of 0, 1 and beyond are worth no more than nearly sure", () => {
  for (const ratio of [1, 2, Number.POSITIVE_INFINITY]) {
    const follower = new SideFollower();
    assert.deepEqual(follow(follower, repeat(ratio, 3)), []);
    assert.equal(follower.side, null);
  }
});

test("inside and outside are each other's mirror", () => {
  const ratios = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 200 });
  fc.assert(
    fc.property(ratios, (values) => {
      const told = follow(new SideFollower(), values);
      const mirrored = follow(
        new SideFollower(),
        values.map((ratio) => 1 - ratio),
      );
      const turned = mirrored.map(({ direction, atMono }) => ({
        direction: direction === "in" ? ("out" as const) : ("in" as const),
        atMono,
      }));
      assert.deepEqual(turned, told);
      // Changes alternate and their times grow.
      told.slice(1).forEach((change, i) => {
        assert.notEqual(change.direction, told[i]?.direction);
        assert.ok(change.atMono > (told[i]?.atMono ?? Number.NaN));
      });
    }),
  );
});

test("ten hours a metre from the door with errors nearly as large: less than one false change an hour", () => {
  const random = seededRandom(5);
  const follower = new SideFollower();
  follower.set("inside");
  let logOdds = 0;
  let changes = 0;
  for (let second = 0; second < 36_000; second += 1) {
    // Correlated over four seconds, mean 1 m inside, deviation 0.85 m, told with calibrated probabilities.
    const draw = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    logOdds = 0.8 * logOdds + 0.6 * 0.85 * draw;
    const ratio = 1 / (1 + Math.exp((-1.702 * (1 + logOdds)) / 0.85));
    if (follower.push(ratio, monoMs(second * 1000)) !== null) changes += 1;
  }
  assert.ok(changes < 10, String(changes));
});
