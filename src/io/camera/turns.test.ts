import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { InferenceTurns, type TurnSeat } from "./turns.ts";

/** A camera that always wants to look and needs `workMs` for it; `looks` counts its turns. */
function busyCamera(turns: InferenceTurns, clock: FakeClock, fps: number, workMs: number) {
  const camera = { looks: 0, seat: null as TurnSeat | null, waitedMs: 0, askedMono: 0 };
  const seat = turns.join(fps, () => {
    camera.looks += 1;
    camera.waitedMs = Math.max(camera.waitedMs, clock.mono() - camera.askedMono);
    clock.after(workMs, "inference", ask);
  });
  const ask = (): void => {
    camera.askedMono = clock.mono();
    seat.want();
  };
  camera.seat = seat;
  ask();
  return camera;
}

test("a turn is granted at once while a slot is free", () => {
  const turns = new InferenceTurns({ slots: 2, clock: new FakeClock() });
  const granted: string[] = [];
  const a = turns.join(8, () => granted.push("a"));
  const b = turns.join(8, () => granted.push("b"));
  const c = turns.join(8, () => granted.push("c"));
  a.want();
  b.want();
  c.want();
  assert.deepEqual(granted, ["a", "b"]);
  b.done();
  assert.deepEqual(granted, ["a", "b", "c"]);
});

test("those with equal claims come in the order of asking", () => {
  const turns = new InferenceTurns({ slots: 1, clock: new FakeClock() });
  const granted: string[] = [];
  const seats = ["a", "b", "c"].map((name) => turns.join(5, () => granted.push(name)));
  const [a, b, c] = seats;
  c?.want();
  a?.want();
  b?.want();
  for (const seat of [c, a, b]) seat?.want();
  for (const seat of [c, a, b]) seat?.want();
  assert.deepEqual(granted, ["c", "a", "b", "c", "a", "b", "c"]);
});

test("when inference is the bottleneck, turns go in proportion to the frames per second asked for", () => {
  const clock = new FakeClock();
  const turns = new InferenceTurns({ slots: 1, clock });
  const fast = busyCamera(turns, clock, 10, 200);
  const slow = busyCamera(turns, clock, 5, 200);
  clock.advance(60_000);
  assert.ok(Math.abs(fast.looks - 200) <= 1, `fast ${fast.looks}`);
  assert.ok(Math.abs(slow.looks - 100) <= 1, `slow ${slow.looks}`);
});

test("property: whatever the weights, slots and speeds, shares are fair and nobody starves", () => {
  const cameras = fc.array(fc.tuple(fc.integer({ min: 1, max: 15 }), fc.constant(100)), {
    minLength: 2,
    maxLength: 6,
  });
  fc.assert(
    fc.property(cameras, (given) => {
      const clock = new FakeClock();
      const turns = new InferenceTurns({ slots: 1, clock });
      const busy = given.map(([fps, workMs]) => busyCamera(turns, clock, fps, workMs));
      clock.advance(120_000);
      const total = busy.reduce((sum, { looks }) => sum + looks, 0);
      const weights = given.reduce((sum, [fps]) => sum + fps, 0);
      assert.ok(total >= 1199, `no slot idles while somebody waits: ${total}`);
      busy.forEach(({ looks, waitedMs }, i) => {
        const fps = given[i]?.[0] ?? 1;
        const share = (total * fps) / weights;
        assert.ok(Math.abs(looks - share) <= given.length + 1, `${looks} of ${share}`);
        // The longest wait is one round of everybody's share, give or take a turn each.
        assert.ok(waitedMs <= (weights / fps + given.length) * 100, `${waitedMs} ms`);
      });
    }),
    { numRuns: 60 },
  );
});

test("who was idle has saved up nothing", () => {
  const clock = new FakeClock();
  const turns = new InferenceTurns({ slots: 1, clock });
  const early = busyCamera(turns, clock, 5, 100);
  clock.advance(30_000);
  const before = early.looks;
  const late = busyCamera(turns, clock, 5, 100);
  clock.advance(2000);
  assert.ok(Math.abs(early.looks - before - 10) <= 1);
  assert.ok(Math.abs(late.looks - 10) <= 1);
});

test("the turn of a camera that died is free at once", () => {
  const turns = new InferenceTurns({ slots: 1, clock: new FakeClock() });
  const granted: string[] = [];
  const dead = turns.join(8, () => granted.push("dead"));
  const next = turns.join(8, () => granted.push("next"));
  dead.want();
  next.want();
  dead.leave();
  dead.leave();
  dead.want();
  assert.deepEqual(granted, ["dead", "next"]);
});

test("the turn of a camera that hangs is lent on after the limit, and its return does no harm", () => {
  const clock = new FakeClock();
  const turns = new InferenceTurns({ slots: 1, clock, limitMs: 5000 });
  const granted: string[] = [];
  const hung = turns.join(8, () => granted.push("hung"));
  const next = turns.join(8, () => granted.push("next"));
  hung.want();
  clock.advance(3000);
  next.want();
  clock.advance(1999);
  assert.deepEqual(granted, ["hung"]);
  clock.advance(1);
  assert.deepEqual(granted, ["hung", "next"]);
  assert.equal(turns.overdueTurns, 1);
  hung.want();
  assert.deepEqual(granted, ["hung", "next"]);
  next.done();
  assert.deepEqual(granted, ["hung", "next", "hung"]);
  hung.done();
  assert.equal(clock.pending, 0);
});

test("who stops waiting is passed over", () => {
  const turns = new InferenceTurns({ slots: 1, clock: new FakeClock() });
  const granted: string[] = [];
  const [a, b, c] = ["a", "b", "c"].map((name) => turns.join(8, () => granted.push(name)));
  for (const seat of [a, b, c]) seat?.want();
  b?.done();
  a?.done();
  assert.deepEqual(granted, ["a", "c"]);
});
