import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GatewayError } from "../../core/errors.ts";
import { createDetections, type Detections, type PictureSize } from "../../vision/ports.ts";
import { lineFault, textLines } from "./text-lines.ts";

/** More people than this in one frame are not in any shop; the file would be something else. */
const MAX_PER_FRAME = 512;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly score: number;
}

/** Detections of one camera by frame number (from 1), with the size of the picture they were made in. */
export interface RecordedDetections {
  readonly picture: PictureSize;
  readonly frames: ReadonlyMap<number, readonly Box[]>;
  readonly lastFrame: number;
}

/**
 * Reads detections in MOTChallenge 2D form: `frame,-1,left,top,width,height,score,...`, Px. The picture size comes from
 * `picture` or from `seqinfo.ini` beside the file.
 * @throws INPUT_INVALID naming file and line
 */
export async function readDetections(
  path: string,
  picture: PictureSize | null,
): Promise<RecordedDetections> {
  const frames = new Map<number, Box[]>();
  let lastFrame = 0;
  for await (const line of textLines(path)) {
    const [frame, , left, top, width, height, score] = line.text.split(",").map(Number);
    const box = { left, top, width, height, score };
    if (!isFrame(frame) || !isBox(box)) {
      throw lineFault(path, line, "frame,id,left,top,width,height,score,...");
    }
    const boxes = frames.get(frame) ?? [];
    boxes.push(box);
    frames.set(frame, boxes);
    lastFrame = Math.max(lastFrame, frame);
  }
  return { picture: picture ?? (await pictureFromSequence(path)), frames, lastFrame };
}

const isFrame = (frame: number | undefined): frame is number =>
  frame !== undefined && Number.isInteger(frame) && frame >= 1;

function isBox(box: { readonly [Key in keyof Box]: number | undefined }): box is Box {
  const values = [box.left, box.top, box.width, box.height, box.score];
  return values.every(Number.isFinite) && (box.width ?? 0) > 0 && (box.height ?? 0) > 0;
}

/** Writes one frame's boxes into `out`, reusing it. */
export function fillDetections(boxes: readonly Box[], out: Detections): void {
  out.count = Math.min(boxes.length, out.score.length);
  for (let i = 0; i < out.count; i += 1) {
    const box = boxes[i];
    if (box === undefined) continue;
    out.xyxy[4 * i] = box.left;
    out.xyxy[4 * i + 1] = box.top;
    out.xyxy[4 * i + 2] = box.left + box.width;
    out.xyxy[4 * i + 3] = box.top + box.height;
    out.score[i] = box.score;
  }
}

/** A buffer large enough for any frame of a recording. */
export const createFrameBuffer = (): Detections => createDetections(MAX_PER_FRAME);

async function pictureFromSequence(path: string): Promise<PictureSize> {
  const file = join(dirname(path), "seqinfo.ini");
  const text = await readFile(file, "utf8").catch(() => "");
  const widthPx = Number(/^imWidth\s*=\s*(\d+)/m.exec(text)?.[1]);
  const heightPx = Number(/^imHeight\s*=\s*(\d+)/m.exec(text)?.[1]);
  if (!(widthPx > 0 && heightPx > 0)) {
    throw new GatewayError(
      "INPUT_INVALID",
      `${path}: the picture size is unknown; put seqinfo.ini (imWidth, imHeight) beside it or give --picture cam=WIDTHxHEIGHT`,
    );
  }
  return { widthPx, heightPx };
}
