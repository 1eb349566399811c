import { createSystemClock } from "../../src/app/system-clock.ts";
import { cameraId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { createCamera } from "../../src/io/camera/live-camera.ts";
import { fakeCameraModel } from "./fake-person-model.ts";

/**
 * A camera in a process of its own, to be killed. Arguments: address of the source, folder for the model. Prints each
 * state on a line.
 */
const [source = "", dir = "."] = process.argv.slice(2);
const id = cameraId("door");
const camera = createCamera({
  config: { id, source, fps: 10, motionGate: false, loop: false },
  plan: { id, name: "door", lines: [], zones: [], exclusions: [] },
  model: fakeCameraModel(dir),
  clock: createSystemClock(),
  log: SILENT_LOG,
  random: Math.random,
  onPeople: () => undefined,
  onEvent: (event) => {
    if (event.kind === "sensor-changed") process.stdout.write(`${event.code ?? event.state}\n`);
  },
});
await camera.start(new AbortController().signal);
