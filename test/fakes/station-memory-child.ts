import { createSystemClock } from "../../src/app/system-clock.ts";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { FfmpegStationCamera } from "../../src/io/station/station-camera.ts";
import { StationRig } from "./station-rig.ts";

/**
 * Child of the test that searches memory: a station with a real camera (a file, argument 1) enrols somebody and knows
 * them again, says so, and stays alive to be searched. It never holds what is searched for but in pictures and probes.
 */
const [source = ""] = process.argv.slice(2);
const clock = createSystemClock();
const size = { widthPx: 320, heightPx: 240 };
const camera = new FfmpegStationCamera({ source, clock, size, ffmpeg: () => findFfmpeg() });
const rig = new StationRig(Array(256).fill({ person: 1 }), { camera });
await rig.start();
const code = rig.join();
const outcomes = [await rig.enrol(code), await rig.station.port.verify(code)];
const pictures = rig.chain.pictures.length;
// Native copies of keys are overwritten when they are collected, which happens sooner or later by itself.
for (let i = 0; i < 5; i += 1) {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 50));
}
process.stdout.write(`${JSON.stringify({ outcomes, pictures, folder: rig.folder })}\n`);
process.once("SIGTERM", () => void rig[Symbol.asyncDispose]().then(() => process.exit(0)));
setInterval(() => undefined, 60_000);
