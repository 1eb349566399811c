import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { createFakeFfmpeg, isAlive } from "../../../test/fakes/fake-ffmpeg.ts";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import { cameraId } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { createCamera } from "./live-camera.ts";

const dir = mkdtempSync(join(tmpdir(), "camera-restart-"));
after(() => rmSync(dir, { recursive: true, force: true }));

test("a camera begins anew on request, with a new ffmpeg and a new worker, and sees again", async () => {
  const run = { picture: "512x384", frames: 3, afterwards: "stall" } as const;
  using fake = createFakeFfmpeg({ runs: [run, run] });
  const id = cameraId("door");
  const camera = createCamera({
    config: { id, source: "rtsp://cam/1", fps: 8, motionGate: false, loop: false },
    plan: { id, name: "door", lines: [], zones: [], exclusions: [] },
    model: fakeCameraModel(dir),
    clock: new FakeClock({ mono: 5000 }),
    knock: async () => true,
    log: SILENT_LOG,
    random: () => 0,
    ffmpegPath: fake.path,
    onPeople: () => undefined,
    onEvent: () => undefined,
  });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  assert.equal(camera.restart(), false);
  await camera.start(new AbortController().signal);
  await until(() => camera.facts().state === "seeing");
  const looked = camera.facts().framesLooked;
  assert.equal(camera.restart(), true);
  await until(() => camera.facts().workersStarted === 2 && camera.facts().framesLooked > looked);
  const { state, opened, reopened } = camera.facts();
  assert.deepEqual({ state, opened, reopened }, { state: "seeing", opened: 2, reopened: 0 });
  await camera[Symbol.asyncDispose]();
  for (const { pid } of fake.runs()) assert.ok(!isAlive(pid));
});
