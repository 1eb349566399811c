import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { StationCamera, StationFrame } from "../../face/station/station-ports.ts";
import type { PictureSize } from "../../vision/ports.ts";
import type { FfmpegBinary } from "../camera/ffmpeg-binary.ts";
import { createSharedFrames, FrameSlots, NO_SLOT } from "../camera/frame-slots.ts";
import { type FeedEnd, VideoFeed } from "../camera/video-feed.ts";
import { parseVideoSource, type VideoSource } from "../camera/video-source.ts";
import { overwriteFreed } from "./freed-memory.ts";

export interface FfmpegStationCameraOptions {
  /** As `loyalty.station.source`: rtsp://... or /dev/videoN. */
  readonly source: string;
  readonly clock: Clock;
  /** Finds ffmpeg; asked for at the first look and kept. */
  readonly ffmpeg: () => Promise<FfmpegBinary>;
  /** Size of the pictures; absent: what the source gives without scaling up. */
  readonly size?: PictureSize;
}

const NETWORK_SIZE: PictureSize = { widthPx: 1280, heightPx: 720 };
/** What a USB camera is asked for, see `inputArguments`. */
const USB_SIZE: PictureSize = { widthPx: 640, heightPx: 480 };
/** More than the chain looks at on a small board. */
const FPS = 8;

/**
 * The station's camera: one ffmpeg that is started when somebody acts and stopped when the act is over. There is nothing
 * in between: no preview, no recording, no last picture. Every buffer that held one is overwritten: the picture by
 * whoever looked at it, what ffmpeg wrote as it is taken in, and the rest when the look ends.
 */
export class FfmpegStationCamera implements StationCamera {
  readonly #options: FfmpegStationCameraOptions;
  readonly #source: VideoSource;
  #ffmpeg: FfmpegBinary | null = null;
  #isOn = false;

  constructor(options: FfmpegStationCameraOptions) {
    this.#options = options;
    this.#source = parseVideoSource(options.source);
  }

  /** Whether it looks now. */
  get isOn(): boolean {
    return this.#isOn;
  }

  async *frames(signal: AbortSignal): AsyncGenerator<StationFrame> {
    if (this.#isOn) throw new GatewayError("CAMERA_UNREACHABLE", "the station's camera is in use");
    this.#isOn = true;
    try {
      this.#ffmpeg ??= await this.#options.ffmpeg();
      if (!signal.aborted) yield* this.#run(this.#ffmpeg, signal);
    } finally {
      this.#isOn = false;
    }
  }

  async *#run(ffmpeg: FfmpegBinary, signal: AbortSignal): AsyncGenerator<StationFrame> {
    const size = this.#options.size ?? (this.#source.kind === "v4l2" ? USB_SIZE : NETWORK_SIZE);
    const shared = createSharedFrames(size.widthPx * size.heightPx * 3);
    const slots = new FrameSlots(shared);
    // Shared, so that the thread for faces reads the picture where it lies.
    const rgb = new Uint8Array(new SharedArrayBuffer(shared.frameBytes));
    const bell = new Bell();
    let generation = 0;
    const { clock } = this.#options;
    const feed = new VideoFeed({
      ffmpeg,
      request: { source: this.#source, input: size, fps: FPS, pacing: "live" },
      ...{ slots, clock, wipesChunks: true, stampOf: () => clock.mono() },
      onStream: () => {
        generation += 1;
        return generation;
      },
      onFrame: () => bell.ring(),
    });
    let end: FeedEnd | null = null;
    void feed.ended.then((ended) => {
      end = ended;
      bell.ring();
    });
    const leave = (): void => bell.ring();
    signal.addEventListener("abort", leave);
    try {
      while (!signal.aborted) {
        const slot = slots.take("newest", generation);
        if (slot !== NO_SLOT) {
          rgb.set(slots.pixels(slot));
          slots.pixels(slot).fill(0);
          slots.release(slot);
          yield { picture: { ...size, rgb }, wipe: () => void rgb.fill(0) };
        } else if (end !== null) throw lost(end);
        else await bell.rung();
      }
    } finally {
      signal.removeEventListener("abort", leave);
      await feed.stop();
      rgb.fill(0);
      new Uint8Array(shared.pixels).fill(0);
      overwriteFreed();
    }
  }
}

function lost({ fault, report }: FeedEnd): GatewayError {
  const code = fault ?? "CAMERA_UNREACHABLE";
  return new GatewayError(code, "the station's camera gives no picture", { context: { report } });
}

/** Wakes one sleeper; a ring that nobody waits for is remembered. */
class Bell {
  #isRung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  async rung(): Promise<void> {
    if (!this.#isRung)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#wake = null;
    this.#isRung = false;
  }
}
