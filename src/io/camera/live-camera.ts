import type { MessagePort } from "node:worker_threads";
import type { CameraConfig } from "../../config/gateway.ts";
import type { MonoMs } from "../../core/brand.ts";
import { type Clock, sleep } from "../../core/clock.ts";
import { FAULTS, type FaultCode, GatewayError } from "../../core/errors.ts";
import type { LivePeople, SensorEvent } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { CameraPlan } from "../../core/site.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { isSameModel } from "../models/camera-models.ts";
import { type Door, doorOf, knock } from "./camera-door.ts";
import { CameraHost } from "./camera-host.ts";
import { FramePace } from "./camera-pace.ts";
import type { CameraModel } from "./camera-protocol.ts";
import { CameraStanding } from "./camera-standing.ts";
import type { CameraFacts } from "./camera-state.ts";
import { CAMERA_TIMING } from "./camera-timing.ts";
import type { SeenEntry } from "./detections-tap.ts";
import { type FfmpegBinary, findFfmpeg } from "./ffmpeg-binary.ts";
import { createSharedFrames, FrameSlots } from "./frame-slots.ts";
import { type Failure, isOwnFault, Reopening } from "./reopening.ts";
import { type Cause, type Crew, SourceRun } from "./source-run.ts";
import type { InferenceTurns } from "./turns.ts";
import type { FeedEnd } from "./video-feed.ts";
import { describeSource, parseVideoSource, type VideoSource } from "./video-source.ts";

export interface CameraDeps {
  readonly config: CameraConfig;
  readonly plan: CameraPlan;
  /** null when no model is installed: the camera then is blind and everything else runs. */
  readonly model: CameraModel | null;
  /** The model for a picture of this size, asked once the size is known; absent: `model` whatever the picture. */
  modelFor?(picture: PictureSize): CameraModel | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Jitter of the pauses and name of this life; must not repeat from one start of the process to the next. */
  readonly random: () => number;
  /** Program to use instead of the system's ffmpeg. */
  readonly ffmpegPath?: string;
  /** Finds the ffmpeg to use; absent: this camera looks for itself. */
  findFfmpeg?(): Promise<FfmpegBinary>;
  /** Finds out whether somebody listens at a network camera's address; absent: by a TCP connection. */
  knock?(door: Door): Promise<boolean>;
  /** Where inference is shared out among the cameras of this box; absent: this one need not ask. */
  readonly turns?: InferenceTurns | undefined;
  onEvent(event: SensorEvent): void;
  onPeople(people: LivePeople): void;
  /** What the detector found, each entry before the events made of it; only while tapped. */
  onSeen?(entry: SeenEntry): void;
}

/** A camera with a life, and what it knows about itself. */
export interface Camera extends Service {
  facts(): CameraFacts;
  /** Starts or stops handing out, through `onSeen`, what the detector finds. */
  tap(isOn: boolean): void;
  /** Hands the worker a look into its frames, people covered in there if asked; false when no worker is at work. */
  peek(port: MessagePort, isPixelated: boolean): boolean;
  /** Opens the source anew with a new worker; false while it is not open and so is opened anew anyway. */
  restart(): boolean;
}

/** Builds a camera; nothing happens before `start`. */
export function createCamera(deps: CameraDeps): Camera {
  return new LiveCamera(deps);
}

/** What to do after an opening of the source is over. */
type Next =
  | { readonly kind: "stop" }
  | { readonly kind: "again" }
  | { readonly kind: "change"; readonly model: CameraModel }
  | { readonly kind: "reopen"; readonly failure: Failure };

class LiveCamera implements Camera {
  readonly name: string;
  readonly #deps: CameraDeps;
  readonly #source: VideoSource;
  readonly #run: string;
  readonly #standing: CameraStanding;
  readonly #pace: FramePace;
  readonly #reopening: Reopening;
  readonly #halt = new AbortController();
  #life: Promise<void> | null = null;
  #ffmpeg: FfmpegBinary | null = null;
  #crew: Crew | null = null;
  /** The opening under way; null between two of them. */
  #current: SourceRun | null = null;
  #droppedBefore = 0;
  #damagedBefore = 0;
  #generation = 0;
  #opened = 0;
  #workersStarted = 0;
  #lastFrameMono: MonoMs | null = null;
  #isTapped = false;

  constructor(deps: CameraDeps) {
    const { config, clock, log, onEvent } = deps;
    this.#deps = deps;
    this.name = `camera ${config.id}`;
    this.#source = parseVideoSource(config.source);
    this.#run = Math.floor(deps.random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
    const shownSource = describeSource(this.#source);
    const [run, standing] = [this.#run, { config, clock, log, shownSource, onEvent }];
    this.#standing = new CameraStanding({ ...standing, run });
    this.#pace = new FramePace(config.fps);
    this.#reopening = new Reopening(deps.random);
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#life !== null || signal.aborted) return;
    signal.addEventListener("abort", () => this.#halt.abort(), { once: true });
    this.#standing.starting();
    this.#life = this.#live(this.#halt.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#halt.abort();
    await this.#life;
  }

  facts(): CameraFacts {
    const nowMono = this.#deps.clock.mono();
    const last = this.#current?.lastFrameMono ?? this.#lastFrameMono;
    return {
      ...this.#standing.facts(nowMono),
      picture: this.#current?.picture ?? null,
      framesDropped: this.#droppedBefore + (this.#crew?.slots.dropped ?? 0),
      framesDamaged: this.#damagedBefore + (this.#current?.damaged ?? 0),
      lastFrameAgeMs: last === null ? null : nowMono - last,
      opened: this.#opened,
      workersStarted: this.#workersStarted,
    };
  }

  tap(isOn: boolean): void {
    this.#isTapped = isOn;
    this.#crew?.host.tap(isOn);
  }

  peek(port: MessagePort, isPixelated: boolean): boolean {
    this.#crew?.host.peek(port, isPixelated);
    return this.#crew !== null;
  }

  restart(): boolean {
    this.#current?.end();
    return this.#current !== null;
  }

  async #live(signal: AbortSignal): Promise<void> {
    let { model } = this.#deps;
    if (model === null) this.#standing.blind("MODEL_MISSING");
    while (model !== null && !signal.aborted) {
      const next = await this.#attempt(model, signal);
      if (next.kind === "stop") break;
      if (next.kind === "change") {
        await this.#dismiss();
        model = next.model;
      }
      if (next.kind === "reopen") await this.#waitToReopen(next.failure, signal);
    }
    if (!signal.aborted) await aborted(signal);
    await this.#dismiss();
    this.#standing.stopped();
  }

  /** Opens the source once and stays with it until it is over, whatever the reason. Throws only on bugs. */
  async #attempt(model: CameraModel, signal: AbortSignal): Promise<Next> {
    const fromMono = this.#deps.clock.mono();
    try {
      // The worker loads its model while ffmpeg opens the source; whichever is ready first waits for the other.
      this.#crew ??= this.#hire(model);
      this.#ffmpeg ??= await (this.#deps.findFfmpeg?.() ?? findFfmpeg(this.#deps.ffmpegPath));
      if (signal.aborted) return { kind: "stop" };
      return await this.#watch(this.#ffmpeg, this.#crew, signal);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return this.#reopenAfter(error.code, fromMono, { cause: error.message });
    }
  }

  #hire(model: CameraModel): Crew {
    const { plan, clock, config, turns, onEvent, onPeople } = this.#deps;
    const { width, height } = model.entry.input;
    const shared = createSharedFrames(width * height * 3);
    // Each worker is a life of its own: its tracks and event numbers begin again.
    const run = this.#workersStarted === 0 ? this.#run : `${this.#run}-${this.#workersStarted}`;
    this.#workersStarted += 1;
    this.#standing.newWorker();
    const birth = {
      shared,
      policy: "newest",
      model,
      plan,
      run,
      wantsTracks: false,
      watch: { hasMotionGate: config.motionGate, isLive: this.#source.kind !== "file" },
    } as const;
    const host = new CameraHost({
      birth,
      clock,
      turns: turns === undefined ? undefined : { table: turns, fps: config.fps },
      onEvent,
      onPeople,
      onLooked: (atMono, verdict, refused) => {
        this.#current?.looked();
        this.#standing.looked(verdict, this.#isOfNow(atMono), refused);
      },
      onSeen: (entry) => this.#deps.onSeen?.(entry),
      onPicture: (report) => this.#standing.judgePicture(report, this.#isOfNow(report.atMono)),
    });
    // Why it failed is told by `whenGone`, which is asked as long as there is a source to look at.
    host.start().catch(() => undefined);
    if (this.#isTapped) host.tap(true);
    return { model, host, slots: new FrameSlots(shared) };
  }

  async #watch(ffmpeg: FfmpegBinary, crew: Crew, signal: AbortSignal): Promise<Next> {
    const { clock, config } = this.#deps;
    this.#opened += 1;
    const run = new SourceRun({
      name: this.name,
      source: this.#source,
      fps: config.fps,
      ffmpeg,
      crew,
      pace: this.#pace,
      clock,
      nextGeneration: () => {
        this.#generation += 1;
        return this.#generation;
      },
      modelFor: (picture) => {
        const better = this.#deps.modelFor?.(picture) ?? null;
        return better === null || isSameModel(better, crew.model) ? null : better;
      },
      onTick: (nowMono) => this.#standing.check(nowMono),
    });
    this.#current = run;
    const cause = await run.watch(signal);
    this.#current = null;
    this.#lastFrameMono = run.lastFrameMono ?? this.#lastFrameMono;
    crew.host.blind(clock.mono());
    this.#remember(run);
    const next = this.#judge(cause, run);
    if (next.kind === "reopen" && run.frames > 0) this.#standing.reopening();
    await run.stop();
    this.#damagedBefore += run.damaged;
    if (cause.kind === "asked") await this.#dismiss();
    if (cause.kind === "worker" || (cause.kind === "silent" && cause.code === "INFERENCE_FAILED")) {
      await this.#dismiss();
    }
    return next;
  }

  /** What this opening says about the next one. */
  #remember(run: SourceRun): void {
    if (run.frames > 0) this.#reopening.worked();
    const seenMs = this.#standing.seeingForMs(this.#deps.clock.mono());
    if (seenMs >= CAMERA_TIMING.goodMs) this.#reopening.forgive();
  }

  /** Tells the world why the camera does not see, and what comes next. */
  #judge(cause: Cause, { openedMono }: SourceRun): Next {
    switch (cause.kind) {
      case "aborted":
        return { kind: "stop" };
      case "asked":
        return { kind: "again" };
      case "unsuited":
        return { kind: "change", model: cause.model };
      case "silent":
        return this.#reopenAfter(cause.code, openedMono);
      case "worker": {
        const code = cause.fault?.code ?? "INFERENCE_FAILED";
        return this.#reopenAfter(code, openedMono, { cause: cause.fault?.message });
      }
      case "ended":
        return this.#judgeEnd(cause.end, openedMono);
    }
  }

  #judgeEnd(end: FeedEnd, openedMono: MonoMs): Next {
    if (this.#source.kind === "file" && end.frames > 0) {
      if (this.#deps.config.loop) return { kind: "again" };
      this.#standing.blind("CAMERA_ENDED");
      return { kind: "stop" };
    }
    return this.#reopenAfter(this.#codeOf(end, openedMono), openedMono, { report: end.report });
  }

  #codeOf({ frames, fault }: FeedEnd, openedMono: MonoMs): FaultCode {
    if (frames > 0 && fault !== "CAMERA_UNREACHABLE") return "CAMERA_ENDED";
    // On a silent socket ffmpeg gives up after a while and then complains about the data it did not get.
    const lastedMs = this.#deps.clock.mono() - openedMono;
    const isSilent = doorOf(this.#source) !== null && lastedMs >= CAMERA_TIMING.socketSilentMs;
    if (isSilent && (fault === null || fault === "CAMERA_UNREADABLE")) return "CAMERA_UNREACHABLE";
    return fault ?? "FFMPEG_FAILED";
  }

  #reopenAfter(
    code: FaultCode,
    openedMono: MonoMs,
    details: Readonly<Record<string, unknown>> = {},
  ): Next {
    this.#standing.blind(code, details);
    if (FAULTS[code].retry === "never") return { kind: "stop" };
    const lastedMs = this.#deps.clock.mono() - openedMono;
    return { kind: "reopen", failure: { code, lastedMs } };
  }

  /** Pauses as the failure asks for; a network camera that was away and is back ends the pause at once. */
  async #waitToReopen(failure: Failure, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const untilMono = clock.mono() + this.#reopening.pauseMs(failure);
    // A camera that hangs has not closed its door, and each knock would take a place in its queue of connections.
    const isOpen = isOwnFault(failure.code) || failure.code === "CAMERA_STALLED";
    const door = isOpen ? null : doorOf(this.#source);
    let wasClosed = false;
    while (door !== null && !(await this.#knock(door)) && !signal.aborted) {
      wasClosed = true;
      this.#standing.blind("CAMERA_UNREACHABLE");
      await sleep(clock, CAMERA_TIMING.knockMs, `${this.name} knock`, signal);
    }
    if (wasClosed) this.#reopening.forgive();
    const pauseMs = untilMono - clock.mono();
    if (!wasClosed && pauseMs > 0) await sleep(clock, pauseMs, `${this.name} pause`, signal);
  }

  #knock(door: Door): Promise<boolean> {
    return this.#deps.knock?.(door) ?? knock(door, CAMERA_TIMING.knockMs);
  }

  /** Whether this instant belongs to the opening under way. */
  #isOfNow(atMono: MonoMs): boolean {
    const run = this.#current;
    return run !== null && atMono >= run.openedMono && !this.#halt.signal.aborted;
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
