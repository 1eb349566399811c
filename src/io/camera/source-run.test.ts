import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { cameraId } from "../../core/brand.ts";
import { CameraHost } from "./camera-host.ts";
import { FramePace } from "./camera-pace.ts";
import { findFfmpeg } from "./ffmpeg-binary.ts";
import { createSharedFrames, FrameSlots } from "./frame-slots.ts";
import { type Cause, type Crew, SourceRun } from "./source-run.ts";

const dir = mkdtempSync(join(tmpdir(), "source-run-"));
after(() => rmSync(dir, { recursive: true, force: true }));
const clock = createSystemClock();

/** A worker that was never started, as one that outlives any number of openings. */
function crewOf(): Crew {
  const model = fakeCameraModel(dir);
  const { width, height } = model.entry.input;
  const shared = createSharedFrames(width * height * 3);
  const host = new CameraHost({
    birth: {
      shared,
      policy: "newest",
      model,
      plan: { id: cameraId("door"), name: "door", lines: [], zones: [], exclusions: [] },
      run: "test",
      wantsTracks: false,
      watch: null,
    },
    clock,
    onEvent: () => undefined,
    onPeople: () => undefined,
  });
  return { model, host, slots: new FrameSlots(shared) };
}

async function openMissing(
  crew: Crew,
): Promise<{ readonly cause: Cause; readonly run: WeakRef<SourceRun> }> {
  const run = new SourceRun({
    name: "camera door",
    source: { kind: "file", address: join(dir, "nowhere.mp4") },
    fps: 8,
    ffmpeg: await findFfmpeg(),
    crew,
    pace: new FramePace(8),
    clock,
    nextGeneration: () => 1,
    modelFor: () => null,
    onTick: () => undefined,
  });
  const cause = await run.watch(new AbortController().signal);
  await run.stop();
  return { cause, run: new WeakRef(run) };
}

test("an opening that failed is forgotten, however long the worker lives on", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const crew = crewOf();
  const { cause, run } = await openMissing(crew);
  assert.equal(cause.kind === "ended" && cause.end.fault, "CAMERA_NOT_FOUND");
  for (let i = 0; i < 100 && run.deref() !== undefined; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  assert.equal(run.deref(), undefined, "the worker keeps the opening in memory");
  await crew.host.end(clock.mono());
});
