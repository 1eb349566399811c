import type { MessagePort } from "node:worker_threads";
import { monoMs } from "../../src/core/brand.ts";
import type { FaultCode } from "../../src/core/errors.ts";
import type { SensorState } from "../../src/core/events.ts";
import { FramePeek } from "../../src/io/camera/frame-peek.ts";
import { parseVideoSource } from "../../src/io/camera/video-source.ts";
import type { PreviewCamera } from "../../src/io/preview/preview-session.ts";
import { createDetections, letterboxOf } from "../../src/vision/ports.ts";

/** Size of the pictures the fake delivers. */
export const FAKE_PICTURE = { widthPx: 320, heightPx: 180 };
/** Where the fake's one person stands, in Px of the picture. */
export const FAKE_PERSON = { left: 130, top: 40, right: 170, bottom: 150 } as const;

const FRAME_MS = 50;

/**
 * A camera without a lens: a finely chequered scene in which one person stands, delivered through the same `FramePeek`
 * as a real worker's frames. Runs from construction until disposed.
 */
export class FakePreviewCamera implements PreviewCamera {
  readonly id: string;
  readonly source: PreviewCamera["source"];
  state: SensorState = "seeing";
  code: FaultCode | null = null;
  readonly peeks: boolean[] = [];
  #peek = new FramePeek();
  readonly #timer: NodeJS.Timeout;
  #size = FAKE_PICTURE;
  #letterbox = letterboxOf(FAKE_PICTURE, FAKE_PICTURE);
  #frame = pictureOf(FAKE_PICTURE);
  #ticks = 0;

  constructor(id: string, source = "rtsp://camera.invalid/live") {
    this.id = id;
    this.source = parseVideoSource(source);
    this.#timer = setInterval(() => this.#tick(), FRAME_MS);
  }

  facts(): { readonly state: SensorState; readonly code: FaultCode | null } {
    return { state: this.state, code: this.code };
  }

  peek(port: MessagePort, isPixelated: boolean): boolean {
    this.peeks.push(isPixelated);
    this.#peek.open(port, isPixelated);
    return true;
  }

  /** The camera delivers pictures of another size from now on. */
  resize(widthPx: number, heightPx: number): void {
    this.#size = { widthPx, heightPx };
    this.#letterbox = letterboxOf(this.#size, this.#size);
    this.#frame = pictureOf(this.#size);
  }

  /** The worker dies: every look ends, and a new one begins with an empty memory. */
  restart(): void {
    this.#peek.close();
    this.#peek = new FramePeek();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#peek.close();
  }

  #tick(): void {
    this.#ticks += 1;
    const found = createDetections(1);
    found.count = 1;
    const { left, top, right, bottom } = FAKE_PERSON;
    found.xyxy.set([left, top, right, bottom]);
    found.score[0] = 0.9;
    this.#peek.offer(this.#frame, this.#letterbox, found, monoMs(this.#ticks * FRAME_MS));
  }
}

/** Chequered in squares of 4 px, which survive JPEG and MPEG, in a colour that changes from left to right. */
function pictureOf({ widthPx, heightPx }: typeof FAKE_PICTURE): Uint8Array {
  const rgb24 = new Uint8Array(widthPx * heightPx * 3);
  for (let i = 0; i < widthPx * heightPx; i += 1) {
    const x = i % widthPx;
    const isLight = (Math.floor(x / 4) + Math.floor(i / widthPx / 4)) % 2 === 0;
    const grey = isLight ? 210 : 40;
    rgb24.set([grey, grey, Math.round((x * 255) / widthPx)], i * 3);
  }
  return rgb24;
}
