import {
  ANCHORS_PER_CELL,
  BLAZE_NUMBERS,
  createBlazeDecoder,
  type InputPlace,
} from "../../face/decode-blazeface.ts";
import { createFaceBoxes, type FaceBoxes } from "../../face/face-boxes.ts";
import { levelsOf } from "../../vision/box-decoder.ts";
import type { ModelEntry } from "../models/manifest.ts";
import { type FaceNet, openFaceNet } from "./face-net.ts";

/** Most faces told of one look; a station has one, a shop behind it a few. */
const MOST_FACES = 16;

/** A detector and what it saw last. */
export interface BlazeNet {
  readonly net: FaceNet;
  /** Faces of the last `decode`, best score first. */
  readonly faces: FaceBoxes;
  /** Reads the outputs of the last run; `place` tells where in the picture the input lay. */
  decode(place: InputPlace): void;
  /** Overwrites everything with zeros. */
  wipe(): void;
}

/** Loads a BlazeFace network. @throws as `openFaceNet` */
export async function openBlazeNet(
  entry: ModelEntry,
  dir: string,
  threads: number,
): Promise<BlazeNet> {
  const input = { widthPx: entry.input.width, heightPx: entry.input.height };
  const levels = levelsOf(input, entry.strides);
  const outputs = levels.flatMap(({ stride, cells }) => {
    const anchors = cells * (ANCHORS_PER_CELL[stride] ?? 0);
    return [
      { role: `score_${stride}`, type: "float32", shape: [1, anchors, 1] } as const,
      { role: `box_${stride}`, type: "float32", shape: [1, anchors, BLAZE_NUMBERS] } as const,
    ];
  });
  const net = await openFaceNet(entry, dir, threads, outputs, entry.outputs);
  const decoder = createBlazeDecoder(
    { input, minScore: entry.score, nmsIou: entry.nms },
    levels.map(({ stride }) => ({
      stride,
      scores: net.output(`score_${stride}`),
      boxes: net.output(`box_${stride}`),
    })),
  );
  const faces = createFaceBoxes(MOST_FACES);
  return {
    net,
    faces,
    decode: (place) => decoder.decode(place, faces),
    wipe(): void {
      net.wipe();
      decoder.wipe();
      faces.count = 0;
      faces.xyxy.fill(0);
      faces.score.fill(0);
      faces.points.fill(0);
    },
  };
}
