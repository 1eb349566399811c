import { join } from "node:path";
import { parseArgs } from "node:util";
import { cameraId, monoMs, trackId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { ZoneApproached } from "../../src/core/events.ts";
import type { CameraPlan } from "../../src/core/site.ts";
import { createCameraPipeline, type TrackedPerson } from "../../src/vision/camera-pipeline.ts";
import { toFlatPx } from "../../src/vision/picture-scale.ts";
import {
  ForecastSampler,
  judgeForecasts,
  scoreApproaches,
  scoreForecasts,
  type TruePath,
} from "./approach-score.ts";
import { boundsOf, gridZones } from "./approach-zones.ts";
import { type BoxFrame, readBoxes, readSequenceInfo } from "./mot.ts";

export const usage = `eval approach --mot DIR [--json]

Judges the forecasts of zone-approached on the true boxes of a MOTChallenge folder (gt.txt, seqinfo.ini), in Px with
bodies as the yardstick: each person outside each of nine zones, once a second, within 3 s. For scenes with metres see
\`eval trajectories\`.

Example: npm run eval -- approach --mot data/vision/mot/PETS09-S2L1-part1 --json`;

/** Runs the evaluation named by the arguments. @throws USAGE, INPUT_INVALID */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const directory = readDirectory(args);
  const info = await readSequenceInfo(directory);
  const frames = await readBoxes(join(directory, "gt.txt"), "truth", info.frameCount);
  const picture = { widthPx: info.widthPx, heightPx: info.heightPx };
  const people = frames.map(peopleOf);
  const bounds = boundsOf(people.flat().map(({ xPx, yPx }) => ({ x: xPx, y: yPx })));
  const zones = gridZones(bounds, (x, y) => ({
    x: x / picture.widthPx,
    y: y / picture.heightPx,
  }));
  const plan: CameraPlan = {
    id: cameraId("eval"),
    name: "evaluation",
    lines: [],
    zones,
    exclusions: [],
  };
  const told: ZoneApproached[] = [];
  const sampler = new ForecastSampler();
  const pipeline = createCameraPipeline({
    plan,
    picture,
    run: info.name,
    onEvent: (event) => {
      if (event.kind === "zone-approached") told.push(event);
    },
    onPeople: () => undefined,
    onForecast: (forecast) => sampler.add(forecast),
  });
  const frameMs = 1000 / info.framesPerSecond;
  people.forEach((present, i) => {
    pipeline.pushTracks(present, monoMs(i * frameMs));
  });
  const truth = {
    paths: pathsOf(people, frameMs),
    zones: new Map(zones.map(({ id, polygon }) => [String(id), toFlatPx(polygon, picture)])),
    endMs: (people.length - 1) * frameMs,
  };
  return {
    name: info.name,
    ...scoreForecasts(judgeForecasts(sampler.sampled, truth)),
    approaches: scoreApproaches(told, truth),
  };
}

function peopleOf(frame: BoxFrame): TrackedPerson[] {
  return frame.ids.map((id, i) => {
    const [left = 0, top = 0, right = 0, bottom = 0] = frame.xyxy.slice(4 * i, 4 * i + 4);
    const heightPx = bottom - top;
    return { trackId: trackId(id), xPx: (left + right) / 2, yPx: bottom, heightPx, score: 1 };
  });
}

function pathsOf(
  frames: readonly (readonly TrackedPerson[])[],
  frameMs: number,
): Map<number, TruePath> {
  const paths = new Map<number, { atMs: number[]; xPx: number[]; yPx: number[] }>();
  frames.forEach((people, i) => {
    for (const { trackId: id, xPx, yPx } of people) {
      const path = paths.get(id) ?? { atMs: [], xPx: [], yPx: [] };
      paths.set(id, path);
      path.atMs.push(i * frameMs);
      path.xPx.push(xPx);
      path.yPx.push(yPx);
    }
  });
  return paths;
}

function readDirectory(args: readonly string[]): string {
  let mot: string | undefined;
  try {
    ({ mot } = parseArgs({ args: [...args], options: { mot: { type: "string" } } }).values);
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  if (mot === undefined) throw new GatewayError("USAGE", "expected --mot DIR");
  return mot;
}
