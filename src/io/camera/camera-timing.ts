/** Limits of a camera's watchdog, of its pauses and of its conditions; each with its reason. */
export const CAMERA_TIMING = {
  /** A stream is stale after this or ten frame intervals, whichever is longer: shown within five seconds. */
  staleMs: 3000,
  staleIntervals: 10,
  /** Beyond this no camera is waited for, however slow it is: longer silence helps nobody. */
  staleCapMs: 60_000,
  /** While fewer than two frames arrived nothing is known of the camera's rate, and it may be a slow one. */
  secondFrameMs: 10_000,
  /** A source must deliver its first frame within this; cameras with a long group of pictures need seconds. */
  firstFrameMs: 15_000,
  /** Frames arrive but none is looked at for this long: the worker hangs. */
  workerSilentMs: 20_000,
  watchdogMs: 500,
  /** After this time of seeing, the pauses begin at the shortest again. */
  goodMs: 60_000,
  /** Pause after a fault only a person can mend: some cameras lock an account that is tried too often. */
  operatorPauseMs: 60_000,
  /** An opening that took this long needs no pause after it: it cannot become a storm. */
  patientMs: 2000,
  /** ffmpeg gives up on a silent socket after five seconds; a quicker end had another reason. */
  socketSilentMs: 4500,
  /** How often a closed door is knocked at, and how long one knock may take. */
  knockMs: 1000,
  /** Below this share of the wanted rate a camera is slow, above the other it is not any more. */
  slowRatio: 0.7,
  paceGoodRatio: 0.85,
  /** For how long it must be so. */
  slowMs: 10_000,
  /** Opened anew this often within the window, a camera is unstable; once it is down to one, it is not any more. */
  unstableReopened: 3,
  unstableWindowMs: 600_000,
} as const;

/** Pauses before a source that fails at once is opened again; low enough for a shop's own network. */
export const CAMERA_PAUSES = { baseMs: 1000, capMs: 10_000, factor: 2, jitterRatio: 0.3 } as const;
