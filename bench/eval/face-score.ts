/** Distances of pairs of faces; infinite where one of them was not found. */
export interface PairDistances {
  /** Pairs of one person. */
  readonly genuine: readonly number[];
  /** Pairs of two people. */
  readonly impostor: readonly number[];
}

/** Shares of pairs judged wrongly, 0..1. */
export interface FaceScore {
  /** Where as many strangers are taken for a person as people are not known again, over all thresholds. */
  readonly EER: number;
  readonly farAtThreshold: number;
  readonly frrAtThreshold: number;
}

/** Scores distances; a pair at the threshold matches. An empty side gives NaN, since it says nothing. Pure. */
export function scoreFaces({ genuine, impostor }: PairDistances, threshold: number): FaceScore {
  return {
    EER: equalErrorRate({ genuine, impostor }),
    farAtThreshold: shareWithin(impostor, threshold),
    frrAtThreshold: 1 - shareWithin(genuine, threshold),
  };
}

/** The mean of both errors at the distance where they differ least, the smaller mean on a tie. */
function equalErrorRate({ genuine, impostor }: PairDistances): number {
  if (genuine.length === 0 || impostor.length === 0) return Number.NaN;
  const steps = [...new Set([0, ...genuine, ...impostor])].filter(Number.isFinite);
  let best = { gap: Number.POSITIVE_INFINITY, rate: Number.NaN };
  for (const step of steps) {
    const far = shareWithin(impostor, step);
    const frr = 1 - shareWithin(genuine, step);
    const [gap, rate] = [Math.abs(far - frr), (far + frr) / 2];
    if (gap < best.gap || (gap === best.gap && rate < best.rate)) best = { gap, rate };
  }
  return best.rate;
}

function shareWithin(distances: readonly number[], threshold: number): number {
  return distances.filter((distance) => distance <= threshold).length / distances.length;
}
