import type { MessagePort, Worker } from "node:worker_threads";
import type { MonoMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { LivePeople } from "../../core/events.ts";
import type { VisionEvent } from "../../vision/camera-pipeline.ts";
import type { PictureSize } from "../../vision/ports.ts";
import type {
  FrameVerdict,
  PictureReport,
  TrackedBox,
  WorkerBirth,
  WorkerOrder,
  WorkerReport,
} from "./camera-protocol.ts";
import type { SeenEntry } from "./detections-tap.ts";
import type { TurnWish } from "./turn-taker.ts";
import type { InferenceTurns, TurnSeat } from "./turns.ts";
import { launchWorker } from "./worker-launch.ts";

export interface CameraHostOptions {
  readonly birth: Omit<WorkerBirth, "takesTurns">;
  readonly clock: Clock;
  /** Where inference is shared out among cameras, and this one's frames per second; absent: it need not ask. */
  readonly turns?: { readonly table: InferenceTurns; readonly fps: number } | undefined;
  onEvent(event: VisionEvent): void;
  onPeople(people: LivePeople): void;
  /** A frame was dealt with and one slot is free again; with the verdict `rest` nobody looked for people in it. */
  onLooked?(atMono: MonoMs, verdict: FrameVerdict, refused: number): void;
  /** Only called when the birth asks for tracks. */
  onTracks?(tracks: readonly TrackedBox[], atMono: MonoMs): void;
  /** What the pipeline was fed, each before the events made of it; only while tapped. */
  onSeen?(entry: SeenEntry): void;
  /** The picture itself became, or is no longer, untrustworthy. */
  onPicture?(report: PictureReport): void;
}

/** How long a worker may take to finish its last frame and leave before its thread is ended by force. */
const LEAVE_DEADLINE_MS = 5000;

type HostState = "new" | "running" | "leaving" | "gone";

/** Owns the worker thread of one camera. One life only: after a failure a new host is made. */
export class CameraHost {
  readonly #options: CameraHostOptions;
  /** Settles when the thread is gone: null after a regular end, the fault otherwise. */
  readonly gone: Promise<GatewayError | null>;
  #settleGone: (fault: GatewayError | null) => void = () => undefined;
  readonly #waiting = new Set<(fault: GatewayError | null) => void>();
  #settleReady: { resolve: () => void; reject: (fault: GatewayError) => void } | null = null;
  #worker: Worker | null = null;
  #seat: TurnSeat | null = null;
  #state: HostState = "new";
  #fault: GatewayError | null = null;

  constructor(options: CameraHostOptions) {
    this.#options = options;
    this.gone = new Promise((resolve) => {
      this.#settleGone = resolve;
    });
  }

  /**
   * Calls back once the thread is gone, at once when it is already. Returns how to stop waiting: a worker outlives
   * many openings of its source, and a promise would keep each of them in memory until it settles.
   */
  whenGone(listener: (fault: GatewayError | null) => void): () => void {
    if (this.#state === "gone") {
      listener(this.#fault);
      return () => undefined;
    }
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  /**
   * Starts the thread; resolves when its detector is loaded.
   * @throws MODEL_MISSING, MODEL_HASH_MISMATCH, MODEL_UNSUPPORTED, INFERENCE_FAILED as the worker reports.
   */
  start(): Promise<void> {
    const { turns } = this.#options;
    const birth: WorkerBirth = { ...this.#options.birth, takesTurns: turns !== undefined };
    const worker = launchWorker(import.meta.url, "camera-worker", birth);
    this.#worker = worker;
    // Also while it leaves: the frames before `end` still want their turn.
    const onTurn = (): void => worker.postMessage({ kind: "turn" } satisfies WorkerOrder);
    this.#seat = turns?.table.join(turns.fps, onTurn) ?? null;
    this.#state = "running";
    worker.on("message", (report: WorkerReport) => this.#read(report));
    worker.on("error", (error: Error) => {
      this.#fail(new GatewayError("INFERENCE_FAILED", error.message, { cause: error }));
    });
    worker.on("exit", () => this.#leave());
    return new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
  }

  /** Announces a run of the source and the size of its picture; frames of other generations are ignored. */
  open(generation: number, picture: PictureSize): void {
    this.#post({ kind: "open", generation, picture });
  }

  /** Tells the worker that a frame waits. */
  wake(): void {
    this.#post({ kind: "wake" });
  }

  /** Starts or stops handing out what the detector finds. */
  tap(isOn: boolean): void {
    this.#post({ kind: "tap", isOn });
  }

  /** Hands the worker one end of a look into its frames; people are covered in there when `isPixelated`. */
  peek(port: MessagePort, isPixelated: boolean): void {
    this.#post({ kind: "peek", port, isPixelated }, [port]);
  }

  /** The source does not see any more: stays end as censored, nothing is counted across the gap. */
  blind(atMono: MonoMs): void {
    this.#post({ kind: "blind", atMono });
  }

  /** Finishes what was published, ends the pipeline and the thread. Resolves when it is gone; idempotent. */
  async end(atMono: MonoMs): Promise<void> {
    if (this.#state === "new" || this.#state === "gone") return;
    if (this.#state === "running") {
      this.#post({ kind: "end", atMono });
      this.#state = "leaving";
    }
    const deadline = this.#options.clock.after(LEAVE_DEADLINE_MS, "camera-worker-leave", () => {
      void this.#worker?.terminate();
    });
    await this.gone;
    deadline.cancel();
  }

  #post(order: WorkerOrder, moved: readonly MessagePort[] = []): void {
    if (this.#state === "running") this.#worker?.postMessage(order, moved);
    else for (const port of moved) port.close();
  }

  #read(report: WorkerReport): void {
    switch (report.kind) {
      case "ready":
        this.#settleReady?.resolve();
        this.#settleReady = null;
        return;
      case "frame":
        this.#handOut(report.seen);
        for (const event of report.events) this.#options.onEvent(event);
        if (report.tracks !== null) this.#options.onTracks?.(report.tracks, report.atMono);
        if (report.people !== null) this.#options.onPeople(report.people);
        this.#options.onLooked?.(report.atMono, report.verdict, report.refused);
        return;
      case "cut":
        this.#handOut(report.seen);
        for (const event of report.events) this.#options.onEvent(event);
        if (report.people !== null) this.#options.onPeople(report.people);
        return;
      case "picture":
        this.#options.onPicture?.(report.picture);
        return;
      case "turn":
        this.#takeWish(report.wish);
        return;
      case "failed":
        this.#fail(new GatewayError(report.code, report.message));
        return;
      case "ended":
        return;
    }
  }

  #takeWish(wish: TurnWish): void {
    if (wish === "want") this.#seat?.want();
    else this.#seat?.done();
  }

  #handOut(seen: readonly SeenEntry[] | null): void {
    for (const entry of seen ?? []) this.#options.onSeen?.(entry);
  }

  #fail(fault: GatewayError): void {
    this.#fault ??= fault;
    this.#settleReady?.reject(fault);
    this.#settleReady = null;
  }

  #leave(): void {
    // A thread that left without being told to did not do so in good health.
    if (this.#state === "running") {
      this.#fail(new GatewayError("INFERENCE_FAILED", "The camera's worker thread ended"));
    }
    this.#state = "gone";
    this.#seat?.leave();
    this.#settleGone(this.#fault);
    for (const listener of this.#waiting) listener(this.#fault);
    this.#waiting.clear();
  }
}
