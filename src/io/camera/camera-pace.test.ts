import assert from "node:assert/strict";
import test from "node:test";
import { monoMs } from "../../core/brand.ts";
import { FramePace, ReopenWatch, SlowWatch } from "./camera-pace.ts";
import { CAMERA_TIMING } from "./camera-timing.ts";

function paceOf(targetFps: number, gapsMs: readonly number[], namedFps: number | null = null) {
  const pace = new FramePace(targetFps);
  pace.begin();
  pace.name(namedFps);
  let atMono = 0;
  pace.count(monoMs(atMono));
  for (const gapMs of gapsMs) {
    atMono += gapMs;
    pace.count(monoMs(atMono));
  }
  return pace;
}

for (const c of [
  { name: "at the usual rates a stream is stale after three seconds", fps: 8, gap: 125, ms: 3000 },
  { name: "at one frame in three seconds it is after thirty", fps: 8, gap: 3000, ms: 30_000 },
  { name: "no camera is waited for longer than a minute", fps: 8, gap: 20_000, ms: 60_000 },
  {
    name: "where few frames are asked for, ten of them must be missing",
    fps: 1,
    gap: 1000,
    ms: 10_000,
  },
]) {
  test(`pace: ${c.name}`, () => {
    assert.equal(paceOf(c.fps, Array(12).fill(c.gap)).staleMs, c.ms);
  });
}

test("a few late frames do not make a fast camera slow", () => {
  assert.equal(paceOf(8, [125, 125, 125, 2500, 125, 125, 2500, 125, 125]).staleMs, 3000);
});

test("after the first frame a slow camera is given time for its second", () => {
  assert.equal(paceOf(8, []).staleMs, CAMERA_TIMING.secondFrameMs);
});

test("a rate the source names is believed unless it is absurd", () => {
  assert.equal(paceOf(8, [], 0.5).staleMs, 20_000);
  assert.equal(paceOf(8, [], 25).staleMs, 3000);
  assert.equal(paceOf(8, [], 90_000).staleMs, 3000);
  for (const absurd of [0, -1, Number.NaN, 0.0001])
    assert.equal(paceOf(8, [], absurd).staleMs, CAMERA_TIMING.secondFrameMs, String(absurd));
});

test("the gap between two openings is not the camera's pace", () => {
  const pace = paceOf(8, [125, 125, 125]);
  for (let run = 0; run < 20; run += 1) {
    pace.begin();
    pace.count(monoMs(100_000 * (run + 1)));
  }
  assert.equal(pace.staleMs, 3000);
});

/** Checks twice a second for so long; the findings with the seconds at which they came. */
function watchSlow(watch: SlowWatch, fromS: number, seconds: number, fps: number) {
  const found: [second: number, isPresent: boolean][] = [];
  for (let ms = fromS * 1000; ms <= (fromS + seconds) * 1000; ms += 500) {
    const finding = watch.check(fps, monoMs(ms));
    if (finding !== null) found.push([ms / 1000, finding.isPresent]);
  }
  return found;
}

test("a camera is slow after ten seconds below 70 % of what was asked, and well again at 85 %", () => {
  const watch = new SlowWatch(10);
  assert.deepEqual(watchSlow(watch, 0, 60, 7.2), []);
  assert.deepEqual(watchSlow(watch, 60, 9, 6.9), [], "not long enough");
  assert.deepEqual(watchSlow(watch, 70, 1, 9), [], "interrupted");
  assert.deepEqual(watchSlow(watch, 80, 30, 6.9), [[90, true]]);
  assert.deepEqual(watchSlow(watch, 120, 30, 8), [], "between the two it stays as it is");
  assert.deepEqual(watchSlow(watch, 160, 30, 9), [[170, false]]);
});

test("a finding names both rates, and blindness in between does not count as slowness", () => {
  const watch = new SlowWatch(8);
  watch.check(2, monoMs(0));
  watch.begin();
  assert.equal(watch.check(2, monoMs(10_000)), null);
  assert.deepEqual(watch.check(2.3456, monoMs(20_000)), {
    isPresent: true,
    measured: { fps: 2.35, targetFps: 8 },
  });
});

test("three losses in ten minutes make a camera unstable, until nearly all are forgotten", () => {
  const watch = new ReopenWatch();
  const minute = (n: number) => monoMs(n * 60_000);
  watch.reopened(minute(0));
  watch.reopened(minute(1));
  assert.equal(watch.check(minute(2)), null);
  watch.reopened(minute(3));
  assert.deepEqual(watch.check(minute(3)), { isPresent: true, measured: { reopened: 3 } });
  assert.equal(watch.check(minute(10.5)), null, "two are still in the window");
  assert.deepEqual(watch.check(minute(11.5)), { isPresent: false, measured: { reopened: 1 } });
  assert.equal(watch.count, 3);
});
