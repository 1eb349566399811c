import { createSystemClock } from "../../src/app/system-clock.ts";
import type { FaceChain } from "../../src/face/ports.ts";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { openFaceThread } from "../../src/io/face/face-thread.ts";
import { FfmpegStationCamera } from "../../src/io/station/station-camera.ts";
import { sumOf } from "./number-sum.ts";
import { StationRig } from "./station-rig.ts";

/**
 * Child of the tests that search memory: a station with a real camera (a file, argument 1) enrols somebody and knows
 * them again, says so, and stays alive to be searched. It never holds what is searched for but in pictures and probes.
 * With a folder of models (argument 2) the networks look in a thread of their own, else a fake does.
 */
const [source = "", models] = process.argv.slice(2);
const clock = createSystemClock();
const size =
  models === undefined ? { widthPx: 320, heightPx: 240 } : { widthPx: 640, heightPx: 480 };
const camera = new FfmpegStationCamera({ source, clock, size, ffmpeg: () => findFfmpeg() });
/** Tells the numbers of a face apart without keeping them. */
const sums = new Set<number>();
let pictures = 0;

function noting(chain: FaceChain): FaceChain {
  return {
    id: chain.id,
    async probe(...args) {
      const probe = await chain.probe(...args);
      pictures += 1;
      if (probe.ok) sums.add(sumOf(probe.value.values));
      return probe;
    },
    scrub: async () => await chain.scrub?.(),
    close: () => chain.close(),
  };
}

const rig: StationRig = new StationRig(Array(256).fill({ person: 1 }), {
  camera,
  openChain: async (gate) =>
    noting(
      models === undefined
        ? rig.chain
        : await openFaceThread({ dir: models, profile: "clean", gate, clock }),
    ),
});
await rig.start();
const code = rig.join();
const outcomes = [await rig.enrol(code), await rig.station.port.verify(code)];
// Native copies of keys are overwritten when they are collected, which happens sooner or later by itself.
for (let i = 0; i < 5; i += 1) {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 50));
}
const said = { outcomes, pictures, sums: [...sums], folder: rig.folder };
process.stdout.write(`${JSON.stringify(said)}\n`);
process.once("SIGTERM", () => void rig[Symbol.asyncDispose]().then(() => process.exit(0)));
setInterval(() => undefined, 60_000);
