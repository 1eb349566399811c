import type { CameraConfig } from "../../config/gateway.ts";
import type { MonoMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { FAULTS, type FaultCode } from "../../core/errors.ts";
import type { SensorEvent } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import { CameraConditions } from "./camera-conditions.ts";
import { ReopenWatch, SlowWatch } from "./camera-pace.ts";
import type { FrameVerdict, PictureReport } from "./camera-protocol.ts";
import { type CameraFacts, CameraState, FrameRate } from "./camera-state.ts";
import { CAMERA_TIMING } from "./camera-timing.ts";

export interface CameraStandingOptions {
  readonly config: CameraConfig;
  /** Name of this life of the camera. */
  readonly run: string;
  /** The source as it may be shown. */
  readonly shownSource: string;
  readonly clock: Clock;
  readonly log: Log;
  onEvent(event: SensorEvent): void;
}

/** The part of a camera's facts that follows from what was said about it. */
export type StandingFacts = Pick<
  CameraFacts,
  | "state"
  | "code"
  | "conditions"
  | "fps"
  | "targetFps"
  | "framesLooked"
  | "framesSkipped"
  | "boxesRefused"
  | "reopened"
>;

/** Conditions that only the worker can find, and only against what it has seen itself. */
const PICTURE_CONDITIONS = ["moved", "low-light"] as const;

/**
 * How a camera stands: whether it sees, why not, and what is not right although it does. Everything said about it
 * meets here and leaves as events, each once.
 */
export class CameraStanding {
  readonly #options: CameraStandingOptions;
  readonly #state: CameraState;
  readonly #conditions: CameraConditions;
  readonly #rate = new FrameRate();
  readonly #slow: SlowWatch;
  readonly #reopens = new ReopenWatch();
  /** What the worker last said about the picture itself. */
  #pictureFault: FaultCode | null = null;
  #framesSkipped = 0;
  #boxesRefused = 0;
  #seeingSince: MonoMs | null = null;

  constructor(options: CameraStandingOptions) {
    const { config, run, onEvent } = options;
    this.#options = options;
    this.#state = new CameraState(config.id, run, onEvent);
    this.#conditions = new CameraConditions(config.id, run, onEvent);
    this.#slow = new SlowWatch(config.fps);
  }

  facts(nowMono: MonoMs): StandingFacts {
    return {
      state: this.#state.state,
      code: this.#state.code,
      conditions: this.#conditions.present,
      fps: this.#rate.perSecond(nowMono),
      targetFps: this.#options.config.fps,
      framesLooked: this.#rate.frames,
      framesSkipped: this.#framesSkipped,
      boxesRefused: this.#boxesRefused,
      reopened: this.#reopens.count,
    };
  }

  /** For how long it has been seeing; 0 when it is not. */
  seeingForMs(nowMono: MonoMs): number {
    return this.#seeingSince === null ? 0 : nowMono - this.#seeingSince;
  }

  starting(): void {
    this.#state.set("starting", null, this.#options.clock.mono());
  }

  /** Switched off: what is not watched is not known. */
  stopped(): void {
    const nowMono = this.#options.clock.mono();
    this.#conditions.clear(nowMono);
    this.#state.set("stopped", null, nowMono);
  }

  /** It does not see, for this reason. */
  blind(
    code: FaultCode,
    details: Readonly<Record<string, unknown>> = {},
    atMono = this.#options.clock.mono(),
  ): void {
    this.#seeingSince = null;
    if (!this.#state.set("blind", code, atMono)) return;
    const { config, log, shownSource } = this.#options;
    const fields = { event: "camera.blind", cameraId: config.id, code, ...details };
    log.warn({ ...fields, source: shownSource }, FAULTS[code].summary);
  }

  /** A new worker is at work: what the last one found wrong with the picture counts no more, and would never end. */
  newWorker(): void {
    this.#pictureFault = null;
    const nowMono = this.#options.clock.mono();
    for (const condition of PICTURE_CONDITIONS) this.#conditions.set(condition, false, {}, nowMono);
  }

  /** A stream that had delivered is lost and will be opened again. */
  reopening(): void {
    this.#reopens.reopened(this.#options.clock.mono());
  }

  /**
   * A frame was dealt with; `refused` boxes of it were no boxes. `isOfNow`: of the opening under way; a late one must
   * not make a blind camera see.
   */
  looked(verdict: FrameVerdict, isOfNow: boolean, refused: number): void {
    const nowMono = this.#options.clock.mono();
    this.#rate.count(nowMono);
    if (verdict === "pass") this.#framesSkipped += 1;
    this.#boxesRefused += refused;
    if (!isOfNow) return;
    if (this.#pictureFault === null) this.#see(nowMono);
    else this.blind(this.#pictureFault);
  }

  /** The worker found something out about the picture itself; the stream goes on whatever it is. */
  judgePicture(report: PictureReport, isOfNow: boolean): void {
    const { atMono } = report;
    if (report.kind === "condition") {
      this.#conditions.set(report.condition, report.isPresent, report.measured, atMono);
      return;
    }
    this.#pictureFault = report.code;
    if (!isOfNow) return;
    if (report.code === null) this.#see(atMono);
    else this.blind(report.code, {}, atMono);
  }

  /** Looks whether a condition of the stream began or ended; to be called now and then while a stream is open. */
  check(nowMono: MonoMs): void {
    const unstable = this.#reopens.check(nowMono);
    if (unstable !== null)
      this.#conditions.set("unstable", unstable.isPresent, unstable.measured, nowMono);
    // The rate is that of the last seconds; it says nothing until that long was seen.
    if (this.seeingForMs(nowMono) < CAMERA_TIMING.slowMs) return;
    const slow = this.#slow.check(this.#rate.perSecond(nowMono) ?? 0, nowMono);
    if (slow !== null) this.#conditions.set("slow", slow.isPresent, slow.measured, nowMono);
  }

  #see(atMono: MonoMs): void {
    if (!this.#state.set("seeing", null, atMono)) return;
    const { config, log, clock } = this.#options;
    this.#seeingSince = clock.mono();
    this.#slow.begin();
    log.info({ event: "camera.seeing", cameraId: config.id }, "The camera delivers frames");
  }
}
