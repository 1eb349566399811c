import { parseArgs } from "node:util";
import { cameraId, lineId, monoMs, zoneId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { normalDraw, seededRandom } from "../../src/core/random.ts";
import type { CameraPlan } from "../../src/core/site.ts";
import { createCameraPipeline } from "../../src/vision/camera-pipeline.ts";
import { createDetections, type Detections } from "../../src/vision/ports.ts";

export const usage = `bench tracker [--people N] [--frames N] [--json]
Time per frame of all a camera does after the detector: tracking with a measured floor, two lines with foot paths and
groups, two zones with forecasts, live dots; people wandering among each other.
msPerFrame is the median of five runs; ratio = msPerFrame / limitMs, so below 1 is good. pictureMsPerFrame is the same
without a measured floor.

Example: npm run bench -- tracker --json`;

/** What the product allows for one frame of 20 people on a desktop core. */
const LIMIT_MS = 1;
const FRAME_MS = 125;
const ROUNDS = 5;
const PICTURE = { widthPx: 1280, heightPx: 720 };

/** A camera 3 m high: 160 Px are a body at the depth of most people here. */
const FLOOR: CameraPlan["ground"] = [
  { image: { x: 0, y: 1 }, xM: -3, yM: 4 },
  { image: { x: 1, y: 1 }, xM: 3, yM: 4 },
  { image: { x: 0.75, y: 0.35 }, xM: 4, yM: 12 },
  { image: { x: 0.25, y: 0.35 }, xM: -4, yM: 12 },
];

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
  const { msPerFrame, events } = measure({ ...PLAN, ground: FLOOR }, walk);
  const picture = measure(PLAN, walk);
  return {
    msPerFrame,
    limitMs: LIMIT_MS,
    ratio: msPerFrame / LIMIT_MS,
    pictureMsPerFrame: picture.msPerFrame,
    people,
    frames,
    events,
  };
}

function measure(
  plan: CameraPlan,
  walk: readonly Detections[],
): { readonly msPerFrame: number; readonly events: number } {
  const times: number[] = [];
  let events = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    events = 0;
    const pipeline = createCameraPipeline({
      plan,
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
    times.push((performance.now() - startMs) / walk.length);
  }
  const median = times.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
  return { msPerFrame: Math.round(median * 10_000) / 10_000, events };
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
