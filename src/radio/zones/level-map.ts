import type { FloorPlan, ReceiverPlan, SurveyPoint } from "../../core/site.ts";
import type { FloorStates } from "./floor-states.ts";
import type { ZoneParameters } from "./zone-parameters.ts";

/** Steps per dB in which levels are kept: a quarter of a dB is far below the scatter. */
export const LEVEL_STEPS = 4;
/** Two survey points nearer to each other than this say about the same, metres. */
const SURVEY_SMOOTH_M = 1;
/** The bare model weighs as much as a survey point this far away, metres. */
const SURVEY_REACH_M = 10;
/** A survey level with fewer readings weighs less. */
const SURVEY_READINGS = 10;
/** With so many survey points nothing is left of the guess about quiet tags. */
const SURVEY_FULL = 10;

/** What each receiver is expected to hear of a tag of 0 dBm at one metre, in each state. */
export interface LevelMap {
  /** Receivers with a finite place; others never count. */
  readonly placed: Uint8Array;
  readonly placedCount: number;
  /** Steps of a quarter dB, row of states per receiver. */
  readonly levels: Int16Array;
  /** 0 without a survey .. 1 with one that says all about the receivers. */
  readonly surveyRatio: number;
}

/**
 * Makes the map: path loss over the distance in three dimensions (at least one metre), the loss of the wall for states
 * beyond it, and for surveyed floors the difference between survey and model, interpolated by inverse squared distance.
 * The power of the tag of the survey does not matter: only differences between places and receivers are used.
 */
export function createLevelMap(
  floor: FloorPlan,
  states: FloorStates,
  receivers: readonly ReceiverPlan[],
  survey: readonly SurveyPoint[],
  parameters: ZoneParameters,
): LevelMap {
  const { count } = states;
  const levels = new Int16Array(receivers.length * count);
  const placed = Uint8Array.from(receivers, (receiver) => (isPlaced(receiver) ? 1 : 0));
  const residuals = surveyResiduals(receivers, survey, parameters.pathLossExponent);
  receivers.forEach((receiver, r) => {
    if (placed[r] === 0) return;
    const points = residuals.get(receiver.id) ?? [];
    for (let state = 0; state < count; state += 1) {
      const x = states.xM[state] ?? 0;
      const y = states.yM[state] ?? 0;
      const lossDb =
        pathLossDb(receiver, x, y, parameters.tagHeightM, parameters.pathLossExponent) +
        wallDb(floor, states, receiver, state, parameters.wallLossDb);
      const levelDb = residualDb(points, x, y) - lossDb;
      levels[r * count + state] = Math.round(LEVEL_STEPS * Math.max(-180, levelDb));
    }
  });
  const usable = survey.filter(({ levels: all }) =>
    all.some(({ receiverId }) => residuals.has(receiverId)),
  );
  return {
    placed,
    placedCount: placed.reduce((sum, one) => sum + one, 0),
    levels,
    surveyRatio: Math.min(1, usable.length / SURVEY_FULL),
  };
}

function isPlaced({ xM, yM, zM }: ReceiverPlan): boolean {
  return Number.isFinite(xM) && Number.isFinite(yM) && Number.isFinite(zM);
}

function pathLossDb(
  { xM, yM, zM }: ReceiverPlan,
  x: number,
  y: number,
  z: number,
  exponent: number,
): number {
  return 10 * exponent * Math.log10(Math.max(1, Math.hypot(xM - x, yM - y, zM - z)));
}

/** Loss of the walls for what is beyond them. A receiver hangs on a wall: its own wall is no obstacle. */
function wallDb(
  floor: FloorPlan,
  { grid, xM, yM }: FloorStates,
  receiver: ReceiverPlan,
  state: number,
  lossDb: number,
): number {
  if (floor.outline.length < 3 || (state < grid.count && grid.inside[state] === 1)) return 0;
  const x = xM[state] ?? 0;
  const y = yM[state] ?? 0;
  const off = 0.3 / Math.max(0.3, Math.hypot(x - receiver.xM, y - receiver.yM));
  const from = {
    x: receiver.xM + off * (x - receiver.xM),
    y: receiver.yM + off * (y - receiver.yM),
  };
  return state >= grid.count || grid.walls.leaves(from, { x, y }) ? lossDb : 0;
}

interface Residual {
  readonly x: number;
  readonly y: number;
  readonly db: number;
  readonly weight: number;
}

/** Survey less model per receiver and point, with the mean of all taken out: that is the power of the survey's tag. */
function surveyResiduals(
  receivers: readonly ReceiverPlan[],
  survey: readonly SurveyPoint[],
  exponent: number,
): Map<string, Residual[]> {
  const all = new Map<string, Residual[]>();
  let sum = 0;
  let weights = 0;
  for (const point of survey)
    for (const { receiverId, meanDbm, readings } of point.levels) {
      const receiver = receivers.find(({ id }) => id === receiverId);
      if (receiver === undefined || !isPlaced(receiver)) continue;
      const db = meanDbm + pathLossDb(receiver, point.xM, point.yM, point.zM, exponent);
      const weight = Math.min(1, readings / SURVEY_READINGS);
      if (!Number.isFinite(db) || !(weight > 0)) continue;
      sum += weight * db;
      weights += weight;
      const own = all.get(receiverId) ?? [];
      own.push({ x: point.xM, y: point.yM, db, weight });
      all.set(receiverId, own);
    }
  const mean = weights === 0 ? 0 : sum / weights;
  for (const [id, own] of all)
    all.set(
      id,
      own.map((one) => ({ ...one, db: one.db - mean })),
    );
  return all;
}

function residualDb(points: readonly Residual[], x: number, y: number): number {
  let sum = 0;
  let weights = 1 / SURVEY_REACH_M ** 2;
  for (const point of points) {
    const far2 = (point.x - x) ** 2 + (point.y - y) ** 2;
    const weight = point.weight / (far2 + SURVEY_SMOOTH_M ** 2);
    sum += weight * point.db;
    weights += weight;
  }
  return sum / weights;
}
