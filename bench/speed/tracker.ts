import { parseArgs } from "node:util";
import { cameraId, lineId, monoMs, zoneId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { normalDraw, seededRandom } from "../../src/core/random.ts";
import type { CameraPlan } from "../../src/core/site.ts";
import { createCameraPipeline } from "../../src/vision/camera-pipeline.ts";
import { createDetections, type Detections } from "../../src/vision/ports.ts";

export const usage = `bench tracker [--people N] [--frames N] [--json]
Time of tracking and counting per frame (pipeline with two lines and two zones), people wandering among each other.
msPerFrame is the median of five runs; ratio = msPerFrame / limitMs, so below 1 is good.

Example: npm run bench -- tracker --json`;

/** What the product allows for one frame of 20 people on a desktop core. */
const LIMIT_MS = 1;
const FRAME_MS = 125;
const ROUNDS = 5;
const PICTURE = { widthPx: 1280, heightPx: 720 };

const PLAN: CameraPlan = {
  id: cameraId("bench"),
  name: "bench",
  lines: [
    {
      id: lineId("door"),
      name: "door",
      role: "door",
      a: { x: 0.1, y: 0.5 },
      b: { x: 0.9, y: 0.5 },
    },
    {
      id: lineId("side"),
      name: "side",
      role: "internal",
      a: { x: 0.5, y: 0.1 },
      b: { x: 0.5, y: 0.9 },
    },
  ],
  zones: [zone("left", 0.1), zone("right", 0.6)],
  exclusions: [],
};

/** Measures the pure part of a camera on simulated walks; the work is the same on every machine. @throws USAGE */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { people, frames } = readOptions(args);
  const walk = simulate(people, frames);
  const times: number[] = [];
  let events = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    events = 0;
    const pipeline = createCameraPipeline({
      plan: PLAN,
      picture: PICTURE,
      run: `round${round}`,
      onEvent: () => {
        events += 1;
      },
      onPeople: () => undefined,
    });
    const startMs = performance.now();
    walk.forEach((detections, i) => {
      pipeline.push(detections, monoMs(i * FRAME_MS));
    });
    times.push((performance.now() - startMs) / frames);
  }
  const msPerFrame = times.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
  const rounded = Math.round(msPerFrame * 10_000) / 10_000;
  return {
    msPerFrame: rounded,
    limitMs: LIMIT_MS,
    ratio: rounded / LIMIT_MS,
    people,
    frames,
    events,
  };
}

function zone(name: string, left: number): CameraPlan["zones"][number] {
  const corners = [
    { x: left, y: 0.4 },
    { x: left + 0.3, y: 0.4 },
    { x: left + 0.3, y: 0.9 },
    { x: left, y: 0.9 },
  ];
  return { id: zoneId(name), name, kind: "area", polygon: corners };
}

/** Random walks with box noise, 5 % misses and one false box per frame. */
function simulate(people: number, frames: number): Detections[] {
  const random = seededRandom(20);
  const walkers = Array.from({ length: people }, () => ({
    x: random() * PICTURE.widthPx,
    y: (0.3 + 0.7 * random()) * PICTURE.heightPx,
    vx: 60 * normalDraw(random),
    vy: 30 * normalDraw(random),
  }));
  return Array.from({ length: frames }, () => {
    const detections = createDetections(people + 1);
    for (const walker of walkers) {
      walker.x += (walker.vx * FRAME_MS) / 1000;
      walker.y += (walker.vy * FRAME_MS) / 1000;
      if (walker.x < 0 || walker.x > PICTURE.widthPx) walker.vx = -walker.vx;
      if (walker.y < 0.3 * PICTURE.heightPx || walker.y > PICTURE.heightPx) walker.vy = -walker.vy;
      if (random() > 0.05) addBox(detections, walker.x, walker.y, 0.5 + 0.4 * random(), random);
    }
    addBox(detections, random() * PICTURE.widthPx, random() * PICTURE.heightPx, 0.3, random);
    return detections;
  });
}

function addBox(
  detections: Detections,
  x: number,
  footY: number,
  score: number,
  random: () => number,
): void {
  const height = 160 * (1 + 0.03 * normalDraw(random));
  const width = 60 * (1 + 0.03 * normalDraw(random));
  const foot = footY + 4 * normalDraw(random);
  const at = detections.count * 4;
  detections.xyxy.set([x - width / 2, foot - height, x + width / 2, foot], at);
  detections.score[detections.count] = score;
  detections.count += 1;
}

function readOptions(args: readonly string[]): { people: number; frames: number } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        people: { type: "string", default: "20" },
        frames: { type: "string", default: "4000" },
      },
    });
    const people = Number(values.people);
    const frames = Number(values.frames);
    if (!Number.isInteger(people) || people < 1 || !Number.isInteger(frames) || frames < 1)
      throw new TypeError("expected whole numbers from 1 for --people and --frames");
    return { people, frames };
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
}
