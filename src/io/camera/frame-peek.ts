import type { MessagePort } from "node:worker_threads";
import type { MonoMs } from "../../core/brand.ts";
import type { Detections, Letterbox } from "../../vision/ports.ts";
import { PersonCover } from "../preview/person-cover.ts";
import {
  cutPicture,
  type FittedPicture,
  fittedPicture,
  planarBytes,
  toPlanar,
} from "../preview/planar-picture.ts";

/** Asks for the next frame. The buffer comes back filled; one that does not fit is replaced. */
export interface FrameWish {
  readonly buffer: ArrayBuffer;
}

/** A picture as planar 4:2:0, people covered where that was asked for. */
export interface PeekedFrame {
  readonly buffer: ArrayBuffer;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly atMono: MonoMs;
}

/** Looks at one camera at the same time: a stream and some stills. The oldest gives way. */
const MAX_PEEKS = 4;

interface Peek {
  readonly port: MessagePort;
  readonly isPixelated: boolean;
  wish: ArrayBuffer | null;
}

/**
 * The one place where pictures leave a camera's worker, through ports of their own and only while somebody set one up.
 * One frame per wish, so nothing is ever queued; where people must be covered they are before the frame is handed over.
 */
export class FramePeek {
  readonly #peeks: Peek[] = [];
  #at: FittedPicture | null = null;
  #cover: PersonCover | null = null;
  #letterbox: Letterbox | null = null;
  #rgb24 = new Uint8Array(0);

  /** Opens a look; the port is closed by whoever loses interest first. */
  open(port: MessagePort, isPixelated: boolean): void {
    if (this.#peeks.length >= MAX_PEEKS) this.#peeks[0]?.port.close();
    const peek: Peek = { port, isPixelated, wish: null };
    this.#peeks.push(peek);
    port.on("message", (wish: FrameWish) => {
      peek.wish = wish.buffer;
    });
    port.on("close", () => {
      const at = this.#peeks.indexOf(peek);
      if (at >= 0) this.#peeks.splice(at, 1);
    });
    // A look must not keep a worker alive that was told to leave.
    port.unref();
  }

  /** A run of the source begins: what was known of the run before says nothing about its pictures. */
  begin(): void {
    this.#letterbox = null;
  }

  /**
   * Takes in a frame (letterboxed rgb24, not changed). `detections`: what the detector found in it, or null when it
   * was not asked because nothing moves. Does next to nothing while nobody looks.
   */
  offer(
    rgb24: Uint8Array,
    letterbox: Letterbox,
    detections: Detections | null,
    atMono: MonoMs,
  ): void {
    if (letterbox !== this.#letterbox) this.#fit(letterbox);
    if (detections !== null) this.#cover?.note(detections, atMono);
    if (this.#peeks.length > 0) this.#show(rgb24, atMono);
  }

  /** Closes every look. */
  close(): void {
    for (const { port } of [...this.#peeks]) port.close();
  }

  #fit(letterbox: Letterbox): void {
    this.#letterbox = letterbox;
    this.#at = fittedPicture(letterbox);
    this.#cover = new PersonCover(this.#at);
    this.#rgb24 = new Uint8Array(this.#at.widthPx * this.#at.heightPx * 3);
  }

  #show(frame: Uint8Array, atMono: MonoMs): void {
    if (this.#at === null) return;
    for (const peek of this.#peeks) {
      if (peek.wish !== null && !peek.isPixelated) this.#send(peek, frame, atMono);
    }
    const wanted = this.#peeks.filter((peek) => peek.isPixelated);
    if (wanted.length === 0) return;
    cutPicture(frame, this.#at, this.#rgb24);
    // Also without a wish: what moves is told by comparing every frame.
    if (this.#cover?.cover(this.#rgb24, atMono) !== true) return;
    for (const peek of wanted) if (peek.wish !== null) this.#post(peek, this.#at, atMono);
  }

  #send(peek: Peek, frame: Uint8Array, atMono: MonoMs): void {
    if (this.#at === null) return;
    cutPicture(frame, this.#at, this.#rgb24);
    this.#post(peek, this.#at, atMono);
  }

  #post(peek: Peek, at: FittedPicture, atMono: MonoMs): void {
    const bytes = planarBytes(at);
    const buffer = peek.wish?.byteLength === bytes ? peek.wish : new ArrayBuffer(bytes);
    peek.wish = null;
    toPlanar(this.#rgb24, at, new Uint8Array(buffer));
    const { widthPx, heightPx } = at;
    const frame: PeekedFrame = { buffer, widthPx, heightPx, atMono };
    peek.port.postMessage(frame, [buffer]);
  }
}
