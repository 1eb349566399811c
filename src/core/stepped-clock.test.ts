import assert from "node:assert/strict";
import test from "node:test";
import { epochMs, monoMs } from "./brand.ts";
import { createSteppedClock } from "./stepped-clock.ts";

test("timers run in order of their time and see that time", () => {
  const clock = createSteppedClock(epochMs(1000));
  const seen: string[] = [];
  clock.after(30, "late", () => seen.push(`late@${clock.mono()}`));
  clock.after(10, "early", () => {
    seen.push(`early@${clock.mono()}/${clock.now()}`);
    clock.after(5, "nested", () => seen.push(`nested@${clock.mono()}`));
  });
  clock.advanceTo(monoMs(40));
  assert.deepEqual(seen, ["early@10/1010", "nested@15", "late@30"]);
  assert.equal(clock.mono(), 40);
});

test("a periodic timer runs once per period until it is cancelled", () => {
  const clock = createSteppedClock(epochMs(0));
  let runs = 0;
  const timer = clock.every(10, "tick", () => {
    runs += 1;
    if (runs === 3) timer.cancel();
  });
  clock.advanceTo(monoMs(1000));
  assert.equal(runs, 3);
  assert.equal(clock.pending, 0);
});

test("timers of the same time run in the order they were made", () => {
  const clock = createSteppedClock(epochMs(0));
  const seen: number[] = [];
  for (const n of [1, 2, 3]) clock.after(5, "same", () => seen.push(n));
  clock.advanceTo(monoMs(5));
  assert.deepEqual(seen, [1, 2, 3]);
});

test("the clock never goes back", () => {
  const clock = createSteppedClock(epochMs(0), monoMs(50));
  clock.advanceTo(monoMs(20));
  assert.equal(clock.mono(), 50);
});
