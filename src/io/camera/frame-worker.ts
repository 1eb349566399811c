import type { MonoMs } from "../../core/brand.ts";
import { type FrameVerdict, type PictureReport, PictureWatch } from "../../vision/picture-watch.ts";
import {
  createDetections,
  type Letterbox,
  letterboxOf,
  type PersonDetector,
  type PictureSize,
} from "../../vision/ports.ts";
import type { WorkerBirth, WorkerOrder, WorkerReport } from "./camera-protocol.ts";
import { FramePeek } from "./frame-peek.ts";
import { FrameSlots, NO_SLOT } from "./frame-slots.ts";
import { TurnTaker } from "./turn-taker.ts";
import { WorkerPipeline } from "./worker-pipeline.ts";

/** More people than this in one picture are beyond any shop camera; the weakest boxes are dropped. */
const MAX_PEOPLE = 128;

/**
 * The loop inside a camera's worker: takes published frames, judges the picture, runs detector and pipeline, reports
 * what came out. Orders take effect between frames, after the frames published before them.
 */
export class FrameWorker {
  readonly #birth: WorkerBirth;
  readonly #detector: PersonDetector;
  readonly #report: (report: WorkerReport) => void;
  readonly #slots: FrameSlots;
  readonly #turns: TurnTaker | null;
  readonly #pipeline: WorkerPipeline;
  readonly #detections = createDetections(MAX_PEOPLE);
  readonly #orders: WorkerOrder[] = [];
  readonly #peek = new FramePeek();
  readonly #frame: Uint8Array;
  #frameMono: MonoMs | null = null;
  #watch: PictureWatch | null = null;
  #letterbox: Letterbox | null = null;
  #generation = -1;
  #refusedBefore = 0;
  #isBusy = false;

  constructor(
    birth: WorkerBirth,
    detector: PersonDetector,
    report: (report: WorkerReport) => void,
  ) {
    this.#birth = birth;
    this.#detector = detector;
    this.#report = report;
    this.#slots = new FrameSlots(birth.shared);
    this.#pipeline = new WorkerPipeline(birth);
    this.#turns = birth.takesTurns ? new TurnTaker((wish) => report({ kind: "turn", wish })) : null;
    this.#frame = new Uint8Array(birth.shared.frameBytes);
  }

  /** Takes an order; resolves when everything waiting at this moment is done. Rejects when a frame failed. */
  async accept(order: WorkerOrder): Promise<void> {
    if (order.kind === "turn") return this.#turns?.granted();
    // Who wants to look in must not wait until no frame waits: where inference is the bottleneck, one always does.
    if (order.kind === "tap" || order.kind === "peek") return this.#obey(order);
    if (order.kind !== "wake") this.#orders.push(order);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (await this.#step());
    } finally {
      this.#isBusy = false;
      this.#turns?.giveBack();
    }
  }

  async #step(): Promise<boolean> {
    if (this.#takeFrame()) {
      await this.#process();
      return true;
    }
    const order = this.#orders.shift();
    if (order !== undefined) this.#obey(order);
    return order !== undefined;
  }

  /** Copies the next frame out at once, so that its slot is free while it is looked at; false when none waits. */
  #takeFrame(): boolean {
    const slot = this.#slots.take(this.#birth.policy, this.#generation);
    if (slot === NO_SLOT) return false;
    this.#frame.set(this.#slots.pixels(slot));
    this.#frameMono = this.#slots.stamp(slot);
    this.#slots.release(slot);
    return true;
  }

  async #process(): Promise<void> {
    const letterbox = this.#letterbox;
    if (letterbox === null) return;
    const verdict = await this.#decide();
    const atMono = this.#frameMono;
    if (atMono === null) return;
    this.#detections.count = 0;
    if (verdict === "look") {
      await this.#detector.detect(this.#frame, letterbox, this.#detections);
    } else this.#turns?.giveBack();
    // In a frame that passed nothing moves. With nothing followed an empty look is the truth and lets time go by; what
    // stands there unproven waits for the next look, or it would be lost between two.
    if (verdict === "look" || (verdict === "pass" && this.#pipeline.following === "nothing"))
      this.#pipeline.push(this.#detections, atMono);
    this.#peek.offer(this.#frame, letterbox, verdict === "look" ? this.#detections : null, atMono);
    const refused = this.#detector.refused - this.#refusedBefore;
    this.#refusedBefore += refused;
    this.#report({ kind: "frame", atMono, verdict, refused, ...this.#pipeline.take() });
  }

  /** What to do with the frame at hand, which after a wait for the turn is the newest one. */
  async #decide(): Promise<FrameVerdict> {
    const verdict = this.#examine();
    if (verdict !== "look" || this.#turns === null) return verdict;
    await this.#turns.take();
    if (!this.#takeFrame()) return verdict;
    // The frame before was read and examined, but nobody looked for people in it.
    this.#slots.countDrop();
    return this.#examine() === "rest" ? "rest" : "look";
  }

  #examine(): FrameVerdict {
    if (this.#watch === null || this.#frameMono === null) return "look";
    return this.#watch.examine(this.#frame, this.#frameMono, this.#pipeline.following);
  }

  #obey(order: WorkerOrder): void {
    switch (order.kind) {
      case "open":
        this.#open(order.picture, order.generation);
        return;
      case "blind":
        this.#watch?.interrupt(order.atMono);
        this.#pipeline.blind(order.atMono);
        this.#reportCut();
        return;
      case "end":
        this.#pipeline.end(order.atMono);
        this.#reportCut();
        this.#peek.close();
        this.#report({ kind: "ended" });
        return;
      case "tap":
        this.#pipeline.tap.turn(order.isOn);
        return;
      case "peek":
        this.#peek.open(order.port, order.isPixelated);
        return;
      case "turn":
      case "wake":
        return;
    }
  }

  #reportCut(): void {
    const { events, people, seen } = this.#pipeline.take();
    this.#report({ kind: "cut", events, people, seen });
  }

  #open(picture: PictureSize, generation: number): void {
    this.#generation = generation;
    this.#peek.begin();
    const known = this.#letterbox?.source;
    if (known?.widthPx === picture.widthPx && known.heightPx === picture.heightPx) return;
    this.#letterbox = letterboxOf(picture, this.#detector.input, this.#detector.fit);
    this.#pipeline.begin(picture);
    const { watch } = this.#birth;
    if (watch === null) return;
    if (this.#frameMono !== null) this.#watch?.close(this.#frameMono);
    const onReport = (report: PictureReport): void => this.#tellPicture(report);
    this.#watch = new PictureWatch({ ...watch, letterbox: this.#letterbox, onReport });
  }

  /** A picture that cannot be believed ends every stay as censored before it is told. */
  #tellPicture(picture: PictureReport): void {
    if (picture.kind === "fault" && picture.code !== null) {
      this.#pipeline.blind(picture.atMono);
      this.#reportCut();
    }
    this.#report({ kind: "picture", picture });
  }
}
