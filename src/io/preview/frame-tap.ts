import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { FrameWish, PeekedFrame } from "../camera/frame-peek.ts";

/**
 * This thread's end of a look into a camera's frames: one frame at a time, each asked for. The buffer travels to and
 * fro, so a stream allocates none after the first.
 */
export class FrameTap {
  readonly #port: MessagePort;
  #buffer = new ArrayBuffer(0);
  #settle: ((frame: PeekedFrame | null) => void) | null = null;
  #isOpen = true;

  /** @param open hands the port of the far end to the camera; false when the camera has no frames to show. */
  constructor(open: (port: MessagePort) => boolean) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on("message", (frame: PeekedFrame) => {
      this.#buffer = frame.buffer;
      this.#answer(frame);
    });
    port1.on("close", () => {
      this.#isOpen = false;
      this.#answer(null);
    });
    if (!open(port2)) this.close();
  }

  /**
   * The next frame, or null once the look is closed from either side. Its buffer is taken back by the following call,
   * so it must have been used up by then.
   */
  next(): Promise<PeekedFrame | null> {
    if (this.#settle !== null) throw new Error("a frame is being waited for already");
    if (!this.#isOpen) return Promise.resolve(null);
    const wish: FrameWish = { buffer: this.#buffer };
    this.#port.postMessage(wish, [wish.buffer]);
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Ends the look; a frame being waited for becomes null. Idempotent. */
  close(): void {
    this.#isOpen = false;
    this.#port.close();
    this.#answer(null);
  }

  #answer(frame: PeekedFrame | null): void {
    const settle = this.#settle;
    this.#settle = null;
    settle?.(frame);
  }
}
