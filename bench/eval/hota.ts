import { Assignment } from "../../src/vision/assignment.ts";
import { type AlignedFrame, type Alignment, total } from "./alignment.ts";

/** HOTA and its parts, each the mean over the 19 thresholds, 0..1. */
export interface HotaScore {
  readonly hota: number;
  readonly detA: number;
  readonly assA: number;
}

/** Slack for comparisons of overlaps, so that an exact threshold is met in floating point. */
const EPSILON = Number.EPSILON;
const ALPHAS = Array.from({ length: 19 }, (_, i) => 0.05 * (i + 1));

/**
 * Higher Order Tracking Accuracy. Pairs in a frame are chosen once, by overlap weighted with how well the two ids go
 * together over the whole sequence; each threshold alpha then keeps the pairs that overlap enough.
 * An empty comparison scores 0.
 * @source Luiten et al., HOTA, IJCV 2021, sections 4 and 5.
 */
export function scoreHota(alignment: Alignment): HotaScore {
  const columns = alignment.foundFrames.length;
  const together = idAffinity(alignment);
  const tallies = ALPHAS.map((alpha) => new Tally(alpha, alignment));
  const assignment = new Assignment();
  for (const frame of alignment.frames) {
    const cost = frame.iou.map((iou, cell) => {
      const truth = frame.truth[Math.floor(cell / frame.found.length)] ?? 0;
      const found = frame.found[cell % frame.found.length] ?? 0;
      return -iou * (together[truth * columns + found] ?? 0);
    });
    const match: number[] = [];
    assignment.solve(cost, frame.truth.length, frame.found.length, match);
    for (const tally of tallies) tally.add(frame, match);
  }
  const scores = tallies.map((tally) => tally.score());
  const mean = (pick: (score: HotaScore) => number): number =>
    total(scores.map(pick)) / scores.length;
  return { hota: mean((s) => s.hota), detA: mean((s) => s.detA), assA: mean((s) => s.assA) };
}

/** Jaccard index of each pair of ids over the sequence [truth, found], with overlaps as soft co-occurrence. */
function idAffinity(alignment: Alignment): Float64Array {
  const columns = alignment.foundFrames.length;
  const shared = new Float64Array(alignment.truthFrames.length * columns);
  for (const frame of alignment.frames) addShares(frame, columns, shared);
  return shared.map((value, cell) => {
    const truth = alignment.truthFrames[Math.floor(cell / columns)] ?? 0;
    const found = alignment.foundFrames[cell % columns] ?? 0;
    return value / (truth + found - value);
  });
}

function addShares(frame: AlignedFrame, columns: number, shared: Float64Array): void {
  const width = frame.found.length;
  const rowSum = new Float64Array(frame.truth.length);
  const columnSum = new Float64Array(width);
  frame.iou.forEach((iou, cell) => {
    const r = Math.floor(cell / width);
    const c = cell % width;
    rowSum[r] = (rowSum[r] ?? 0) + iou;
    columnSum[c] = (columnSum[c] ?? 0) + iou;
  });
  frame.iou.forEach((iou, cell) => {
    const r = Math.floor(cell / width);
    const c = cell % width;
    const union = (rowSum[r] ?? 0) + (columnSum[c] ?? 0) - iou;
    if (union <= EPSILON) return;
    const at = (frame.truth[r] ?? 0) * columns + (frame.found[c] ?? 0);
    shared[at] = (shared[at] ?? 0) + iou / union;
  });
}

/** Hits and misses at one threshold. */
class Tally {
  readonly #alpha: number;
  readonly #alignment: Alignment;
  readonly #pairs: Float64Array;
  #hits = 0;
  #truth = 0;
  #found = 0;

  constructor(alpha: number, alignment: Alignment) {
    this.#alpha = alpha;
    this.#alignment = alignment;
    this.#pairs = new Float64Array(alignment.truthFrames.length * alignment.foundFrames.length);
  }

  add(frame: AlignedFrame, match: readonly number[]): void {
    this.#truth += frame.truth.length;
    this.#found += frame.found.length;
    match.forEach((c, r) => {
      if (c < 0 || (frame.iou[r * frame.found.length + c] ?? 0) < this.#alpha - EPSILON) return;
      this.#hits += 1;
      const at = (frame.truth[r] ?? 0) * this.#alignment.foundFrames.length + (frame.found[c] ?? 0);
      this.#pairs[at] = (this.#pairs[at] ?? 0) + 1;
    });
  }

  score(): HotaScore {
    const { truthFrames, foundFrames } = this.#alignment;
    let association = 0;
    this.#pairs.forEach((hits, cell) => {
      if (hits === 0) return;
      const truth = truthFrames[Math.floor(cell / foundFrames.length)] ?? 0;
      const found = foundFrames[cell % foundFrames.length] ?? 0;
      association += (hits * hits) / Math.max(1, truth + found - hits);
    });
    const detA = this.#hits / Math.max(1, this.#truth + this.#found - this.#hits);
    const assA = association / Math.max(1, this.#hits);
    return { hota: Math.sqrt(detA * assA), detA, assA };
  }
}
