import { insidePolygon, type Point } from "../../src/core/geometry.ts";
import type { FloorPlan } from "../../src/core/site.ts";
import { distanceM } from "../../src/radio/zones/floor-walls.ts";
import type { WalkLine } from "./zones-walks.ts";

/** What the engine said of one second of a walk; `second` counts from the first reading. */
export interface ToldSecond {
  readonly second: number;
  /** Position in the plan; negative = none or unknown. */
  readonly zone: number;
  readonly confidence: number;
  readonly xM: number;
  readonly yM: number;
}

/** Sums over scored seconds; may be added up over walks. */
export interface ZoneTally {
  seconds: number;
  right: number;
  unknown: number;
  switches: number;
  trueSwitches: number;
  dwellErrorS: number;
  readonly errorsM: number[];
  readonly judged: { readonly confidence: number; readonly right: boolean }[];
}

/** Figures of one or more walks. */
export interface ZoneScore {
  readonly accuracy: number;
  readonly switches: number;
  readonly trueSwitches: number;
  readonly dwellErrorRatio: number;
  readonly p50M: number;
  readonly p90M: number;
  readonly unknownRatio: number;
  /** Mean distance between confidence and accuracy over ten bins of confidence, weighted by seconds; known only. */
  readonly reliabilityError: number;
  readonly seconds: number;
}

const FIRST_SECOND = 3;
const BINS = 10;
/** No zone, unknown or not told. */
const UNTOLD = -1;

/**
 * Scores a walk once a second from three seconds after its first reading to its last. Unknown counts as wrong; a second
 * that was not told is unknown; it is a zone of its own in the dwell error and none in the switches. Pure.
 */
export function tallyWalk(
  floor: FloorPlan,
  lines: readonly WalkLine[],
  told: readonly ToldSecond[],
): ZoneTally {
  const tally = emptyTally();
  const bySecond = new Map(told.map((one) => [one.second, one]));
  const startS = lines[0]?.timeS ?? 0;
  const endS = lines.at(-1)?.timeS ?? 0;
  const truths: number[] = [];
  const zones: number[] = [];
  for (let second = FIRST_SECOND; second <= endS - startS; second += 1) {
    const at = placeAt(lines, startS + second);
    const truth = zoneAt(floor, at);
    const one = bySecond.get(second);
    truths.push(truth);
    zones.push(Math.max(UNTOLD, one?.zone ?? UNTOLD));
    if (one !== undefined) addSecond(tally, one, at, truth);
  }
  tally.seconds = truths.length;
  tally.right = zones.filter((zone, i) => zone === truths[i]).length;
  tally.unknown = zones.filter((zone) => zone === UNTOLD).length;
  tally.trueSwitches = changes(truths);
  tally.switches = changes(zones.filter((zone) => zone !== UNTOLD));
  for (const zone of new Set([...truths, ...zones])) {
    const count = (list: readonly number[]): number => list.filter((one) => one === zone).length;
    tally.dwellErrorS += Math.abs(count(truths) - count(zones)) / 2;
  }
  return tally;
}

function addSecond(tally: ZoneTally, one: ToldSecond, at: Point, truth: number): void {
  tally.errorsM.push(Math.hypot(one.xM - at.x, one.yM - at.y));
  if (one.zone >= 0) tally.judged.push({ confidence: one.confidence, right: one.zone === truth });
}

function changes(zones: readonly number[]): number {
  return zones.filter((zone, i) => i > 0 && zone !== zones[i - 1]).length;
}

/** Figures of tallies taken together. Pure. */
export function scoreOf(tallies: readonly ZoneTally[]): ZoneScore {
  const sum = emptyTally();
  for (const one of tallies) {
    sum.seconds += one.seconds;
    sum.right += one.right;
    sum.unknown += one.unknown;
    sum.switches += one.switches;
    sum.trueSwitches += one.trueSwitches;
    sum.dwellErrorS += one.dwellErrorS;
    sum.errorsM.push(...one.errorsM);
    sum.judged.push(...one.judged);
  }
  const errors = sum.errorsM.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    rounded(errors[Math.min(errors.length - 1, Math.floor(errors.length * share))] ?? Number.NaN);
  return {
    accuracy: rounded(sum.right / sum.seconds),
    switches: sum.switches,
    trueSwitches: sum.trueSwitches,
    dwellErrorRatio: rounded(sum.dwellErrorS / sum.seconds),
    p50M: quantile(0.5),
    p90M: quantile(0.9),
    unknownRatio: rounded(sum.unknown / sum.seconds),
    reliabilityError: rounded(reliabilityError(sum.judged)),
    seconds: sum.seconds,
  };
}

function reliabilityError(judged: ZoneTally["judged"]): number {
  let error = 0;
  for (let bin = 0; bin < BINS; bin += 1) {
    const own = judged.filter(
      ({ confidence }) => Math.min(BINS - 1, Math.floor(confidence * BINS)) === bin,
    );
    const claimed = own.reduce((sum, { confidence }) => sum + confidence, 0);
    const right = own.filter((one) => one.right).length;
    error += Math.abs(claimed - right) / Math.max(1, judged.length);
  }
  return error;
}

/** Where the tag truly was, between the two lines around an instant. */
function placeAt(lines: readonly WalkLine[], timeS: number): Point {
  const after = lines.findIndex((line) => line.timeS >= timeS);
  const b = lines[after] ?? lines.at(-1);
  const a = lines[Math.max(0, after - 1)] ?? b;
  if (a === undefined || b === undefined) return { x: Number.NaN, y: Number.NaN };
  const span = b.timeS - a.timeS;
  const t = span > 0 ? Math.min(1, Math.max(0, (timeS - a.timeS) / span)) : 0;
  return { x: a.xM + t * (b.xM - a.xM), y: a.yM + t * (b.yM - a.yM) };
}

/** The zone a point lies in, or the nearest one: truth has an error of centimetres and walks along the walls. */
function zoneAt({ zones }: FloorPlan, { x, y }: Point): number {
  let nearest = -1;
  let nearestM = Number.POSITIVE_INFINITY;
  for (let i = 0; i < zones.length; i += 1) {
    const polygon = zones[i]?.polygon ?? [];
    if (
      insidePolygon(
        polygon.flatMap((p) => [p.x, p.y]),
        x,
        y,
      )
    )
      return i;
    polygon.forEach((a, k) => {
      const far = distanceM(a, polygon[(k + 1) % polygon.length] ?? a, x, y);
      if (far < nearestM - 1e-9) {
        nearestM = far;
        nearest = i;
      }
    });
  }
  return nearest;
}

function emptyTally(): ZoneTally {
  return {
    seconds: 0,
    right: 0,
    unknown: 0,
    switches: 0,
    trueSwitches: 0,
    dwellErrorS: 0,
    errorsM: [],
    judged: [],
  };
}

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
