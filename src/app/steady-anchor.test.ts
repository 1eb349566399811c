import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs, monoMs } from "../core/brand.ts";
import type { ClockState, TimeAnchor } from "../core/clock.ts";
import { createSteadyAnchor } from "./steady-anchor.ts";

function clocks() {
  let now: TimeAnchor = { mono: monoMs(0.4), epoch: epochMs(1_000_000), clock: "unsynced" };
  const set = (mono: number, epoch: number, clock: ClockState = "unsynced"): void => {
    now = { mono: monoMs(mono), epoch: epochMs(epoch), clock };
  };
  return { anchor: createSteadyAnchor(() => now), set };
}

test("a reading holds although each measurement of whole milliseconds differs a little", () => {
  const { anchor, set } = clocks();
  const first = anchor.read();
  for (const [mono, epoch] of [
    [1000.9, 1_001_001],
    [2000.1, 1_001_999],
    [3000.7, 1_003_002],
  ] as const) {
    set(mono, epoch);
    anchor.check();
    assert.equal(anchor.read(), first);
  }
});

test("a clock that was set, or is known better, changes the reading in the next check and not before", () => {
  const { anchor, set } = clocks();
  const first = anchor.read();
  set(1000, 9_000_000);
  assert.equal(anchor.read(), first);
  anchor.check();
  assert.equal(anchor.read().epoch, 9_000_000);
  set(2000, 9_001_000, "synced");
  anchor.check();
  assert.equal(anchor.read().clock, "synced");
});

test("a clock that drifts is followed in small steps", () => {
  const { anchor, set } = clocks();
  const readings = new Set([anchor.read()]);
  for (let second = 1; second <= 1000; second += 1) {
    set(second * 1000, Math.floor(1_000_000 + second * 1000.05));
    anchor.check();
    readings.add(anchor.read());
    const { mono, epoch } = anchor.read();
    assert.ok(Math.abs(epoch + second * 1000 - mono - (1_000_000 + second * 1000.05)) < 4);
  }
  assert.ok(readings.size > 5 && readings.size < 30, `${readings.size} readings`);
});
