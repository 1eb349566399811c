/**
 * How the detector's score is used by the tracker. Detections under `low` are ignored, those from `low` to `high`
 * only prolong tracks seen a moment ago, those from `high` continue any track, those from `newTrack` begin one.
 */
export interface ScoreBands {
  readonly high: number;
  readonly low: number;
  readonly newTrack: number;
}

/**
 * Bands of the tracker's own defaults, for detectors whose scores spread over 0..1 (Faster R-CNN and the like).
 * @source ByteTrack's two bands; the values are those at which our tracker was tuned on the MOT sequences.
 */
export const DEFAULT_BANDS: ScoreBands = Object.freeze({ high: 0.4, low: 0.1, newTrack: 0.5 });

/**
 * Bands for a detector whose operating score (the `score` of its entry in the model manifest) is given: that score
 * is the high band, weaker detections down to 0.1 still prolong tracks. A new track needs a little more than the
 * operating score, because a false track costs more than a late one. Pure.
 */
export function bandsForScore(operatingScore: number): ScoreBands {
  return {
    high: operatingScore,
    low: Math.min(0.1, operatingScore),
    newTrack: Math.min(1, operatingScore + 0.05),
  };
}
