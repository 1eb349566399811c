import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { epochMs } from "../../core/brand.ts";
import { type ClockSigns, chronyInStep, clockState, createClockWatch } from "./clock-watch.ts";

const NOW = epochMs(Date.UTC(2026, 10, 20, 9));
const HOUR = 3_600_000;
const NOTHING: ClockSigns = { setAt: null, isInStep: null, isServed: false };
const setAgo = (ms: number): ClockSigns => ({
  setAt: epochMs(NOW - ms),
  isInStep: null,
  isServed: true,
});

test("a clock set lately is in step, one set long ago coasts, one never set is not known", () => {
  assert.equal(clockState("unsynced", setAgo(HOUR), NOW), "synced");
  assert.equal(clockState("unsynced", setAgo(4 * HOUR), NOW), "holdover", "also after a restart");
  assert.equal(clockState("unsynced", NOTHING, NOW), "unsynced");
  assert.equal(clockState("synced", NOTHING, NOW), "holdover");
  assert.equal(clockState("holdover", NOTHING, NOW), "holdover");
});

test("chrony that runs without a server is not in step", () => {
  assert.equal(clockState("unsynced", { setAt: null, isInStep: false }, NOW), "unsynced");
  assert.equal(clockState("synced", { setAt: null, isInStep: false }, NOW), "holdover");
  assert.equal(clockState("holdover", { setAt: null, isInStep: true }, NOW), "synced");
});

test("the answer of chrony is read by its leap status, and anything else is no answer", () => {
  const line = "C0000201,192.0.2.1,3,1793523600.1,0.000012,0.0,0.0,-1.2,0.0,0.1,0.01,0.02,64.2,";
  assert.equal(chronyInStep(`${line}Normal\n`), true);
  assert.equal(chronyInStep(`${line}Not synchronised\n`), false);
  assert.equal(chronyInStep("506 Cannot talk to daemon\n"), null);
  assert.equal(chronyInStep(""), null);
});

test("the watch follows the system while it runs and leaves no timer", async () => {
  const clock = new FakeClock();
  let signs = NOTHING;
  const watch = createClockWatch(clock, async () => signs);
  await watch.refresh();
  assert.equal(watch.state, "unsynced");
  await watch.start(new AbortController().signal);
  assert.equal(watch.isAwaited, false, "nobody here sets the clock: nothing waits for it");
  signs = { setAt: null, isInStep: false, isServed: true };
  await watch.refresh();
  assert.equal(watch.isAwaited, true);
  signs = { setAt: null, isInStep: true, isServed: true };
  clock.advance(30_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(watch.state, "synced");
  assert.equal(watch.isAwaited, false);
  await watch[Symbol.asyncDispose]();
  assert.equal(clock.pending, 0);
});
