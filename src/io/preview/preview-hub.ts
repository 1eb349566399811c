import type { Clock } from "../../core/clock.ts";
import { FAULTS, type FaultCode, GatewayError } from "../../core/errors.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type {
  PreviewPolicy,
  PreviewRefusal,
  PreviewSource,
  PreviewViewer,
} from "../../core/preview.ts";
import { inputArguments } from "../camera/ffmpeg-arguments.ts";
import { type FfmpegBinary, findFfmpeg } from "../camera/ffmpeg-binary.ts";
import { findLeash } from "../camera/ffmpeg-leash.ts";
import { FrameTap } from "./frame-tap.ts";
import { jpegStill, type StillInput } from "./jpeg-still.ts";
import { Y4M_FRAME, y4mHead } from "./planar-picture.ts";
import {
  type PreviewCamera,
  type PreviewFfmpeg,
  PreviewSession,
  SESSION_LIMITS,
  type SessionLimits,
} from "./preview-session.ts";

export interface PreviewHubOptions {
  readonly policy: PreviewPolicy;
  /** Program to use instead of the system's ffmpeg. */
  readonly ffmpegPath?: string;
  readonly limits?: SessionLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** Viewers of all cameras together: a preview is for the one who sets up, not a wall of screens. */
const MOST_VIEWERS = 4;
/** Stills being made at the same time. */
const MOST_STILLS = 2;
/** A camera that sees delivers a frame within this, however busy the processor. */
const STILL_FRAME_MS = 10_000;

const DISABLED: PreviewRefusal = {
  word: "PREVIEW_DISABLED",
  message: "Pictures are switched off on this gateway.",
  hint: "Set `preview.enabled: true` in the gateway file and restart the gateway; switch it off again after set-up.",
};
const NO_PICTURE: PreviewRefusal = {
  word: "CAMERA_WITHOUT_PICTURE",
  message: "This camera delivers no picture to the gateway.",
  hint: "Its people are generated or counted elsewhere; lines and zones are drawn on an empty ground.",
};
const FULL: PreviewRefusal = {
  word: "TOO_MANY_VIEWERS",
  message: "As many people look at pictures as this gateway serves at once.",
  hint: "Stop another preview and try again.",
};

/** Builds the hub as the gateway file says; cameras are added afterwards. */
export function createPreview(
  config: { readonly enabled: boolean; readonly pixelate: boolean },
  clock: Clock,
  log: Log,
): PreviewHub {
  const policy = { isEnabled: config.enabled, isPixelated: config.pixelate };
  return new PreviewHub({ policy, clock, log });
}

/**
 * Decides who may see a camera's picture and runs what it takes only while somebody looks. Pictures go from memory to
 * the viewer's socket; none is stored, published or logged. With the policy off nothing is ever started.
 */
export class PreviewHub implements PreviewSource, Service {
  readonly name = "preview";
  readonly policy: PreviewPolicy;
  readonly #options: PreviewHubOptions;
  readonly #cameras = new Map<string, PreviewCamera>();
  readonly #sessions = new Map<string, PreviewSession>();
  /** Sessions whose ffmpeg may still be on its way out. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #stills = new Map<string, Promise<Uint8Array | PreviewRefusal>>();
  readonly #halt = new AbortController();
  #ffmpeg: Promise<PreviewFfmpeg> | null = null;

  constructor(options: PreviewHubOptions) {
    this.#options = options;
    this.policy = options.policy;
  }

  /** Makes a camera known; one per id. */
  add(camera: PreviewCamera): void {
    this.#cameras.set(camera.id, camera);
  }

  async start(): Promise<void> {
    // Nothing runs before somebody looks.
  }

  /** Process ids of the encoders at work, for tests and diagnostics. */
  pids(): readonly number[] {
    return [...this.#sessions.values()].flatMap(({ pids }) => pids);
  }

  hasPicture(cameraId: string): boolean {
    return this.#cameras.has(cameraId);
  }

  refusal(cameraId: string): PreviewRefusal | null {
    const viewers = [...this.#sessions.values()].reduce((sum, { viewers }) => sum + viewers, 0);
    return this.#closed(cameraId) ?? (viewers >= MOST_VIEWERS ? FULL : null);
  }

  watch(cameraId: string, viewer: PreviewViewer): (() => void) | PreviewRefusal {
    const refusal = this.refusal(cameraId);
    const camera = this.#cameras.get(cameraId);
    if (refusal !== null || camera === undefined) return refusal ?? NO_PICTURE;
    const session = this.#sessions.get(cameraId) ?? this.#begin(camera);
    return session.join(viewer);
  }

  snapshot(cameraId: string): Promise<Uint8Array | PreviewRefusal> {
    const camera = this.#cameras.get(cameraId);
    const refusal = this.#closed(cameraId);
    if (refusal !== null || camera === undefined) return Promise.resolve(refusal ?? NO_PICTURE);
    const running = this.#stills.get(cameraId);
    if (running !== undefined) return running;
    if (this.#stills.size >= MOST_STILLS) return Promise.resolve(FULL);
    const still = this.#take(camera).finally(() => this.#stills.delete(cameraId));
    this.#stills.set(cameraId, still);
    return still;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#halt.abort();
    await Promise.all([...this.#sessions.values()].map((session) => session.stop("STOPPING")));
    await Promise.all([...this.#leaving, ...this.#stills.values()]);
  }

  #closed(cameraId: string): PreviewRefusal | null {
    if (!this.policy.isEnabled || this.#halt.signal.aborted) return DISABLED;
    const camera = this.#cameras.get(cameraId);
    if (camera === undefined) return NO_PICTURE;
    const { state, code } = camera.facts();
    return state === "blind" || state === "stopped" ? faultRefusal(code) : null;
  }

  #begin(camera: PreviewCamera): PreviewSession {
    const { clock, log, limits } = this.#options;
    const { isPixelated } = this.policy;
    const session: PreviewSession = new PreviewSession({
      camera,
      isPixelated,
      ffmpeg: () => this.#findFfmpeg(),
      limits: limits ?? SESSION_LIMITS,
      clock,
      log,
      onOver: () => this.#release(camera.id),
    });
    this.#sessions.set(camera.id, session);
    log.info(
      { event: "preview.opened", cameraId: camera.id, isPixelated },
      "somebody looks at the picture of a camera",
    );
    return session;
  }

  #release(cameraId: string): void {
    const session = this.#sessions.get(cameraId);
    if (session === undefined) return;
    this.#sessions.delete(cameraId);
    const gone: Promise<void> = session.stop("STOPPING").finally(() => this.#leaving.delete(gone));
    this.#leaving.add(gone);
  }

  async #take(camera: PreviewCamera): Promise<Uint8Array | PreviewRefusal> {
    const { clock } = this.#options;
    try {
      const { binary, leash } = await this.#findFfmpeg();
      const input = await this.#stillInput(camera, binary);
      if (input === null) return faultRefusal(camera.facts().code);
      const { signal } = this.#halt;
      return await jpegStill(input, { ffmpegPath: binary.path, leash, clock, signal });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return faultRefusal(error.code);
    }
  }

  async #stillInput(camera: PreviewCamera, ffmpeg: FfmpegBinary): Promise<StillInput | null> {
    const { source } = camera;
    // A device can be opened only once: its picture comes from the worker.
    if (!this.policy.isPixelated && source.kind !== "v4l2") {
      const opening = inputArguments(ffmpeg, { source, fps: 1, pacing: "lossless" });
      const { address } = source;
      return { kind: "source", arguments: [...opening, "-i", address], address };
    }
    const tap = new FrameTap((port) => camera.peek(port, this.policy.isPixelated));
    const close = (): void => tap.close();
    const deadline = this.#options.clock.after(STILL_FRAME_MS, "preview-still-frame", close);
    this.#halt.signal.addEventListener("abort", close, { once: true });
    const frame = await tap.next();
    deadline.cancel();
    this.#halt.signal.removeEventListener("abort", close);
    tap.close();
    if (frame === null) return null;
    return { kind: "bytes", bytes: [y4mHead(frame, 1), Y4M_FRAME, new Uint8Array(frame.buffer)] };
  }

  #findFfmpeg(): Promise<PreviewFfmpeg> {
    const find = async (): Promise<PreviewFfmpeg> => ({
      binary: await findFfmpeg(this.#options.ffmpegPath),
      leash: await findLeash(),
    });
    this.#ffmpeg ??= find().catch((error: unknown) => {
      this.#ffmpeg = null;
      throw error;
    });
    return this.#ffmpeg;
  }
}

function faultRefusal(code: FaultCode | null): PreviewRefusal {
  const word = code ?? "CAMERA_STALLED";
  return { word, message: FAULTS[word].summary, hint: FAULTS[word].hint };
}
