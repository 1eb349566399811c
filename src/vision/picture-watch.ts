import type { MonoMs } from "../core/brand.ts";
import { CoveredLens } from "./covered-lens.ts";
import { FrozenPicture } from "./frozen-picture.ts";
import { LowLight } from "./low-light.ts";
import { LumaGrid, meanLuma } from "./luma-grid.ts";
import { type Following, MotionGate } from "./motion-gate.ts";
import { MovedCamera } from "./moved-camera.ts";
import { StructureMeter } from "./picture-structure.ts";
import type { Letterbox } from "./ports.ts";
import { SceneBackground, type SceneChange } from "./scene-background.ts";

/** What was found out about the picture itself. Each change is told once. */
export type PictureReport =
  /**
   * The picture cannot be believed: from here on nobody is counted, open stays have ended as censored and inference
   * rests. `code` null: the first good picture is there and counting goes on.
   */
  | {
      readonly kind: "fault";
      readonly code: "CAMERA_FROZEN" | "CAMERA_COVERED" | null;
      readonly atMono: MonoMs;
    }
  /** The picture is not as it should be, but people are still counted. */
  | {
      readonly kind: "condition";
      readonly condition: "moved" | "low-light";
      readonly isPresent: boolean;
      /**
       * `moved`: `shiftXNorm`, `shiftYNorm` (Norm of the picture, right and down positive). `low-light`: `luma`
       * and `noise` in levels 0..255.
       */
      readonly measured: Readonly<Record<string, number>>;
      readonly atMono: MonoMs;
    };

type PictureFault = Extract<PictureReport, { kind: "fault" }>["code"];

export interface PictureWatchOptions {
  readonly letterbox: Letterbox;
  /** False: every frame is worth an inference. */
  readonly hasMotionGate: boolean;
  /** Whether the source is a live camera; a recording is not called frozen for want of noise. */
  readonly isLive: boolean;
  onReport(report: PictureReport): void;
}

/**
 * What to do with a frame. `look`: give it to the detector. `pass`: nobody is there and nothing moves, time goes by
 * without an inference. `rest`: the picture cannot be believed.
 */
export type FrameVerdict = "look" | "pass" | "rest";

/** Judges the pictures of one camera before anybody looks for people in them. Pure: time comes in with the frames. */
export class PictureWatch {
  readonly #options: PictureWatchOptions;
  readonly #grid: LumaGrid;
  readonly #background = new SceneBackground();
  readonly #structure = new StructureMeter();
  readonly #gate = new MotionGate();
  readonly #frozen: FrozenPicture;
  readonly #covered = new CoveredLens();
  readonly #lowLight = new LowLight();
  readonly #moved = new MovedCamera();
  #fault: PictureFault = null;

  constructor(options: PictureWatchOptions) {
    this.#options = options;
    this.#grid = new LumaGrid(options.letterbox);
    this.#frozen = new FrozenPicture(options.isLive);
  }

  /** The fault of the picture at this moment. */
  get fault(): PictureFault {
    return this.#fault;
  }

  /**
   * Judges one frame; reports what changed before it returns. While people are followed the gate never closes.
   */
  examine(rgb24: Uint8Array, atMono: MonoMs, following: Following): FrameVerdict {
    const { cells } = this.#grid;
    this.#grid.measure(rgb24);
    const change = this.#background.look(cells, atMono, following === "people");
    const luma = meanLuma(cells);
    const isFrozen = this.#frozen.look(cells, atMono);
    const structure = this.#structure.measure(cells, this.#background.noise);
    const isCovered = this.#covered.look(structure, luma, atMono);
    // A covered lens shows the same black for ever; that it is covered says more than that it stands still.
    this.#setFault(isCovered ? "CAMERA_COVERED" : isFrozen ? "CAMERA_FROZEN" : null, atMono);
    if (this.#fault !== null) return "rest";
    this.#watchConditions(change, luma, atMono);
    const isWorthIt = this.#gate.mayPass(change, atMono, following);
    return isWorthIt || !this.#options.hasMotionGate ? "look" : "pass";
  }

  /**
   * The stream broke: what comes next is not compared with what was, and a fault is over, which is told, until it
   * shows again. The reference of the scene is kept.
   */
  interrupt(atMono: MonoMs): void {
    this.#background.forget();
    this.#frozen.forget();
    this.#covered.forget();
    this.#lowLight.pause(atMono);
    this.#moved.unsettle();
    this.#gate.reset();
    this.#setFault(null, atMono);
  }

  /** No more frames of this view will come: whatever is present ends, and is told to. */
  close(atMono: MonoMs): void {
    this.#setFault(null, atMono);
    if (this.#lowLight.isPresent) this.#tell("low-light", false, {}, atMono);
    if (this.#moved.isMoved) this.#tell("moved", false, {}, atMono);
  }

  #setFault(code: PictureFault, atMono: MonoMs): void {
    if (code === this.#fault) return;
    this.#fault = code;
    this.#lowLight.pause(atMono);
    this.#moved.unsettle();
    this.#gate.reset();
    this.#options.onReport({ kind: "fault", code, atMono });
  }

  #watchConditions(change: SceneChange, luma: number, atMono: MonoMs): void {
    const { noise, cells } = this.#background;
    if (this.#lowLight.look(luma, noise, atMono)) {
      const { isPresent } = this.#lowLight;
      this.#tell("low-light", isPresent, { luma: rounded(luma), noise: rounded(noise) }, atMono);
    }
    if (change.isSceneChange) this.#moved.unsettle();
    const { shift } = this.#moved;
    if (!this.#moved.look(cells, atMono)) return;
    const { shiftXNorm, shiftYNorm } = this.#moved.shift ??
      shift ?? { shiftXNorm: 0, shiftYNorm: 0 };
    const measured = { shiftXNorm: rounded(shiftXNorm), shiftYNorm: rounded(shiftYNorm) };
    this.#tell("moved", this.#moved.isMoved, measured, atMono);
  }

  #tell(
    condition: "moved" | "low-light",
    isPresent: boolean,
    measured: Readonly<Record<string, number>>,
    atMono: MonoMs,
  ): void {
    this.#options.onReport({ kind: "condition", condition, isPresent, measured, atMono });
  }
}

/** To thousandths: more digits than that are noise. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
