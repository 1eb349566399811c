import { type MonoMs, monoMs } from "../../core/brand.ts";

/** Memory shared by the thread that reads frames and the one that looks at them. Crosses by message once. */
export interface SharedFrames {
  readonly slots: number;
  readonly frameBytes: number;
  readonly control: SharedArrayBuffer;
  readonly stamps: SharedArrayBuffer;
  readonly pixels: SharedArrayBuffer;
}

/** `newest`: what was not looked at in time is overwritten and counted. `every`: the writer waits. */
export type SlotPolicy = "newest" | "every";

/** Result of `claim` and `take` when there is nothing to give. */
export const NO_SLOT = -1;

const FREE = 0;
const WRITING = 1;
const READY = 2;
const READING = 3;

/** Words of `control` before those of the slots: frames dropped. Then per slot: state, order, generation. */
const HEAD_WORDS = 1;
const SLOT_WORDS = 3;

/** Allocates the shared memory: three slots let one be read, one wait and one be filled. */
export function createSharedFrames(frameBytes: number, slots = 3): SharedFrames {
  return {
    slots,
    frameBytes,
    control: new SharedArrayBuffer(4 * (HEAD_WORDS + SLOT_WORDS * slots)),
    stamps: new SharedArrayBuffer(8 * slots),
    pixels: new SharedArrayBuffer(frameBytes * slots),
  };
}

/**
 * One thread's view of the shared frames: a few slots that go free -> writing -> ready -> reading -> free, each step
 * one atomic exchange. One writer and one reader; neither ever blocks. Allocates nothing after construction.
 */
export class FrameSlots {
  readonly #shared: SharedFrames;
  readonly #control: Int32Array;
  readonly #stamps: Float64Array;
  readonly #views: readonly Uint8Array<SharedArrayBuffer>[];
  #written = 0;

  constructor(shared: SharedFrames) {
    this.#shared = shared;
    this.#control = new Int32Array(shared.control);
    this.#stamps = new Float64Array(shared.stamps);
    this.#views = Array.from(
      { length: shared.slots },
      (_, slot) => new Uint8Array(shared.pixels, slot * shared.frameBytes, shared.frameBytes),
    );
  }

  get frameBytes(): number {
    return this.#shared.frameBytes;
  }

  /** Frames that were complete and never looked at. */
  get dropped(): number {
    return Atomics.load(this.#control, 0);
  }

  /** Counts a frame that was lost before it reached a slot. */
  countDrop(): void {
    Atomics.add(this.#control, 0, 1);
  }

  /** Pixels of a slot: rgb24, rows top to bottom. */
  pixels(slot: number): Uint8Array<SharedArrayBuffer> {
    const view = this.#views[slot];
    if (view === undefined) throw new RangeError(`no slot ${slot}`);
    return view;
  }

  /** Capture time of the frame in a slot. */
  stamp(slot: number): MonoMs {
    return monoMs(this.#stamps[slot] ?? 0);
  }

  /**
   * Writer: takes a slot to fill. Under `newest` the oldest frame still waiting gives way and counts as dropped;
   * under `every` the answer is NO_SLOT until the reader releases one.
   */
  claim(policy: SlotPolicy): number {
    for (let slot = 0; slot < this.#shared.slots; slot += 1) {
      if (this.#move(slot, FREE, WRITING)) return slot;
    }
    if (policy === "every") return NO_SLOT;
    const oldest = this.#waiting(null, "oldest");
    if (oldest === NO_SLOT || !this.#move(oldest, READY, WRITING)) return NO_SLOT;
    this.countDrop();
    return oldest;
  }

  /** Writer: gives back a slot that was not filled to the end. */
  abandon(slot: number): void {
    this.#move(slot, WRITING, FREE);
  }

  /** Writer: hands a full slot to the reader. `generation` is the run of the source it belongs to. */
  publish(slot: number, atMono: MonoMs, generation: number): void {
    this.#stamps[slot] = atMono;
    Atomics.store(this.#control, wordOf(slot) + 1, this.#written);
    Atomics.store(this.#control, wordOf(slot) + 2, generation);
    this.#written += 1;
    this.#move(slot, WRITING, READY);
  }

  /**
   * Reader: takes a frame of this generation, the newest one (older ones are freed and count as dropped) or under
   * `every` the oldest. Frames of an earlier generation are freed. NO_SLOT when nothing waits.
   */
  take(policy: SlotPolicy, generation: number): number {
    this.#freeWaiting((slot) => this.#generation(slot) < generation);
    const slot = this.#waiting(generation, policy === "newest" ? "newest" : "oldest");
    if (slot === NO_SLOT || !this.#move(slot, READY, READING)) return NO_SLOT;
    if (policy === "newest") {
      const order = this.#order(slot);
      this.#freeWaiting(
        (other) => this.#generation(other) === generation && this.#order(other) < order,
      );
    }
    return slot;
  }

  /** Reader: gives a slot back. */
  release(slot: number): void {
    this.#move(slot, READING, FREE);
  }

  #freeWaiting(isStale: (slot: number) => boolean): void {
    for (let slot = 0; slot < this.#shared.slots; slot += 1) {
      const waits = Atomics.load(this.#control, wordOf(slot)) === READY;
      if (waits && isStale(slot) && this.#move(slot, READY, FREE)) this.countDrop();
    }
  }

  #waiting(generation: number | null, which: "oldest" | "newest"): number {
    let best = NO_SLOT;
    for (let slot = 0; slot < this.#shared.slots; slot += 1) {
      if (Atomics.load(this.#control, wordOf(slot)) !== READY) continue;
      if (generation !== null && this.#generation(slot) !== generation) continue;
      const isBetter =
        best === NO_SLOT || this.#order(slot) < this.#order(best) === (which === "oldest");
      if (isBetter) best = slot;
    }
    return best;
  }

  #order(slot: number): number {
    return Atomics.load(this.#control, wordOf(slot) + 1);
  }

  #generation(slot: number): number {
    return Atomics.load(this.#control, wordOf(slot) + 2);
  }

  #move(slot: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#control, wordOf(slot), from, to) === from;
  }
}

function wordOf(slot: number): number {
  return HEAD_WORDS + SLOT_WORDS * slot;
}
