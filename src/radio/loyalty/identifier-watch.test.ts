import assert from "node:assert/strict";
import test from "node:test";
import { monoMs, receiverId } from "../../core/brand.ts";
import type { ReceiverPlan } from "../../core/site.ts";
import { type IdentifierHearing, IdentifierWatch, type TwoPlaces } from "./identifier-watch.ts";

const receiver = (id: string, xM: number): ReceiverPlan => ({
  id: receiverId(id),
  name: id,
  xM,
  yM: 0,
  zM: 2.5,
});
const HALL = [receiver("door", 0), receiver("middle", 20), receiver("back", 60)];

const heard = (
  at: string,
  rssiDbm: number,
  atMs: number,
  more: Partial<IdentifierHearing> = {},
): IdentifierHearing => ({
  key: "k1",
  receiverId: receiverId(at),
  rssiDbm,
  txPower1mDbm: -59,
  atMono: monoMs(atMs),
  ...more,
});

function told(watch: IdentifierWatch, hearings: readonly IdentifierHearing[]): TwoPlaces[] {
  return hearings.flatMap((one) => watch.take(one) ?? []);
}

/** Loud at the door and at the back in turn, once a second. */
const copied = (fromMs: number, seconds: number, key = "k1"): IdentifierHearing[] =>
  Array.from({ length: seconds }, (_, i) =>
    heard(i % 2 === 0 ? "door" : "back", -55, fromMs + 1000 * i, { key }),
  );

test("an identifier that is loud at both ends of a hall at once is told, once in a quarter of an hour", () => {
  const watch = new IdentifierWatch(HALL);
  const [first, ...more] = told(watch, copied(0, 60));
  assert.deepEqual(first?.receivers, ["door", "back"]);
  assert.ok((first?.apartM ?? 0) > 50 && (first?.apartM ?? 0) < 60);
  assert.deepEqual(more, []);
  assert.equal(told(watch, copied(1_000_000, 60)).length, 1);
});

test("somebody who walks through the hall is in one place at a time", () => {
  const watch = new IdentifierWatch(HALL);
  const walk: IdentifierHearing[] = [];
  for (let s = 0; s <= 40; s += 1)
    for (const { id, xM } of HALL) {
      const distanceM = Math.max(1, Math.abs(1.5 * s - xM));
      walk.push(heard(id, Math.round(-59 - 20 * Math.log10(distanceM)) + (s % 3) * 4, 1000 * s));
    }
  assert.deepEqual(told(watch, walk), []);
});

test("what is heard everywhere, but loudly nowhere twice, proves nothing", () => {
  const watch = new IdentifierWatch(HALL);
  const far = Array.from({ length: 60 }, (_, i) =>
    heard(HALL[i % 3]?.id ?? "door", i % 3 === 0 ? -52 : -84, 500 * i),
  );
  assert.deepEqual(told(watch, far), []);
});

test("receivers without a place, and levels that are no number, say nothing", () => {
  const watch = new IdentifierWatch(HALL.slice(0, 1));
  assert.deepEqual(told(watch, copied(0, 60)), []);
  const whole = new IdentifierWatch(HALL);
  const nothing = copied(0, 60).map((one) => ({ ...one, rssiDbm: Number.NaN }));
  assert.deepEqual(told(whole, nothing), []);
});

test("a sender that states hardly any power does not seem nearer than it can be", () => {
  const watch = new IdentifierWatch(HALL);
  const lying = Array.from({ length: 60 }, (_, i) =>
    heard(i % 2 === 0 ? "door" : "back", -88, 1000 * i, { txPower1mDbm: -120 }),
  );
  assert.deepEqual(told(watch, lying), []);
});

test("many copies at once are told ten times a minute, the others are counted", () => {
  const watch = new IdentifierWatch(HALL);
  let count = 0;
  for (let k = 0; k < 50; k += 1) count += told(watch, copied(0, 10, `k${k}`)).length;
  assert.equal(count, 10);
  assert.equal(watch.counts.untold, 40);
});
