import { cameraId, lineId, zoneId } from "../../src/core/brand.ts";
import type { CrossingDirection } from "../../src/core/events.ts";
import type { CameraPlan } from "../../src/core/site.ts";
import type { PictureSize } from "../../src/vision/ports.ts";
import { invalidInput, readText } from "./mot.ts";

type Corner = readonly [x: number, y: number];

/** How the truth of one line calls a direction, and how many went that way. */
export interface TrueDirection {
  readonly direction: CrossingDirection;
  readonly label: string;
  readonly count: number;
}

/** One true crossing; the direction is null when the truth only tells the time. */
export interface TrueCrossing {
  readonly atS: number;
  readonly direction: CrossingDirection | null;
}

export interface TrueLine {
  readonly name: string;
  readonly a: Corner;
  readonly b: Corner;
  readonly directions: readonly TrueDirection[];
  /** null when the truth gives counts without times. */
  readonly crossings: readonly TrueCrossing[] | null;
}

export interface TrueStay {
  readonly enterS: number;
  readonly leaveS: number;
  readonly dwellS: number;
}

export interface TrueZone {
  readonly name: string;
  readonly polygon: readonly Corner[];
  readonly stays: readonly TrueStay[];
}

/** Ground truth of a video in either form, in Px and seconds from the first frame. */
export interface VideoTruth {
  /** Point of the box the truth judges lines by. */
  readonly lineAnchor: "foot" | "centre";
  /** Picture the coordinates belong to; null when the truth does not say. */
  readonly picture: PictureSize | null;
  /** True frame rate; null when the truth does not say. */
  readonly fps: number | null;
  readonly lines: readonly TrueLine[];
  readonly zones: readonly TrueZone[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * What the words for a direction mean: a movement in the picture (x to the right, y down), or a side of a->b.
 * `pos` and `neg` are the sides where cross(b-a, p-a) is positive and negative.
 */
const DIRECTION_WORDS: Readonly<Record<string, Corner | CrossingDirection>> = {
  left_to_right: [1, 0],
  right_to_left: [-1, 0],
  top_to_bottom: [0, 1],
  bottom_to_top: [0, -1],
  downward: [0, 1],
  upward: [0, -1],
  pos: "out",
  neg: "in",
  in: "in",
  out: "out",
};

/** Reads a ground truth in either form. @throws INPUT_INVALID naming the file and the field. */
export async function readVideoTruth(file: string): Promise<VideoTruth> {
  return parseVideoTruth(await readText(file), file);
}

/** As `readVideoTruth`, from text; `file` is only named in faults. Pure. */
export function parseVideoTruth(text: string, file: string): VideoTruth {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidInput(file, null, `expected JSON (${(cause as Error).message})`);
  }
  const document = fieldsOf(value, file, "the document");
  const fps = numberOf(document["fps"]);
  const persons = personsOf(document);
  const named = lineFields(document, file);
  const width = numberOf(document["width"]);
  const height = numberOf(document["height"]);
  return {
    lineAnchor: /cent(re|er)/.test(String(document["anchor_lines"] ?? "")) ? "centre" : "foot",
    picture: width === null || height === null ? null : { widthPx: width, heightPx: height },
    fps,
    lines: named.map(([name, line]) => lineOf(name, line, persons, fps, file)),
    zones: zonesOf(document, persons, fps, file),
  };
}

/** Plan with the lines and zones of the truth; ids are their names. Pure. */
export function planOfTruth(truth: VideoTruth, picture: PictureSize): CameraPlan {
  const size = truth.picture ?? picture;
  const norm = ([x, y]: Corner) => ({ x: x / size.widthPx, y: y / size.heightPx });
  return {
    id: cameraId("eval"),
    name: "evaluation",
    lines: truth.lines.map(({ name, a, b }) => ({
      id: lineId(name),
      name,
      role: "internal",
      anchor: truth.lineAnchor,
      a: norm(a),
      b: norm(b),
    })),
    zones: truth.zones.map(({ name, polygon }) => ({
      id: zoneId(name),
      name,
      kind: "area",
      polygon: polygon.map(norm),
    })),
    exclusions: [],
  };
}

function lineFields(document: Fields, file: string): (readonly [string, Fields])[] {
  const many = Object.entries(fieldsOf(document["lines"] ?? {}, file, "lines"));
  const single = document["line"] === undefined ? [] : [["line", document["line"]] as const];
  return [...many, ...single].map(([name, line]) => [name, fieldsOf(line, file, `line ${name}`)]);
}

function lineOf(
  name: string,
  line: Fields,
  persons: readonly Fields[],
  fps: number | null,
  file: string,
): TrueLine {
  const a = cornerOf(line["a"], file, `${name}.a`);
  const b = cornerOf(line["b"], file, `${name}.b`);
  const directions: TrueDirection[] = [];
  for (const [label, word] of Object.entries(DIRECTION_WORDS)) {
    const count = numberOf(line[label]);
    if (count === null) continue;
    const direction = typeof word === "string" ? word : sideOf(a, b, word);
    if (direction === null) throw invalidInput(file, null, `${name}: ${label} runs along the line`);
    directions.push({ direction, label, count });
  }
  if (directions.length === 0) throw invalidInput(file, null, `${name}: expected counts`);
  return { name, a, b, directions, crossings: crossingsOf(name, line, directions, persons, fps) };
}

/** Side of a->b on which a movement ends; null along the line. */
function sideOf(a: Corner, b: Corner, [dx, dy]: Corner): CrossingDirection | null {
  const cross = (b[0] - a[0]) * dy - (b[1] - a[1]) * dx;
  if (cross === 0) return null;
  return cross < 0 ? "in" : "out";
}

function crossingsOf(
  name: string,
  line: Fields,
  directions: readonly TrueDirection[],
  persons: readonly Fields[],
  fps: number | null,
): readonly TrueCrossing[] | null {
  const used = directions.filter(({ count }) => count > 0);
  // Where everybody goes the same way, a time alone tells the direction too.
  const only = used.length === 1 ? (used[0]?.direction ?? null) : null;
  if (Array.isArray(line["events"])) {
    return line["events"].flatMap((event: Fields) => {
      const atS = frameTime(event["frame"], fps);
      const direction = directions.find(({ label }) => label === event["dir"])?.direction ?? only;
      return atS === null ? [] : [{ atS, direction }];
    });
  }
  const alone = numberOf(line["at_s"]);
  if (alone !== null) return [{ atS: alone, direction: only }];
  const times = persons.flatMap((person) => numberOf(person[`cross_${name}_s`]) ?? []);
  if (times.length > 0) return times.map((atS) => ({ atS, direction: only }));
  return used.length === 0 ? [] : null;
}

function zonesOf(
  document: Fields,
  persons: readonly Fields[],
  fps: number | null,
  file: string,
): TrueZone[] {
  const listed = Object.entries(fieldsOf(document["zones"] ?? {}, file, "zones"));
  const single = Object.entries(document).filter(([key]) => /^zone(_|$)/.test(key));
  const named = [...listed, ...single.map(([key, zone]) => [key.replace(/^zone_/, ""), zone])];
  return named.map(([key, value], index) => {
    const name = String(key);
    const zone = fieldsOf(value, file, `zone ${name}`);
    const corners = zone["polygon"];
    if (!Array.isArray(corners)) throw invalidInput(file, null, `zone ${name}: expected a polygon`);
    const polygon = corners.map((corner) => cornerOf(corner, file, `zone ${name}`));
    const visits = Array.isArray(zone["visits"]) ? zone["visits"] : [];
    const stays = [
      ...visits.flatMap((visit: Fields) => visitStay(visit, fps)),
      ...persons.flatMap((person) => personStay(person, name, index === 0)),
    ];
    return { name, polygon, stays };
  });
}

function visitStay(visit: Fields, fps: number | null): TrueStay[] {
  const enterS = frameTime(visit["enter_frame"], fps) ?? numberOf(visit["enter_s"]);
  const leaveS = frameTime(visit["leave_frame"], fps) ?? numberOf(visit["leave_s"]);
  return stay(enterS, leaveS, numberOf(visit["dwell_s"]));
}

/** Stay of a person; fields without the name of a zone belong to the first. */
function personStay(person: Fields, zone: string, isFirst: boolean): TrueStay[] {
  const field = (word: string): number | null =>
    numberOf(person[`zone_${zone}_${word}_s`]) ??
    (isFirst ? numberOf(person[`zone_${word}_s`]) : null);
  return stay(field("enter"), field("leave"), field("dwell"));
}

function stay(enterS: number | null, leaveS: number | null, dwellS: number | null): TrueStay[] {
  if (enterS === null || leaveS === null) return [];
  return [{ enterS, leaveS, dwellS: dwellS ?? leaveS - enterS }];
}

function personsOf(document: Fields): readonly Fields[] {
  const persons = document["persons"];
  return Array.isArray(persons) ? persons.filter((p) => typeof p === "object" && p !== null) : [];
}

/** Time of a frame numbered from 1, in seconds after the first. */
function frameTime(frame: unknown, fps: number | null): number | null {
  const number = numberOf(frame);
  return number === null || fps === null ? null : (number - 1) / fps;
}

function fieldsOf(value: unknown, file: string, path: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalidInput(file, null, `expected an object for ${path}`);
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function cornerOf(value: unknown, file: string, path: string): Corner {
  const [x, y] = Array.isArray(value) ? value.map(numberOf) : [];
  if (typeof x === "number" && typeof y === "number") return [x, y];
  throw invalidInput(file, null, `expected [x, y] for ${path}`);
}
