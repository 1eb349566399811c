import type { MonoMs } from "../../core/brand.ts";
import { type FrameSlots, NO_SLOT, type SlotPolicy } from "./frame-slots.ts";

export interface FrameAssemblerOptions {
  readonly slots: FrameSlots;
  readonly policy: SlotPolicy;
  /**
   * Called before the first byte of each frame is taken in: the generation it belongs to, or null when that is not
   * known yet, which holds the bytes back.
   */
  generationOf(index: number): number | null;
  /** Capture time of the frame with this number (from 0), asked once its last byte is there. */
  stampOf(index: number): MonoMs;
  /** Called after each frame that was handed to the reader. */
  onFrame(): void;
  /** Whether chunks are overwritten once they were taken in: for pictures of which nothing may stay. */
  readonly wipesChunks?: boolean;
}

/**
 * Cuts a stream of bytes into frames, whatever the size of the chunks. Under `newest` a frame that finds no slot is
 * read past and counted as dropped; under `every` the rest of the chunk is held and the caller must pause the stream,
 * and so it is, under both, while nothing is known of the frame that begins.
 */
export class FrameAssembler {
  readonly #options: FrameAssemblerOptions;
  #slot = NO_SLOT;
  #generation: number | null = null;
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

  /** Takes in one chunk; false when the stream must be paused until `resume` says otherwise. True keeps no reference. */
  push(chunk: Uint8Array): boolean {
    if (this.#held !== null) throw new Error("push before the held chunk was resumed");
    let at = 0;
    while (at < chunk.length) {
      if (!this.#isReady()) {
        this.#held = chunk.subarray(at);
        if (this.#options.wipesChunks === true) chunk.fill(0, 0, at);
        return false;
      }
      at += this.#copy(chunk, at);
      if (this.#filledBytes === this.#options.slots.frameBytes) this.#complete();
    }
    if (this.#options.wipesChunks === true) chunk.fill(0);
    return true;
  }

  /** Goes on with the held chunk after the reason to hold it may be gone; true when the stream may flow again. */
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
    if (this.#options.wipesChunks === true) this.#held?.fill(0);
    this.#held = null;
  }

  #isReady(): boolean {
    if (this.#slot !== NO_SLOT || this.#isSkipping) return true;
    this.#generation ??= this.#options.generationOf(this.#frames);
    if (this.#generation === null) return false;
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
    const { slots, stampOf, onFrame } = this.#options;
    const atMono = stampOf(this.#frames);
    const generation = this.#generation ?? 0;
    this.#generation = null;
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
