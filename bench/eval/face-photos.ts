import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { GatewayError } from "../../src/core/errors.ts";
import type { FacePicture } from "../../src/face/ports.ts";
import { csvRecords, csvText } from "../../src/io/csv/csv-records.ts";

/** Longer sides are scaled down to this; no face needs more. */
const MOST_SIDE_PX = 1600;
const MOST_PAIRS = 2_000_000;
const MOST_BYTES = 256 * 1024 * 1024;

/** Two photographs and whether they show one person. */
export interface FacePair {
  readonly a: string;
  readonly b: string;
  readonly isSame: boolean;
}

// Collections note more of a picture than is needed here, so entries are not strict.
const indexSchema = z.array(z.object({ file: z.string().min(1) })).min(1);

/** Names of the photographs of an index file, relative to its folder. @throws INPUT_INVALID */
export async function readIndex(path: string): Promise<readonly string[]> {
  const text = csvText(await bytesOf(path), path, MOST_BYTES);
  try {
    const parsed = indexSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data.map(({ file }) => file);
  } catch {
    // Not JSON at all: the same sentence says what was expected.
  }
  throw new GatewayError("INPUT_INVALID", `${path}: expected a JSON list of {"file": ...}`);
}

/** Pairs of a CSV file `file_a,file_b,same`. @throws INPUT_INVALID naming the line */
export async function readPairs(path: string): Promise<readonly FacePair[]> {
  const records = csvRecords(csvText(await bytesOf(path), path, MOST_BYTES), MOST_PAIRS);
  if (!Array.isArray(records)) throw new GatewayError("INPUT_INVALID", `${path}: no CSV`);
  const [head, ...rows] = records as Exclude<typeof records, { readonly line: number }>;
  if (head?.cells.join() !== "file_a,file_b,same") {
    throw new GatewayError("INPUT_INVALID", `${path}: expected the columns file_a,file_b,same`);
  }
  return rows.map(({ cells: [a = "", b = "", same = ""], line }) => {
    if (a !== "" && b !== "" && (same === "0" || same === "1"))
      return { a, b, isSame: same === "1" };
    throw new GatewayError("INPUT_INVALID", `${path}:${line}: expected two files and 0 or 1`);
  });
}

/** A photograph as it lies in a folder, decoded by ffmpeg into memory. @throws INPUT_INVALID when it is none */
export async function readPhoto(
  ffmpegPath: string,
  index: string,
  file: string,
): Promise<FacePicture> {
  const path = join(dirname(index), file);
  const side = (name: string): string => `'min(${MOST_SIDE_PX},${name})'`;
  const flags = "area+accurate_rnd+full_chroma_int+full_chroma_inp";
  const fit = `w=${side("iw")}:h=${side("ih")}:force_original_aspect_ratio=decrease:flags=${flags}`;
  const output = ["-frames:v", "1", "-f", "image2pipe", "-c:v", "ppm", "pipe:1"];
  const args = ["-v", "error", "-i", path, "-vf", `scale=${fit},format=rgb24`, ...output];
  const limits = { encoding: "buffer", maxBuffer: MOST_BYTES } as const;
  const { stdout } = await promisify(execFile)(ffmpegPath, args, limits).catch((cause: unknown) => {
    throw new GatewayError("INPUT_INVALID", `${path}: ffmpeg reads no picture in it`, { cause });
  });
  const picture = parsePpm(stdout);
  if (picture !== null) return picture;
  throw new GatewayError("INPUT_INVALID", `${path}: ffmpeg made no picture of it`);
}

/** A binary PPM; null for anything else. @source Netpbm, PPM format, magic number P6 */
function parsePpm(bytes: Uint8Array): FacePicture | null {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  const [head = "", width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(start) ?? [];
  const [widthPx, heightPx] = [Number(width), Number(height)];
  const rgb = Uint8Array.from(bytes.subarray(head.length));
  return rgb.length === widthPx * heightPx * 3 ? { widthPx, heightPx, rgb } : null;
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new GatewayError("INPUT_INVALID", `${path} cannot be read`, { cause });
  }
}
