import type { MonoMs } from "../../core/brand.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { SensorChanged, SensorCondition, SensorState } from "../../core/events.ts";
import { Ring } from "../../core/ring.ts";
import type { PictureSize } from "../../vision/ports.ts";

/** What the status page shows of a camera. */
export interface CameraFacts {
  readonly state: SensorState;
  readonly code: FaultCode | null;
  /** What is not right although it may see, in the order in which it began. */
  readonly conditions: readonly SensorCondition[];
  /** Size of the source picture; null before the first frame of this opening. */
  readonly picture: PictureSize | null;
  /** Frames dealt with per second over the last seconds; null while fewer than two were. */
  readonly fps: number | null;
  /** Frames per second asked for. */
  readonly targetFps: number;
  /** Frames dealt with, those included in which nothing moved. */
  readonly framesLooked: number;
  /** Of these, frames in which nobody had to be looked for because nothing moved. */
  readonly framesSkipped: number;
  /** Boxes the detector refused because a side or score was no number or beyond all reason: a damaged model. */
  readonly boxesRefused: number;
  /** Frames that were read and overwritten before they could be looked at. */
  readonly framesDropped: number;
  /** Pictures that could not be decoded cleanly. */
  readonly framesDamaged: number;
  /** Time since the last frame arrived; null before the first. */
  readonly lastFrameAgeMs: number | null;
  /** How often the source was opened. */
  readonly opened: number;
  /** How often of these because a stream that had delivered was lost. */
  readonly reopened: number;
  /** How often the worker thread was started. */
  readonly workersStarted: number;
}

/** Reports each change of a camera's state once, numbered without gaps. */
export class CameraState {
  readonly #cameraId: string;
  readonly #source: string;
  readonly #onChange: (event: SensorChanged) => void;
  #seq = 0;
  #state: SensorState | "new" = "new";
  #code: FaultCode | null = null;

  constructor(cameraId: string, run: string, onChange: (event: SensorChanged) => void) {
    this.#cameraId = cameraId;
    this.#source = `camera-state:${cameraId}#${run}`;
    this.#onChange = onChange;
  }

  /** `stopped` before the first report. */
  get state(): SensorState {
    return this.#state === "new" ? "stopped" : this.#state;
  }

  get code(): FaultCode | null {
    return this.#code;
  }

  /** Reports a state unless it is the present one; true when it was news. `code` only with `blind`. */
  set(state: SensorState, code: FaultCode | null, atMono: MonoMs): boolean {
    if (state === this.#state && code === this.#code) return false;
    this.#state = state;
    this.#code = code;
    this.#onChange({
      kind: "sensor-changed",
      source: this.#source,
      seq: this.#seq,
      atMono,
      sensorId: this.#cameraId,
      sensorKind: "camera",
      state,
      code,
    });
    this.#seq += 1;
    return true;
  }
}

/** Rate over the last frames, forgetting what is older than the window. */
export class FrameRate {
  readonly #times = new Ring(128);
  #frames = 0;

  get frames(): number {
    return this.#frames;
  }

  count(atMono: MonoMs): void {
    this.#times.push(atMono);
    this.#frames += 1;
  }

  /** Frames per second within the last `windowMs` before `nowMono`; null when fewer than two were counted there. */
  perSecond(nowMono: MonoMs, windowMs = 10_000): number | null {
    let first = this.#times.length;
    while (first > 0 && nowMono - this.#times.at(first - 1) <= windowMs) first -= 1;
    const intervals = this.#times.length - first - 1;
    const spanMs = this.#times.last() - this.#times.at(first);
    return intervals < 1 || spanMs <= 0 ? null : (intervals * 1000) / spanMs;
  }
}
