import { Assignment } from "../../src/vision/assignment.ts";
import type { AlignedFrame, Alignment } from "./alignment.ts";

/** CLEAR MOT at IoU 0.5. */
export interface ClearScore {
  /** 1 - (misses + false positives + switches) / true boxes; may be negative. */
  readonly mota: number;
  readonly idSwitches: number;
  readonly falsePositives: number;
  readonly misses: number;
  /** Times a true track was lost and found again. */
  readonly fragments: number;
}

const MIN_IOU = 0.5 - Number.EPSILON;
/** Outweighs any sum of overlaps: a pair of the frame before is kept as long as it still overlaps enough. */
const KEEP = 1000;

/**
 * CLEAR MOT. Pairs of the frame before are kept first, the rest is matched by overlap; a switch is a true id that is
 * matched by another found id than the last time it was matched.
 * @source Bernardin & Stiefelhagen, CLEAR MOT metrics, 2008, in the form of the MOTChallenge.
 */
export function scoreClear(alignment: Alignment): ClearScore {
  const ids = alignment.truthFrames.length;
  /** Found id of the last match of each true id, and of the frame before only; -1 = none. */
  const lastMatch = new Int32Array(ids).fill(-1);
  let before = new Int32Array(ids).fill(-1);
  const beginnings = new Int32Array(ids);
  const assignment = new Assignment();
  let hits = 0;
  let truth = 0;
  let found = 0;
  let idSwitches = 0;
  for (const frame of alignment.frames) {
    truth += frame.truth.length;
    found += frame.found.length;
    // As in the MOTChallenge code, a frame with nothing to match does not break continuity.
    if (frame.truth.length === 0 || frame.found.length === 0) continue;
    const now = new Int32Array(ids).fill(-1);
    matchFrame(assignment, frame, before).forEach((c, r) => {
      if (c < 0) return;
      const t = frame.truth[r] ?? 0;
      const f = frame.found[c] ?? 0;
      hits += 1;
      if (lastMatch[t] !== -1 && lastMatch[t] !== f) idSwitches += 1;
      lastMatch[t] = f;
      if (before[t] === -1) beginnings[t] = (beginnings[t] ?? 0) + 1;
      now[t] = f;
    });
    before = now;
  }
  const misses = truth - hits;
  const falsePositives = found - hits;
  return {
    mota: (hits - falsePositives - idSwitches) / Math.max(1, truth),
    idSwitches,
    falsePositives,
    misses,
    fragments: beginnings.reduce((sum, n) => sum + Math.max(0, n - 1), 0),
  };
}

function matchFrame(assignment: Assignment, frame: AlignedFrame, before: Int32Array): number[] {
  const width = frame.found.length;
  const cost = frame.iou.map((iou, cell) => {
    // Worth nothing rather than forbidden: keeping one pair must win over making two new ones.
    if (iou < MIN_IOU) return 0;
    const t = frame.truth[Math.floor(cell / width)] ?? 0;
    return before[t] === frame.found[cell % width] ? -KEEP - iou : -iou;
  });
  const match: number[] = [];
  assignment.solve(cost, frame.truth.length, width, match);
  return match.map((c, r) => (c >= 0 && (frame.iou[r * width + c] ?? 0) >= MIN_IOU ? c : -1));
}
