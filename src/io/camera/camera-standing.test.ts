import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { cameraId } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { CameraStanding } from "./camera-standing.ts";

function setUp() {
  const clock = new FakeClock({ mono: 5000 });
  const events: SensorEvent[] = [];
  const standing = new CameraStanding({
    config: { id: cameraId("door"), source: "rtsp://cam/1", fps: 8, motionGate: true, loop: false },
    run: "3fa9",
    shownSource: "rtsp://cam/1",
    clock,
    log: SILENT_LOG,
    onEvent: (event) => events.push(event),
  });
  const said = (): string[] =>
    events.flatMap((event) => {
      if (event.kind === "sensor-changed") return [event.code ?? event.state];
      if (event.kind !== "sensor-condition") return [];
      return [`${event.isPresent ? "+" : "-"}${event.condition}`];
    });
  /** Lets so many seconds pass at this rate, checked as the watchdog does. */
  const deliver = (seconds: number, fps: number): void => {
    for (let i = 0; i < seconds * fps; i += 1) {
      clock.advance(1000 / fps);
      standing.looked("look", true, 0);
      standing.check(clock.mono());
    }
  };
  const fault = (code: "CAMERA_FROZEN" | "CAMERA_COVERED" | null): void =>
    standing.judgePicture({ kind: "fault", code, atMono: clock.mono() }, true);
  return { clock, events, standing, said, deliver, fault };
}

test("a frozen picture makes the camera blind while frames go on, and it sees with the first good one", () => {
  const { standing, said, deliver, fault } = setUp();
  standing.starting();
  deliver(2, 8);
  fault("CAMERA_FROZEN");
  deliver(5, 8);
  fault(null);
  deliver(1, 8);
  assert.deepEqual(said(), ["starting", "seeing", "CAMERA_FROZEN", "seeing"]);
});

test("a picture fault stays the reason after the stream was lost and is back", () => {
  const { standing, said, deliver, fault } = setUp();
  deliver(1, 8);
  fault("CAMERA_COVERED");
  standing.blind("CAMERA_STALLED");
  deliver(1, 8);
  assert.deepEqual(said(), ["seeing", "CAMERA_COVERED", "CAMERA_STALLED", "CAMERA_COVERED"]);
  standing.newWorker();
  deliver(1, 8);
  assert.equal(said().at(-1), "seeing", "a new worker judges anew");
});

test("a late word about a stream that is gone does not make a blind camera see", () => {
  const { clock, standing, said, deliver } = setUp();
  deliver(1, 8);
  standing.blind("CAMERA_ENDED");
  standing.looked("look", false, 0);
  standing.judgePicture({ kind: "fault", code: null, atMono: clock.mono() }, false);
  assert.deepEqual(said(), ["seeing", "CAMERA_ENDED"]);
});

test("what is wrong with a camera that sees is told when it begins and when it ends, with its figures", () => {
  const { clock, events, standing, said } = setUp();
  const moved = { kind: "condition", condition: "moved", atMono: clock.mono() } as const;
  const measured = { shiftXNorm: 0.1, shiftYNorm: 0 };
  standing.judgePicture({ ...moved, isPresent: true, measured }, true);
  standing.judgePicture({ ...moved, isPresent: true, measured }, true);
  assert.deepEqual(standing.facts(clock.mono()).conditions, ["moved"]);
  standing.judgePicture({ ...moved, isPresent: false, measured: {} }, true);
  assert.deepEqual(said(), ["+moved", "-moved"]);
  assert.deepEqual(
    events.map(({ source, seq }) => [source, seq]),
    [
      ["camera-condition:door#3fa9", 0],
      ["camera-condition:door#3fa9", 1],
    ],
  );
});

test("what a worker found wrong with the picture ends with the worker, since the next one cannot end it", () => {
  const { clock, standing, said } = setUp();
  const measured = { luma: 12, noise: 5 };
  const dark = { kind: "condition", condition: "low-light", measured } as const;
  standing.judgePicture({ ...dark, isPresent: true, atMono: clock.mono() }, true);
  standing.newWorker();
  assert.deepEqual(standing.facts(clock.mono()).conditions, []);
  standing.judgePicture({ ...dark, isPresent: true, atMono: clock.mono() }, true);
  assert.deepEqual(said(), ["+low-light", "-low-light", "+low-light"]);
});

test("a camera that delivers two frames a second instead of eight becomes slow, and well again", () => {
  const { events, said, deliver } = setUp();
  deliver(40, 2);
  assert.deepEqual(said(), ["seeing", "+slow"]);
  const [, slow] = events;
  assert.ok(slow?.kind === "sensor-condition");
  assert.deepEqual(slow.measured, { fps: 2, targetFps: 8 });
  deliver(40, 8);
  assert.deepEqual(said(), ["seeing", "+slow", "-slow"]);
});

test("frames in which nothing moved count as delivered", () => {
  const { clock, standing, said } = setUp();
  for (let i = 0; i < 400; i += 1) {
    clock.advance(125);
    standing.looked("pass", true, 0);
    standing.check(clock.mono());
  }
  assert.deepEqual(said(), ["seeing"]);
  assert.equal(standing.facts(clock.mono()).framesSkipped, 400);
});

test("a camera opened anew three times in ten minutes is unstable; switched off, nothing is known of it", () => {
  const { clock, standing, said, deliver } = setUp();
  for (let i = 0; i < 3; i += 1) {
    deliver(5, 8);
    standing.blind("CAMERA_STALLED");
    standing.reopening();
  }
  deliver(1, 8);
  assert.deepEqual(said().slice(-2), ["seeing", "+unstable"]);
  assert.equal(standing.facts(clock.mono()).reopened, 3);
  standing.stopped();
  assert.deepEqual(said().slice(-2), ["-unstable", "stopped"]);
});
