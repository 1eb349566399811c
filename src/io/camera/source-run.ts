import type { MonoMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { FaultCode, GatewayError } from "../../core/errors.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { fitOf } from "../models/manifest.ts";
import type { CameraHost } from "./camera-host.ts";
import type { FramePace } from "./camera-pace.ts";
import type { CameraModel } from "./camera-protocol.ts";
import { CAMERA_TIMING } from "./camera-timing.ts";
import type { FfmpegBinary } from "./ffmpeg-binary.ts";
import type { StreamFacts } from "./ffmpeg-output.ts";
import type { FrameSlots } from "./frame-slots.ts";
import { type FeedEnd, VideoFeed } from "./video-feed.ts";
import type { VideoSource } from "./video-source.ts";

/** Why a run of a source is over. */
export type Cause =
  | { readonly kind: "ended"; readonly end: FeedEnd }
  | { readonly kind: "silent"; readonly code: FaultCode }
  | { readonly kind: "worker"; readonly fault: GatewayError | null }
  /** Another model suits the picture better. */
  | { readonly kind: "unsuited"; readonly model: CameraModel }
  /** Somebody asked for it. */
  | { readonly kind: "asked" }
  | { readonly kind: "aborted" };

/** A worker and the frames it shares with this thread; replaced together when the worker dies. */
export interface Crew {
  readonly model: CameraModel;
  readonly host: CameraHost;
  readonly slots: FrameSlots;
}

export interface SourceRunOptions {
  /** For timers. */
  readonly name: string;
  readonly source: VideoSource;
  /** Frames per second asked for. */
  readonly fps: number;
  readonly ffmpeg: FfmpegBinary;
  readonly crew: Crew;
  readonly pace: FramePace;
  readonly clock: Clock;
  /** A number that no frames of this camera carried before. */
  nextGeneration(): number;
  /** The size of the picture is known or has changed; a model that suits it better ends the run. */
  modelFor(picture: PictureSize): CameraModel | null;
  /** Called twice a second while the run lasts. */
  onTick(nowMono: MonoMs): void;
}

/** One opening of a source, watched until it is over: ffmpeg's frames handed to the crew, and the watchdog. */
export class SourceRun {
  readonly #options: SourceRunOptions;
  readonly #feed: VideoFeed;
  readonly openedMono: MonoMs;
  #picture: PictureSize | null = null;
  #lastFrameMono: MonoMs | null = null;
  #lastLookMono: MonoMs | null = null;
  #settle: (cause: Cause) => void = () => undefined;

  /** Opens the source at once. */
  constructor(options: SourceRunOptions) {
    this.#options = options;
    const { clock, crew, pace, source, fps } = options;
    const { width: widthPx, height: heightPx } = crew.model.entry.input;
    this.openedMono = clock.mono();
    pace.begin();
    this.#feed = new VideoFeed({
      ffmpeg: options.ffmpeg,
      request: {
        source,
        input: { widthPx, heightPx },
        fit: fitOf(crew.model.entry),
        fps,
        pacing: "live",
      },
      slots: crew.slots,
      clock,
      stampOf: () => clock.mono(),
      onStream: (facts) => this.#meet(facts),
      onFrame: () => this.#takeFrame(),
    });
  }

  /** Frames read, those nobody had time for included. */
  get frames(): number {
    return this.#feed.frames;
  }

  /** Reports of pictures that could not be decoded cleanly. */
  get damaged(): number {
    return this.#feed.damaged;
  }

  get lastFrameMono(): MonoMs | null {
    return this.#lastFrameMono;
  }

  /** Size of the source picture; null before the first frame. */
  get picture(): PictureSize | null {
    return this.#picture;
  }

  /** The crew dealt with a frame. */
  looked(): void {
    this.#lastLookMono = this.#options.clock.mono();
  }

  /** Resolves with the reason when the run is over, or has to be. Call once. */
  watch(signal: AbortSignal): Promise<Cause> {
    const { clock, name, crew } = this.#options;
    return new Promise((resolve) => {
      const onAbort = (): void => this.#settle({ kind: "aborted" });
      const watchdog = clock.every(CAMERA_TIMING.watchdogMs, `${name} watchdog`, () => {
        const nowMono = clock.mono();
        const code = this.#silence(nowMono);
        if (code !== null) this.#settle({ kind: "silent", code });
        else this.#options.onTick(nowMono);
      });
      let stopWaiting: () => void = () => undefined;
      this.#settle = (cause) => {
        this.#settle = () => undefined;
        watchdog.cancel();
        stopWaiting();
        signal.removeEventListener("abort", onAbort);
        resolve(cause);
      };
      void this.#feed.ended.then((end) => this.#settle({ kind: "ended", end }));
      signal.addEventListener("abort", onAbort, { once: true });
      stopWaiting = crew.host.whenGone((fault) => this.#settle({ kind: "worker", fault }));
      if (signal.aborted) onAbort();
    });
  }

  /** Ends the run because somebody wants the source opened anew; nothing happens before `watch`. */
  end(): void {
    this.#settle({ kind: "asked" });
  }

  /** Ends ffmpeg; resolves when it is gone. Idempotent. */
  stop(): Promise<void> {
    return this.#feed.stop();
  }

  /** A picture of a size not seen before in this run begins; returns the generation of its frames. */
  #meet({ picture, fps }: StreamFacts): number {
    const { crew, clock, pace, nextGeneration, modelFor } = this.#options;
    const model = modelFor(picture);
    if (model !== null) this.#settle({ kind: "unsuited", model });
    // Another size in mid-stream is another view: nobody is followed across the cut.
    if (this.#picture !== null) crew.host.blind(clock.mono());
    this.#picture = picture;
    pace.name(fps);
    const generation = nextGeneration();
    crew.host.open(generation, picture);
    return generation;
  }

  #takeFrame(): void {
    const { clock, pace, crew } = this.#options;
    const nowMono = clock.mono();
    this.#lastFrameMono = nowMono;
    this.#lastLookMono ??= nowMono;
    pace.count(nowMono);
    crew.host.wake();
  }

  /** The fault behind too long a silence, or null while all is well. */
  #silence(nowMono: MonoMs): FaultCode | null {
    if (this.#lastFrameMono === null) {
      const waitedMs = nowMono - this.openedMono;
      if (waitedMs <= CAMERA_TIMING.firstFrameMs) return null;
      return this.damaged > 0 ? "CAMERA_UNREADABLE" : "CAMERA_UNREACHABLE";
    }
    const silentMs = nowMono - this.#lastFrameMono;
    if (silentMs > this.#options.pace.staleMs) return "CAMERA_STALLED";
    const unlookedMs = this.#lastFrameMono - (this.#lastLookMono ?? this.#lastFrameMono);
    return unlookedMs > CAMERA_TIMING.workerSilentMs ? "INFERENCE_FAILED" : null;
  }
}
