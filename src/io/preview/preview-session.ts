import type { MessagePort } from "node:worker_threads";
import type { MonoMs } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import type { SensorState } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { PreviewEnd, PreviewViewer } from "../../core/preview.ts";
import type { FfmpegBinary } from "../camera/ffmpeg-binary.ts";
import type { Leash } from "../camera/ffmpeg-leash.ts";
import { faultOfOutput } from "../camera/ffmpeg-output.ts";
import { createRedactor, type VideoSource } from "../camera/video-source.ts";
import { FrameTap } from "./frame-tap.ts";
import { Mpeg1Encoder, NOMINAL_FPS } from "./mpeg1-encoder.ts";
import { Y4M_FRAME, y4mHead } from "./planar-picture.ts";
import { relayArguments, SourceRelay } from "./source-relay.ts";

/** A camera whose picture may be looked at. */
export interface PreviewCamera {
  readonly id: string;
  readonly source: VideoSource;
  facts(): { readonly state: SensorState; readonly code: FaultCode | null };
  /** Hands the port of a look to the camera's worker; false when there is none at work. */
  peek(port: MessagePort, isPixelated: boolean): boolean;
}

/** The ffmpeg that previews run on. */
export interface PreviewFfmpeg {
  readonly binary: FfmpegBinary;
  readonly leash: Leash | null;
}

/** Bounds of a stream. */
export interface SessionLimits {
  /** A viewer with more than this waiting misses pieces. */
  readonly waitingBytes: number;
  /** A viewer that lags for this long is ended: its connection is dead. */
  readonly slowMs: number;
  /** Longest time of one viewer; a preview somebody forgot must not run for days. */
  readonly longestMs: number;
  /** The stream is ended when ffmpeg delivers nothing for this long. */
  readonly silentMs: number;
  readonly watchMs: number;
}

/** The limits of the product. */
export const SESSION_LIMITS: SessionLimits = {
  waitingBytes: 1_048_576,
  slowMs: 10_000,
  longestMs: 600_000,
  silentMs: 15_000,
  watchMs: 500,
};

export interface PreviewSessionOptions {
  readonly camera: PreviewCamera;
  readonly isPixelated: boolean;
  readonly ffmpeg: () => Promise<PreviewFfmpeg>;
  readonly limits: SessionLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once, when nothing more is sent; the encoder may still be on its way out. */
  onOver(): void;
}

interface Place {
  readonly viewer: PreviewViewer;
  readonly sinceMono: MonoMs;
  lagSinceMono: MonoMs | null;
}

/** One camera's stream: one encoder for all who look, from the first viewer to the last. One life only. */
export class PreviewSession {
  readonly #options: PreviewSessionOptions;
  readonly #places = new Set<Place>();
  readonly #watchdog: Timer;
  readonly #life: Promise<void>;
  #encoder: Mpeg1Encoder | null = null;
  #tap: FrameTap | null = null;
  #relay: SourceRelay | null = null;
  #heardMono: MonoMs;
  #isOver = false;
  #dropped = 0;

  constructor(options: PreviewSessionOptions) {
    this.#options = options;
    const { clock, limits } = options;
    this.#heardMono = clock.mono();
    this.#watchdog = clock.every(limits.watchMs, "preview-watch", () => this.#watch());
    this.#life = this.#run();
  }

  get viewers(): number {
    return this.#places.size;
  }

  /** Process ids of what it runs. */
  get pids(): readonly number[] {
    return [this.#relay?.pid, this.#encoder?.pid].filter((pid) => pid !== undefined);
  }

  /** Takes in a viewer; the answer lets it go again, and ends the stream when it was the last. */
  join(viewer: PreviewViewer): () => void {
    const sinceMono = this.#options.clock.mono();
    const place: Place = { viewer, sinceMono, lagSinceMono: null };
    this.#places.add(place);
    return () => {
      this.#places.delete(place);
      if (this.#places.size === 0) this.#finish("STOPPING");
    };
  }

  /** Ends the stream for everybody; resolves when its ffmpeg is gone. Idempotent. */
  async stop(reason: PreviewEnd): Promise<void> {
    this.#finish(reason);
    await this.#life;
  }

  async #run(): Promise<void> {
    try {
      const ffmpeg = await this.#options.ffmpeg();
      if (this.#isOver) return;
      const { camera, isPixelated } = this.#options;
      const args = isPixelated ? null : relayArguments(ffmpeg.binary, camera.source);
      if (args === null) await this.#encodeFrames(ffmpeg);
      else await this.#encodeSource(ffmpeg, args);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#finish(error.code);
    } finally {
      await Promise.all([this.#relay?.stop(), this.#encoder?.stop()]);
    }
  }

  /** The camera's own pictures, in their own size. */
  async #encodeSource(ffmpeg: PreviewFfmpeg, args: readonly string[]): Promise<void> {
    const encoder = this.#start(ffmpeg);
    const take = (chunk: Uint8Array): Promise<boolean> => encoder.write(chunk);
    const { clock } = this.#options;
    const relay = new SourceRelay({
      ffmpeg: ffmpeg.binary,
      leash: ffmpeg.leash,
      args,
      clock,
      take,
    });
    this.#relay = relay;
    await Promise.race([encoder.closed, relay.closed]);
    if (this.#isOver) return;
    const [encoded, relayed] = await Promise.all([encoder.stop(), relay.stop()]);
    // Where both complain the camera is to blame: it comes last.
    this.#tellGone([...encoded.lines, ...relayed.lines]);
  }

  /** Frames the camera's worker has looked at, people covered in there. */
  async #encodeFrames(ffmpeg: PreviewFfmpeg): Promise<void> {
    const { camera, isPixelated } = this.#options;
    const tap = new FrameTap((port) => camera.peek(port, isPixelated));
    this.#tap = tap;
    const first = await tap.next();
    if (first === null || this.#isOver) return this.#finish(this.#cameraFault());
    const encoder = this.#start(ffmpeg);
    void encoder.closed.then(() => tap.close());
    await encoder.write(y4mHead(first, NOMINAL_FPS));
    for (let frame: typeof first | null = first; frame !== null; frame = await tap.next()) {
      if (frame.widthPx !== first.widthPx || frame.heightPx !== first.heightPx) {
        return this.#finish("PICTURE_CHANGED");
      }
      await encoder.write(Y4M_FRAME);
      const isTaken = await encoder.write(new Uint8Array(frame.buffer));
      if (!isTaken) return this.#tellGone((await encoder.closed).lines);
    }
    if (!this.#isOver) this.#finish(this.#cameraFault());
  }

  #start(ffmpeg: PreviewFfmpeg): Mpeg1Encoder {
    const { clock } = this.#options;
    const onChunk = (chunk: Uint8Array): void => this.#spread(chunk);
    this.#encoder = new Mpeg1Encoder({ ffmpegPath: ffmpeg.binary.path, clock, onChunk });
    return this.#encoder;
  }

  /** An ffmpeg left by itself; what it said is told without the credentials it may hold. */
  #tellGone(lines: readonly string[]): void {
    if (this.#isOver) return;
    const { camera, log } = this.#options;
    const report = lines.slice(-4).map(createRedactor(camera.source));
    const fields = { event: "preview.ffmpeg-gone", cameraId: camera.id, report };
    log.warn(fields, "the preview's ffmpeg left by itself");
    const named = faultOfOutput(lines, camera.source.address);
    this.#finish(named ?? camera.facts().code ?? "CAMERA_ENDED");
  }

  #spread(chunk: Uint8Array): void {
    const { clock, limits } = this.#options;
    const nowMono = clock.mono();
    this.#heardMono = nowMono;
    for (const place of this.#places) {
      const isLagging = place.viewer.waitingBytes > limits.waitingBytes;
      place.lagSinceMono = isLagging ? (place.lagSinceMono ?? nowMono) : null;
      if (isLagging) this.#dropped += 1;
      else place.viewer.send(chunk);
    }
  }

  #watch(): void {
    const { camera, clock, limits } = this.#options;
    const nowMono = clock.mono();
    const { state } = camera.facts();
    const isSilent = nowMono - this.#heardMono > limits.silentMs;
    if (state === "blind" || state === "stopped" || isSilent) {
      this.#finish(this.#cameraFault());
      return;
    }
    for (const place of this.#places) {
      const lagMs = place.lagSinceMono === null ? 0 : nowMono - place.lagSinceMono;
      if (lagMs > limits.slowMs) this.#dismiss(place, "TOO_SLOW");
      else if (nowMono - place.sinceMono > limits.longestMs) this.#dismiss(place, "TIME_UP");
    }
    if (this.#places.size === 0) this.#finish("STOPPING");
  }

  #dismiss(place: Place, reason: PreviewEnd): void {
    this.#places.delete(place);
    place.viewer.end(reason);
  }

  #cameraFault(): FaultCode {
    return this.#options.camera.facts().code ?? "CAMERA_STALLED";
  }

  #finish(reason: PreviewEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watchdog.cancel();
    for (const place of [...this.#places]) this.#dismiss(place, reason);
    this.#tap?.close();
    void this.#relay?.stop();
    void this.#encoder?.stop();
    const { camera, log, onOver } = this.#options;
    const fields = { event: "preview.closed", cameraId: camera.id, reason, dropped: this.#dropped };
    log.info(fields, "the preview of a camera ended");
    onOver();
  }
}
