import { align } from "./alignment.ts";
import { scoreClear } from "./clear.ts";
import { scoreHota } from "./hota.ts";
import { scoreIdentity } from "./identity.ts";
import type { BoxFrame } from "./mot.ts";

/** Scores of a tracker on one sequence, named and rounded as the field prints them: percent with two decimals. */
export interface TrackingScore {
  readonly HOTA: number;
  readonly DetA: number;
  readonly AssA: number;
  readonly MOTA: number;
  readonly IDF1: number;
  readonly IDSW: number;
  readonly FP: number;
  readonly FN: number;
  readonly Frag: number;
}

/** Scores found tracks against the truth; entry i of both lists is the same frame. Pure. */
export function scoreTracking(
  truth: readonly BoxFrame[],
  found: readonly BoxFrame[],
): TrackingScore {
  const alignment = align(truth, found);
  const hota = scoreHota(alignment);
  const clear = scoreClear(alignment);
  const identity = scoreIdentity(alignment);
  return {
    HOTA: percent(hota.hota),
    DetA: percent(hota.detA),
    AssA: percent(hota.assA),
    MOTA: percent(clear.mota),
    IDF1: percent(identity.idf1),
    IDSW: clear.idSwitches,
    FP: clear.falsePositives,
    FN: clear.misses,
    Frag: clear.fragments,
  };
}

/** A ratio as percent with two decimals. Pure. */
export const percent = (ratio: number): number => Math.round(ratio * 10_000) / 100;
