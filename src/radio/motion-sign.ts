import type { TagTelemetry } from "./telemetry.ts";

/**
 * What one report says of a thing's motion. `handled`: somebody pressed its button. `none`: it says nothing of motion,
 * or it is the first of a counter, which is only a beginning.
 */
export type MotionSign = "moving" | "resting" | "handled" | "none";

/** Sizes at which motion counters of beacons begin again at 0. */
const COUNTER_SIZES = [256, 65_536] as const;

/** Reads motion from the reports of one tag: what a report means depends on the one before it. */
export class MotionSigns {
  #count: number | null = null;
  #wasPressed = false;
  #isFirst = true;

  /** The sign in the next report of this tag. */
  read({ isMoving, motionCount, isPressed }: TagTelemetry): MotionSign {
    const counted = this.#counted(motionCount);
    // A button held since before the first report, or stuck, was not pressed now.
    const isHandled = isPressed === true && !this.#wasPressed && !this.#isFirst;
    this.#wasPressed = isPressed === true;
    this.#isFirst = false;
    if (isHandled) return "handled";
    if (isMoving === true || counted === "moving") return "moving";
    if (isMoving === false || counted === "resting") return "resting";
    // A thing that has nothing but a button rests while nobody presses it.
    return isPressed === false && motionCount === null ? "resting" : "none";
  }

  #counted(count: number | null): MotionSign {
    if (count === null) return "none";
    const before = this.#count;
    this.#count = count;
    if (before === null) return "none";
    if (count === before) return "resting";
    return count > before || hasWrapped(before, count) ? "moving" : "none";
  }
}

/**
 * Whether a counter that went down passed its end: from its last quarter to its first. Anything else is a new battery,
 * which begins at 0 again and is no motion. Pure.
 */
function hasWrapped(before: number, count: number): boolean {
  const size = COUNTER_SIZES.find((one) => before < one);
  return size !== undefined && before >= 0.75 * size && count < 0.25 * size;
}
