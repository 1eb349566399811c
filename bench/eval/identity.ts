import { Assignment } from "../../src/vision/assignment.ts";
import { type Alignment, total } from "./alignment.ts";

/** Identity measures at IoU 0.5. */
export interface IdentityScore {
  readonly idf1: number;
  readonly idTruePositives: number;
}

const MIN_IOU = 0.5;

/**
 * IDF1: one assignment of found ids to true ids for the whole sequence, chosen so that as many boxes as possible are
 * right. 0 when there is nothing to compare.
 * @source Ristani et al., Performance measures and a data set for multi-target multi-camera tracking, 2016.
 */
export function scoreIdentity(alignment: Alignment): IdentityScore {
  const rows = alignment.truthFrames.length;
  const columns = alignment.foundFrames.length;
  const together = new Float64Array(rows * columns);
  for (const frame of alignment.frames)
    frame.iou.forEach((iou, cell) => {
      if (iou < MIN_IOU) return;
      const t = frame.truth[Math.floor(cell / frame.found.length)] ?? 0;
      const f = frame.found[cell % frame.found.length] ?? 0;
      together[t * columns + f] = (together[t * columns + f] ?? 0) + 1;
    });
  const match: number[] = [];
  new Assignment().solve(
    together.map((frames) => -frames),
    rows,
    columns,
    match,
  );
  let idTruePositives = 0;
  match.forEach((c, r) => {
    if (c >= 0) idTruePositives += together[r * columns + c] ?? 0;
  });
  const boxes = total(alignment.truthFrames) + total(alignment.foundFrames);
  return { idf1: (2 * idTruePositives) / Math.max(1, boxes), idTruePositives };
}
