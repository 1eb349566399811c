/** Body of GET /api/self-calibration: what receivers know of each other. */
export interface CalibrationView {
  /** Something a person should look at, one sentence each. */
  readonly warnings: readonly string[];
  /** Short figures with their labels, e.g. ["Shelf", "hears 3.1 dB stronger than the others"]. */
  readonly facts: readonly (readonly [label: string, text: string])[];
  /** Why nothing is known; null when something is. */
  readonly why: string | null;
}

/** Self-calibration of the receivers; the app implements it. */
export interface CalibrationPort {
  /** Worked out at most once a minute. */
  view(): CalibrationView;
}
