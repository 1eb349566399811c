import type { CameraConfig } from "../../config/gateway.ts";
import type { MonoMs } from "../../core/brand.ts";
import { type Clock, sleep } from "../../core/clock.ts";
import { FAULTS, type FaultCode, GatewayError } from "../../core/errors.ts";
import type { LivePeople, SensorEvent } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import { retryPauses } from "../../core/retry.ts";
import type { CameraPlan } from "../../core/site.ts";
import { CameraHost } from "./camera-host.ts";
import type { CameraModel } from "./camera-protocol.ts";
import { type CameraFacts, CameraState, FrameRate } from "./camera-state.ts";
import { type FfmpegBinary, findFfmpeg } from "./ffmpeg-binary.ts";
import { createSharedFrames, FrameSlots } from "./frame-slots.ts";
import { type FeedEnd, VideoFeed } from "./video-feed.ts";
import { describeSource, parseVideoSource, type VideoSource } from "./video-source.ts";

export interface CameraDeps {
  readonly config: CameraConfig;
  readonly plan: CameraPlan;
  /** null when no model is installed: the camera then is blind and everything else runs. */
  readonly model: CameraModel | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Jitter of the pauses and name of this life; must not repeat from one start of the process to the next. */
  readonly random: () => number;
  /** Program to use instead of the system's ffmpeg. */
  readonly ffmpegPath?: string;
  onEvent(event: SensorEvent): void;
  onPeople(people: LivePeople): void;
}

/** A camera with a life, and what it knows about itself. */
export interface Camera extends Service {
  facts(): CameraFacts;
}

/** Limits of a camera's watchdog and of its pauses. */
export const CAMERA_TIMING = {
  /** A stream is stale after this or ten frame intervals, whichever is longer. */
  staleMs: 3000,
  staleIntervals: 10,
  /** A source must deliver its first frame within this; cameras with a long group of pictures need seconds. */
  firstFrameMs: 15_000,
  /** Frames arrive but none is looked at for this long: the worker hangs. */
  workerSilentMs: 20_000,
  watchdogMs: 500,
  /** After this time of seeing, the pauses begin at the shortest again. */
  goodMs: 60_000,
  /** Pause after a fault only a person can mend. */
  operatorPauseMs: 60_000,
} as const;

const PAUSES = { baseMs: 1000, capMs: 30_000, factor: 2, jitterRatio: 0.3 } as const;

/** Builds a camera; nothing happens before `start`. */
export function createCamera(deps: CameraDeps): Camera {
  return new LiveCamera(deps);
}

/** A worker and the frames it shares with this thread; replaced together when the worker dies. */
interface Crew {
  readonly host: CameraHost;
  readonly slots: FrameSlots;
}

/** Why the camera stopped seeing. */
type Cause =
  | { readonly kind: "ended"; readonly end: FeedEnd }
  | { readonly kind: "silent"; readonly code: FaultCode }
  | { readonly kind: "worker"; readonly fault: GatewayError | null }
  | { readonly kind: "aborted" };

/** What to do after an attempt. */
type Next =
  | { readonly kind: "stop" }
  | { readonly kind: "again" }
  | { readonly kind: "pause"; readonly code: FaultCode };

class LiveCamera implements Camera {
  readonly name: string;
  readonly #deps: CameraDeps;
  readonly #source: VideoSource;
  readonly #run: string;
  readonly #state: CameraState;
  readonly #rate = new FrameRate();
  readonly #halt = new AbortController();
  #life: Promise<void> | null = null;
  #ffmpeg: FfmpegBinary | null = null;
  #crew: Crew | null = null;
  #droppedBefore = 0;
  #generation = 0;
  #workersStarted = 0;
  #openedMono: MonoMs | null = null;
  #lastFrameMono: MonoMs | null = null;
  #lastLookMono: MonoMs | null = null;
  #seeingSince: MonoMs | null = null;

  constructor(deps: CameraDeps) {
    this.#deps = deps;
    this.name = `camera ${deps.config.id}`;
    this.#source = parseVideoSource(deps.config.source);
    this.#run = Math.floor(deps.random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
    this.#state = new CameraState(deps.config.id, this.#run, deps.onEvent);
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#life !== null || signal.aborted) return;
    signal.addEventListener("abort", () => this.#halt.abort(), { once: true });
    this.#state.set("starting", null, this.#deps.clock.mono());
    this.#life = this.#live(this.#halt.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#halt.abort();
    await this.#life;
  }

  facts(): CameraFacts {
    const nowMono = this.#deps.clock.mono();
    const last = this.#lastFrameMono;
    return {
      state: this.#state.state,
      code: this.#state.code,
      fps: this.#rate.perSecond(nowMono),
      framesLooked: this.#rate.frames,
      framesDropped: this.#droppedBefore + (this.#crew?.slots.dropped ?? 0),
      lastFrameAgeMs: last === null ? null : nowMono - last,
      opened: this.#generation,
      workersStarted: this.#workersStarted,
    };
  }

  async #live(signal: AbortSignal): Promise<void> {
    const { clock, random, model } = this.#deps;
    let pauses = retryPauses(PAUSES, random);
    if (model === null) this.#goBlind("MODEL_MISSING");
    while (model !== null && !signal.aborted) {
      const next = await this.#attempt(model, signal);
      if (next.kind === "stop") break;
      if (this.#seeingForMs() >= CAMERA_TIMING.goodMs) pauses = retryPauses(PAUSES, random);
      this.#seeingSince = null;
      if (next.kind === "again") continue;
      const isForOperator = FAULTS[next.code].retry === "operator";
      const pauseMs = isForOperator ? CAMERA_TIMING.operatorPauseMs : pauses.next().value;
      await sleep(clock, pauseMs, `${this.name} pause`, signal);
    }
    if (!signal.aborted) await aborted(signal);
    await this.#dismiss();
    this.#state.set("stopped", null, clock.mono());
  }

  /** Opens the source once and stays with it until it is over, whatever the reason. Throws only on bugs. */
  async #attempt(model: CameraModel, signal: AbortSignal): Promise<Next> {
    try {
      this.#ffmpeg ??= await findFfmpeg(this.#deps.ffmpegPath);
      this.#crew ??= await this.#hire(model);
      if (signal.aborted) return { kind: "stop" };
      return await this.#watch(this.#ffmpeg, this.#crew, model, signal);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#goBlind(error.code, { cause: error.message });
      return error.retry === "never" ? { kind: "stop" } : { kind: "pause", code: error.code };
    }
  }

  async #hire(model: CameraModel): Promise<Crew> {
    const { plan, clock, onEvent, onPeople } = this.#deps;
    const { width, height } = model.entry.input;
    const shared = createSharedFrames(width * height * 3);
    // Each worker is a life of its own: its tracks and event numbers begin again.
    const run = this.#workersStarted === 0 ? this.#run : `${this.#run}-${this.#workersStarted}`;
    this.#workersStarted += 1;
    const birth = {
      shared,
      policy: "newest",
      model,
      plan,
      run,
      wantsTracks: false,
    } as const;
    const host = new CameraHost({
      birth,
      clock,
      onEvent,
      onPeople,
      onLooked: (atMono) => this.#looked(atMono),
    });
    await host.start();
    return { host, slots: new FrameSlots(shared) };
  }

  async #watch(
    ffmpeg: FfmpegBinary,
    crew: Crew,
    model: CameraModel,
    signal: AbortSignal,
  ): Promise<Next> {
    const { clock, config } = this.#deps;
    this.#generation += 1;
    const generation = this.#generation;
    this.#openedMono = clock.mono();
    const { width: widthPx, height: heightPx } = model.entry.input;
    let isNew = true;
    const feed = new VideoFeed({
      ffmpeg,
      request: {
        source: this.#source,
        input: { widthPx, heightPx },
        fps: config.fps,
        pacing: "live",
      },
      slots: crew.slots,
      generation,
      clock,
      stampOf: () => clock.mono(),
      onStream: (facts) => crew.host.open(generation, facts.picture),
      onFrame: () => {
        this.#lastFrameMono = clock.mono();
        if (isNew) this.#lastLookMono = this.#lastFrameMono;
        isNew = false;
        crew.host.wake();
      },
    });
    const cause = await this.#causeOfEnd(feed, crew.host, signal);
    this.#openedMono = null;
    crew.host.blind(clock.mono());
    const next = this.#judge(cause);
    await feed.stop();
    if (cause.kind === "worker" || (cause.kind === "silent" && cause.code === "INFERENCE_FAILED")) {
      await this.#dismiss();
    }
    return next;
  }

  #causeOfEnd(feed: VideoFeed, host: CameraHost, signal: AbortSignal): Promise<Cause> {
    return new Promise((resolve) => {
      const onAbort = (): void => settle({ kind: "aborted" });
      const watchdog = this.#deps.clock.every(
        CAMERA_TIMING.watchdogMs,
        `${this.name} watchdog`,
        () => {
          const code = this.#silence(feed);
          if (code !== null) settle({ kind: "silent", code });
        },
      );
      const settle = (cause: Cause): void => {
        watchdog.cancel();
        signal.removeEventListener("abort", onAbort);
        resolve(cause);
      };
      void feed.ended.then((end) => settle({ kind: "ended", end }));
      void host.gone.then((fault) => settle({ kind: "worker", fault }));
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  /** The fault behind too long a silence, or null while all is well. */
  #silence(feed: VideoFeed): FaultCode | null {
    const nowMono = this.#deps.clock.mono();
    const lastFrame = this.#lastFrameMono ?? 0;
    if (feed.frames === 0) {
      const waitedMs = nowMono - (this.#openedMono ?? nowMono);
      return waitedMs > CAMERA_TIMING.firstFrameMs ? "CAMERA_UNREACHABLE" : null;
    }
    const intervalMs = 1000 / this.#deps.config.fps;
    const limitMs = Math.max(CAMERA_TIMING.staleMs, CAMERA_TIMING.staleIntervals * intervalMs);
    if (nowMono - lastFrame > limitMs) return "CAMERA_STALLED";
    const isHung = lastFrame - (this.#lastLookMono ?? lastFrame) > CAMERA_TIMING.workerSilentMs;
    return isHung ? "INFERENCE_FAILED" : null;
  }

  /** Tells the world why the camera does not see, and what comes next. */
  #judge(cause: Cause): Next {
    switch (cause.kind) {
      case "aborted":
        return { kind: "stop" };
      case "silent":
        return this.#pauseAfter(cause.code);
      case "worker":
        return this.#pauseAfter(cause.fault?.code ?? "INFERENCE_FAILED", {
          cause: cause.fault?.message,
        });
      case "ended":
        return this.#judgeEnd(cause.end);
    }
  }

  #judgeEnd(end: FeedEnd): Next {
    const isFile = this.#source.kind === "file";
    if (isFile && end.frames > 0) {
      if (!this.#deps.config.loop) {
        this.#goBlind("CAMERA_ENDED");
        return { kind: "stop" };
      }
      this.#state.set("starting", null, this.#deps.clock.mono());
      return { kind: "again" };
    }
    const isCleanEnd = end.frames > 0 && end.fault !== "CAMERA_UNREACHABLE";
    const code = isCleanEnd ? "CAMERA_ENDED" : (end.fault ?? "FFMPEG_FAILED");
    return this.#pauseAfter(code, { report: end.report });
  }

  #pauseAfter(code: FaultCode, details: Readonly<Record<string, unknown>> = {}): Next {
    this.#goBlind(code, details);
    return { kind: "pause", code };
  }

  #goBlind(code: FaultCode, details: Readonly<Record<string, unknown>> = {}): void {
    const isNews = this.#state.set("blind", code, this.#deps.clock.mono());
    if (!isNews) return;
    const { config, log } = this.#deps;
    const fields = { event: "camera.blind", cameraId: config.id, code, ...details };
    log.warn({ ...fields, source: describeSource(this.#source) }, FAULTS[code].summary);
  }

  #looked(atMono: MonoMs): void {
    const nowMono = this.#deps.clock.mono();
    this.#rate.count(nowMono);
    this.#lastLookMono = nowMono;
    // A late report on a frame of the run before must not make a blind camera see again.
    if (this.#openedMono === null || atMono < this.#openedMono || this.#halt.signal.aborted) return;
    if (!this.#state.set("seeing", null, nowMono)) return;
    this.#seeingSince = nowMono;
    const { config, log } = this.#deps;
    log.info({ event: "camera.seeing", cameraId: config.id }, "The camera delivers frames");
  }

  #seeingForMs(): number {
    return this.#seeingSince === null ? 0 : this.#deps.clock.mono() - this.#seeingSince;
  }

  /** Lets the worker finish and leave; what it still reports is delivered before this resolves. */
  async #dismiss(): Promise<void> {
    const crew = this.#crew;
    if (crew === null) return;
    await crew.host.end(this.#deps.clock.mono());
    this.#droppedBefore += crew.slots.dropped;
    this.#crew = null;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
