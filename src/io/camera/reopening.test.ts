import assert from "node:assert/strict";
import test from "node:test";
import { CAMERA_TIMING } from "./camera-timing.ts";
import { Reopening } from "./reopening.ts";

const noJitter = (): number => 0;

test("a stream that stalls is opened again at once, however often", () => {
  const reopening = new Reopening(noJitter);
  for (let i = 0; i < 20; i += 1)
    assert.equal(reopening.pauseMs({ code: "CAMERA_STALLED", lastedMs: 3500 }), 0);
});

test("what fails at once is tried again after growing pauses, at most ten seconds", () => {
  const reopening = new Reopening(noJitter);
  const pause = (): number => reopening.pauseMs({ code: "CAMERA_UNREACHABLE", lastedMs: 80 });
  assert.deepEqual(
    [pause(), pause(), pause(), pause(), pause(), pause()],
    [1000, 2000, 4000, 8000, 10_000, 10_000],
  );
  reopening.forgive();
  assert.equal(pause(), 1000);
});

test("an opening that took its time needs no pause after it", () => {
  const reopening = new Reopening(noJitter);
  assert.equal(reopening.pauseMs({ code: "CAMERA_UNREACHABLE", lastedMs: 5200 }), 0);
  assert.equal(reopening.pauseMs({ code: "CAMERA_ENDED", lastedMs: 60_000 }), 0);
});

test("a fault of this box is given growing pauses even when it took its time", () => {
  const reopening = new Reopening(noJitter);
  const pause = (): number => reopening.pauseMs({ code: "INFERENCE_FAILED", lastedMs: 9000 });
  assert.deepEqual([pause(), pause()], [1000, 2000]);
});

test("a path never seen is left to a person; one that worked may come back by itself", () => {
  const reopening = new Reopening(noJitter);
  const failure = { code: "CAMERA_NOT_FOUND", lastedMs: 100 } as const;
  assert.equal(reopening.pauseMs(failure), CAMERA_TIMING.operatorPauseMs);
  reopening.worked();
  assert.equal(reopening.pauseMs(failure), 1000);
  const refused = { code: "CAMERA_UNAUTHORIZED", lastedMs: 100 } as const;
  assert.equal(reopening.pauseMs(refused), CAMERA_TIMING.operatorPauseMs, "accounts get locked");
});
