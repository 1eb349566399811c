import type { MonoMs } from "../../core/brand.ts";
import { type FrameSlots, NO_SLOT, type SlotPolicy } from "./frame-slots.ts";

export interface FrameAssemblerOptions {
  readonly slots: FrameSlots;
  readonly policy: SlotPolicy;
  /** Run of the source the frames belong to. */
  readonly generation: number;
  /** Capture time of the frame with this number (from 0), asked once its last byte is there. */
  stampOf(index: number): MonoMs;
  /** Called after each frame that was handed to the reader. */
  onFrame(): void;
}

/**
 * Cuts a stream of bytes into frames, whatever the size of the chunks. Under `newest` a frame that finds no slot is
 * read past and counted as dropped; under `every` the rest of the chunk is held and the caller must pause the stream.
 */
export class FrameAssembler {
  readonly #options: FrameAssemblerOptions;
  #slot = NO_SLOT;
  #filledBytes = 0;
  #isSkipping = false;
  #frames = 0;
  #held: Uint8Array | null = null;

  constructor(options: FrameAssemblerOptions) {
    this.#options = options;
  }

  /** Frames completed so far, dropped ones included. */
  get frames(): number {
    return this.#frames;
  }

  /** Bytes of the frame that is not complete yet. */
  get partialBytes(): number {
    return this.#filledBytes;
  }

  /** Takes in one chunk; false when the stream must be paused until `resume` says otherwise. Keeps no reference if true. */
  push(chunk: Uint8Array): boolean {
    if (this.#held !== null) throw new Error("push before the held chunk was resumed");
    let at = 0;
    while (at < chunk.length) {
      if (!this.#isReady()) {
        this.#held = chunk.subarray(at);
        return false;
      }
      at += this.#copy(chunk, at);
      if (this.#filledBytes === this.#options.slots.frameBytes) this.#complete();
    }
    return true;
  }

  /** Goes on with the held chunk after the reader released a slot; true when the stream may flow again. */
  resume(): boolean {
    const chunk = this.#held;
    if (chunk === null) return true;
    this.#held = null;
    return this.push(chunk);
  }

  /** Gives up the incomplete frame and the held chunk; for the end of a run. */
  abandon(): void {
    if (this.#slot !== NO_SLOT) this.#options.slots.abandon(this.#slot);
    this.#slot = NO_SLOT;
    this.#filledBytes = 0;
    this.#isSkipping = false;
    this.#held = null;
  }

  #isReady(): boolean {
    if (this.#slot !== NO_SLOT || this.#isSkipping) return true;
    this.#slot = this.#options.slots.claim(this.#options.policy);
    if (this.#slot === NO_SLOT && this.#options.policy === "newest") this.#isSkipping = true;
    return this.#slot !== NO_SLOT || this.#isSkipping;
  }

  #copy(chunk: Uint8Array, from: number): number {
    const { slots } = this.#options;
    const bytes = Math.min(chunk.length - from, slots.frameBytes - this.#filledBytes);
    if (!this.#isSkipping) {
      slots.pixels(this.#slot).set(chunk.subarray(from, from + bytes), this.#filledBytes);
    }
    this.#filledBytes += bytes;
    return bytes;
  }

  #complete(): void {
    const { slots, stampOf, onFrame, generation } = this.#options;
    const atMono = stampOf(this.#frames);
    this.#frames += 1;
    this.#filledBytes = 0;
    if (this.#isSkipping) {
      this.#isSkipping = false;
      slots.countDrop();
      return;
    }
    const slot = this.#slot;
    this.#slot = NO_SLOT;
    slots.publish(slot, atMono, generation);
    onFrame();
  }
}
