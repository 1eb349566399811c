/** What a tag says about itself beside its identity; every field null when it does not say. */
export interface TagTelemetry {
  /** State of charge 0..1. */
  readonly batteryRatio: number | null;
  readonly batteryMv: number | null;
  /** Whether its accelerometer feels motion now. */
  readonly isMoving: boolean | null;
  /** Counts the motions felt since it was switched on; wraps at the given modulus. */
  readonly motionCount: number | null;
  /** Whether a button is pressed now. */
  readonly isPressed: boolean | null;
  readonly temperatureC: number | null;
}
