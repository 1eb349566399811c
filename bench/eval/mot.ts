import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { GatewayError } from "../../src/core/errors.ts";

/** Boxes of one frame; entry i has `ids[i]`, `scores[i]` and the box at `xyxy[4 i]`. */
export interface BoxFrame {
  readonly ids: number[];
  /** Flat [left, top, right, bottom] x n, Px. */
  readonly xyxy: number[];
  readonly scores: number[];
}

/** `seqinfo.ini` of a MOTChallenge folder. */
export interface SequenceInfo {
  readonly name: string;
  readonly framesPerSecond: number;
  readonly frameCount: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** What the rows of a file mean; decides which of them are kept and what is refused. */
export type BoxRole = "truth" | "detections" | "tracks";

/** An empty frame. */
export const emptyFrame = (): BoxFrame => ({ ids: [], xyxy: [], scores: [] });

/** Fault that names the file and, where there is one, the line. */
export function invalidInput(file: string, line: number | null, found: string): GatewayError {
  const where = line === null ? file : `${file}:${line}`;
  return new GatewayError("INPUT_INVALID", `${where}: ${found}`, { context: { file, line } });
}

/** Reads a text file. @throws INPUT_INVALID when it cannot be read. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new GatewayError("INPUT_INVALID", `${file}: expected a readable file`, {
      cause,
      context: { file },
    });
  }
}

/** Reads `seqinfo.ini` of the folder. @throws INPUT_INVALID when the file or one of its keys is missing or not a number. */
export async function readSequenceInfo(directory: string): Promise<SequenceInfo> {
  const file = join(directory, "seqinfo.ini");
  const text = await readText(file);
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf("=");
    if (at > 0) values.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  const positive = (key: string): number => {
    const value = Number(values.get(key));
    if (!(value > 0) || !Number.isFinite(value))
      throw invalidInput(
        file,
        null,
        `expected a positive number for ${key}, found ${values.get(key) ?? "nothing"}`,
      );
    return value;
  };
  return {
    name: values.get("name") ?? basename(directory),
    framesPerSecond: positive("frameRate"),
    frameCount: positive("seqLength"),
    widthPx: positive("imWidth"),
    heightPx: positive("imHeight"),
  };
}

/**
 * Reads a MOTChallenge file `frame,id,left,top,width,height[,score,class,...]` into one entry per frame 1..frameCount
 * (index 0 = frame 1). Truth rows whose seventh column is 0 or whose class is neither 1 nor -1 are left out, as the
 * benchmark does.
 * @throws INPUT_INVALID naming file and line when a row is malformed, lies outside the sequence, or repeats an id.
 * @source MOTChallenge 2D format, Leal-Taixe et al., 2015.
 */
export async function readBoxes(
  file: string,
  role: BoxRole,
  frameCount: number,
): Promise<BoxFrame[]> {
  return parseBoxes(await readText(file), role, frameCount, file);
}

/** As `readBoxes`, from text; `file` is only named in faults. Pure. */
export function parseBoxes(
  text: string,
  role: BoxRole,
  frameCount: number,
  file: string,
): BoxFrame[] {
  const frames = Array.from({ length: frameCount }, emptyFrame);
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === "") return;
    const cells = line.split(",").map((cell) => (cell.trim() === "" ? Number.NaN : Number(cell)));
    const problem = rowProblem(cells, frameCount);
    if (problem !== null) throw invalidInput(file, index + 1, problem);
    const [number = 0, id = 0, left = 0, top = 0, width = 0, height = 0, score = 1, kind = -1] =
      cells;
    if (role === "truth" && (score === 0 || (kind !== -1 && kind !== 1))) return;
    const frame = frames[number - 1];
    if (frame === undefined) return;
    if (role !== "detections" && frame.ids.includes(id))
      throw invalidInput(file, index + 1, `expected each id once per frame, found ${id} again`);
    frame.ids.push(id);
    frame.xyxy.push(left, top, left + width, top + height);
    frame.scores.push(score);
  });
  return frames;
}

function rowProblem(cells: readonly number[], frameCount: number): string | null {
  if (cells.length < 6) return `expected at least 6 columns, found ${cells.length}`;
  const bad = cells.findIndex((cell) => !Number.isFinite(cell));
  if (bad >= 0) return `expected a number in column ${bad + 1}`;
  const [frame = 0, id = 0, , , width = 0, height = 0] = cells;
  if (!Number.isInteger(frame) || frame < 1 || frame > frameCount)
    return `expected a frame from 1 to ${frameCount}, found ${frame}`;
  if (!Number.isInteger(id)) return `expected a whole number as id, found ${id}`;
  if (width <= 0 || height <= 0)
    return `expected a positive width and height, found ${width} and ${height}`;
  return null;
}

/** Every nth frame, beginning with the first. Pure. */
export function everyNth(frames: readonly BoxFrame[], every: number): BoxFrame[] {
  return frames.filter((_, index) => index % every === 0);
}

/**
 * The detection file of a folder: `det.txt`, else the first of `det*.txt` in alphabetical order.
 * @throws INPUT_INVALID when there is none.
 */
export async function findDetectionFile(directory: string): Promise<string> {
  const names = (await listDirectory(directory)).filter((name) => /^det.*\.txt$/.test(name));
  const name = names.includes("det.txt") ? "det.txt" : names.sort()[0];
  if (name === undefined) throw invalidInput(directory, null, "expected a file det*.txt");
  return join(directory, name);
}

/** Names in a folder. @throws INPUT_INVALID when it cannot be listed. */
export async function listDirectory(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    throw new GatewayError("INPUT_INVALID", `${directory}: expected a readable folder`, {
      cause,
      context: { file: directory },
    });
  }
}
