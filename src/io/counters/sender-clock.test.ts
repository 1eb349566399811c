import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epochMs, monoMs } from "../../core/brand.ts";
import { SENDER_CLOCK, SenderClock } from "./sender-clock.ts";

const EPOCH = Date.UTC(2026, 8, 14, 10);

/** A message sent at `atMs` of our time by a clock `behindMs` behind, that takes `delayMs`. */
function hear(clock: SenderClock, atMs: number, behindMs: number, delayMs: number) {
  const arrival = atMs + delayMs;
  return clock.judge(EPOCH + atMs - behindMs, monoMs(arrival), epochMs(EPOCH + arrival));
}

test("whatever the clock and the delays, times are right up to the smallest delay", () => {
  const delays = fc.array(fc.integer({ min: 20, max: 1500 }), { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(delays, fc.integer({ min: -50_000, max: 50_000 }), (all, behindMs) => {
      const clock = new SenderClock();
      all.forEach((delayMs, i) => {
        hear(clock, i * 2000, behindMs, delayMs);
      });
      const atMs = all.length * 2000;
      const judged = hear(clock, atMs, behindMs, 1500);
      assert.ok(judged.kind === "good");
      const least = Math.min(...all);
      assert.ok(Math.abs(judged.atMono - (atMs + least)) < 1e-6);
      assert.equal(clock.resets, 0);
    }),
  );
});

test("over two seconds is doubtful, over a minute refused", () => {
  const clock = new SenderClock();
  assert.equal(hear(clock, 0, 1500, 50).kind, "good");
  assert.equal(clock.isDoubtful, false);
  const doubtful = new SenderClock();
  assert.equal(hear(doubtful, 0, 2500, 50).kind, "good");
  assert.equal(doubtful.isDoubtful, true);
  for (const behindMs of [61_000, -61_000]) {
    const judged = hear(new SenderClock(), 0, behindMs, 50);
    assert.ok(judged.kind === "refused");
    assert.equal(Math.round((judged.skewMs - 50) / 1000), behindMs / 1000);
  }
});

test("a clock that runs slow is followed", () => {
  const clock = new SenderClock();
  let judged = hear(clock, 0, 0, 50);
  // 100 ppm over two hours: 720 ms.
  for (let atMs = 1000; atMs <= 7_200_000; atMs += 1000)
    judged = hear(clock, atMs, atMs * 1e-4, 50);
  assert.ok(judged.kind === "good");
  const lagMs = 7_200_050 - judged.atMono;
  assert.ok(lagMs >= 0 && lagMs <= SENDER_CLOCK.windowMs * 2 * 1e-4 + 1, `${lagMs}`);
});

test("a time of our own clock going wrong changes nothing about the times of events", () => {
  const clock = new SenderClock();
  clock.judge(EPOCH, monoMs(100), epochMs(EPOCH + 100));
  const judged = clock.judge(EPOCH + 1000, monoMs(1100), epochMs(EPOCH + 31_100));
  assert.ok(judged.kind === "good");
  assert.equal(judged.atMono, 1100);
});
