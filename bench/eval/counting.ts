import { type CameraId, cameraId, type LineId, lineId, zoneId } from "../../src/core/brand.ts";
import type { CrossingDirection } from "../../src/core/events.ts";
import type { CameraPlan } from "../../src/core/site.ts";
import type { PictureSize } from "../../src/vision/ports.ts";
import { invalidInput, readText } from "./mot.ts";

/** One line of `counting.gt.json`: corners in Px and the true counts. */
export interface CountedLine {
  readonly name: string;
  readonly a: readonly [x: number, y: number];
  readonly b: readonly [x: number, y: number];
  /** Ends right of a->b (y down: cross > 0); `out` in the words of the site plan. */
  readonly pos: number;
  /** Ends left of a->b; `in` in the words of the site plan. */
  readonly neg: number;
}

/** One zone of `counting.gt.json`, corners in Px. */
export interface CountedZone {
  readonly name: string;
  readonly polygon: readonly (readonly [x: number, y: number])[];
  /** People inside at some frames, numbered from 1; null when the truth does not say. */
  readonly occupancy: readonly (readonly [frame: number, people: number])[] | null;
}

/** Ground truth of counting for one sequence. */
export interface CountingTruth {
  readonly lines: readonly CountedLine[];
  readonly zones: readonly CountedZone[];
}

/** Counts of one line. */
export interface LineCounts {
  in: number;
  out: number;
}

/** Counted against true, summed over lines and directions. */
export interface CountScore {
  readonly countError: number;
  readonly countTruth: number;
  readonly lines: readonly {
    readonly line: string;
    readonly in: number;
    readonly out: number;
    readonly trueIn: number;
    readonly trueOut: number;
  }[];
}

/** Reads `counting.gt.json`. @throws INPUT_INVALID naming the file when it is not JSON or lacks a field. */
export async function readCountingTruth(file: string): Promise<CountingTruth> {
  const document = parseJson(await readText(file), file);
  const lines = Object.entries(record(document["lines"], file, "lines")).map(([name, value]) => {
    const line = record(value, file, `lines.${name}`);
    return {
      name,
      a: corner(line["a"], file, `lines.${name}.a`),
      b: corner(line["b"], file, `lines.${name}.b`),
      pos: count(line["pos"], file, `lines.${name}.pos`),
      neg: count(line["neg"], file, `lines.${name}.neg`),
    };
  });
  const zones = Object.entries(record(document["zones"] ?? {}, file, "zones")).map(
    ([name, value]) => {
      const zone = record(value, file, `zones.${name}`);
      return {
        name,
        polygon: corners(zone["polygon"], file, name),
        occupancy: occupancies(zone["occupancy_every_10_frames"], file, name),
      };
    },
  );
  return { lines, zones };
}

/** A camera plan with the truth's lines and zones, in Norm of the picture; ids are the names. Pure. */
export function planOf(truth: CountingTruth, picture: PictureSize): CameraPlan {
  const norm = ([x, y]: readonly [number, number]): { x: number; y: number } => ({
    x: x / picture.widthPx,
    y: y / picture.heightPx,
  });
  return {
    id: EVAL_CAMERA,
    name: "evaluation",
    lines: truth.lines.map((line) => ({
      id: lineId(line.name),
      name: line.name,
      role: "internal",
      a: norm(line.a),
      b: norm(line.b),
    })),
    zones: truth.zones.map((zone) => ({
      id: zoneId(zone.name),
      name: zone.name,
      kind: "area",
      polygon: zone.polygon.map(norm),
    })),
    exclusions: [],
  };
}

/** Camera id in evaluation plans. */
export const EVAL_CAMERA: CameraId = cameraId("eval");

/** Collects crossings per line. */
export class CrossingTally {
  readonly #counts = new Map<LineId, LineCounts>();

  add(line: LineId, direction: CrossingDirection): void {
    const counts = this.#counts.get(line) ?? { in: 0, out: 0 };
    counts[direction] += 1;
    this.#counts.set(line, counts);
  }

  /** Compares with the truth, in which `neg` is `in` and `pos` is `out`. */
  score(truth: CountingTruth): CountScore {
    const lines = truth.lines.map((line) => {
      const counts = this.#counts.get(lineId(line.name)) ?? { in: 0, out: 0 };
      return {
        line: line.name,
        in: counts.in,
        out: counts.out,
        trueIn: line.neg,
        trueOut: line.pos,
      };
    });
    return {
      countError: lines.reduce(
        (sum, l) => sum + Math.abs(l.in - l.trueIn) + Math.abs(l.out - l.trueOut),
        0,
      ),
      countTruth: lines.reduce((sum, l) => sum + l.trueIn + l.trueOut, 0),
      lines,
    };
  }
}

function parseJson(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidInput(file, null, `expected JSON (${(cause as Error).message})`);
  }
  return record(value, file, "the document");
}

function record(value: unknown, file: string, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidInput(file, null, `expected an object for ${path}`);
  return value as Record<string, unknown>;
}

function corner(value: unknown, file: string, path: string): readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2 || !value.every(Number.isFinite))
    throw invalidInput(file, null, `expected [x, y] for ${path}`);
  return [Number(value[0]), Number(value[1])];
}

function corners(value: unknown, file: string, zone: string): (readonly [number, number])[] {
  if (!Array.isArray(value) || value.length < 3)
    throw invalidInput(file, null, `expected at least three corners for zones.${zone}.polygon`);
  return value.map((item, i) => corner(item, file, `zones.${zone}.polygon[${i}]`));
}

function occupancies(
  value: unknown,
  file: string,
  zone: string,
): (readonly [number, number])[] | null {
  if (value === undefined) return null;
  const path = `zones.${zone}.occupancy_every_10_frames`;
  if (!Array.isArray(value)) throw invalidInput(file, null, `expected an array for ${path}`);
  return value.map((item, i) => {
    const [frame, people] = corner(item, file, `${path}[${i}]`);
    return [count(frame, file, `${path}[${i}]`), count(people, file, `${path}[${i}]`)];
  });
}

function count(value: unknown, file: string, path: string): number {
  if (!Number.isInteger(value) || Number(value) < 0)
    throw invalidInput(file, null, `expected a whole number for ${path}`);
  return Number(value);
}
