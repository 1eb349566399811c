import { FAULTS, type FaultCode } from "../../core/errors.ts";
import { retryPauses } from "../../core/retry.ts";
import { CAMERA_PAUSES, CAMERA_TIMING } from "./camera-timing.ts";

/** How an opening of a source failed. */
export interface Failure {
  readonly code: FaultCode;
  /** From the opening to the failure. */
  readonly lastedMs: number;
}

/** Faults of this box, not of the camera: opening again sooner mends nothing and costs a model load each time. */
const OWN_FAULTS: readonly FaultCode[] = [
  "INFERENCE_FAILED",
  "FFMPEG_MISSING",
  "MODEL_MISSING",
  "MODEL_HASH_MISMATCH",
];

/** Whether the fault lies with this box, so that nobody need knock at the camera's door. Pure. */
export function isOwnFault(code: FaultCode): boolean {
  return OWN_FAULTS.includes(code);
}

/**
 * When to open a source again. At once after a stream that stalled or an opening that took its time, so that a camera
 * that returns finds somebody listening; after growing pauses when it fails at once; slowly when only a person can
 * help.
 */
export class Reopening {
  readonly #random: () => number;
  #pauses: Generator<number, never>;
  #hasWorked = false;

  constructor(random: () => number) {
    this.#random = random;
    this.#pauses = retryPauses(CAMERA_PAUSES, random);
  }

  /** The stream has delivered: its path is right. */
  worked(): void {
    this.#hasWorked = true;
  }

  /** All is well, or everything has changed: the pauses begin at the shortest again. */
  forgive(): void {
    this.#pauses = retryPauses(CAMERA_PAUSES, this.#random);
  }

  /** Pause before the next opening, in ms. */
  pauseMs({ code, lastedMs }: Failure): number {
    // A camera or a server that starts up may know its paths last.
    const isOnTheWay = code === "CAMERA_NOT_FOUND" && this.#hasWorked;
    if (FAULTS[code].retry === "operator" && !isOnTheWay) return CAMERA_TIMING.operatorPauseMs;
    const isPatient = lastedMs >= CAMERA_TIMING.patientMs && !isOwnFault(code);
    return isPatient ? 0 : this.#pauses.next().value;
  }
}
