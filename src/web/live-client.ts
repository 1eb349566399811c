import type { MonoMs } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";

/** Writable end of one event stream; `http.ServerResponse` satisfies it. */
export interface StreamSink {
  /** Returns false when the peer does not keep up and nothing more should be written before `drain`. */
  write(chunk: string): boolean;
  on(event: "drain" | "close", listener: () => void): unknown;
  destroy(): unknown;
}

/**
 * One reader of the event stream. A frame belongs to a slot ("today", "people:door"); while the peer does not
 * keep up only the newest frame of each slot is kept, so the memory of a slow reader is bounded by the slots.
 */
export class LiveClient {
  readonly #sink: StreamSink;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, string>();
  #blockedSinceMono: MonoMs | null = null;
  #superseded = 0;

  constructor(sink: StreamSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
    sink.on("drain", () => this.#flush());
  }

  /** Frames replaced by newer ones of the same slot while the peer was slow. */
  get superseded(): number {
    return this.#superseded;
  }

  /** Frames kept for the peer, at most one per slot. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Writes the frame now, or keeps it as the newest of its slot. */
  offer(slot: string, frame: string): void {
    if (this.#blockedSinceMono === null) {
      this.#write(frame);
      return;
    }
    if (this.#waiting.has(slot)) this.#superseded += 1;
    this.#waiting.set(slot, frame);
  }

  /** How long the peer has accepted nothing; 0 when it keeps up. */
  stalledMs(): number {
    return this.#blockedSinceMono === null ? 0 : this.#clock.mono() - this.#blockedSinceMono;
  }

  /** Ends the connection without ceremony. */
  drop(): void {
    this.#waiting.clear();
    this.#sink.destroy();
  }

  #flush(): void {
    this.#blockedSinceMono = null;
    for (const [slot, frame] of this.#waiting) {
      if (this.#blockedSinceMono !== null) return;
      this.#waiting.delete(slot);
      this.#write(frame);
    }
  }

  #write(frame: string): void {
    if (!this.#sink.write(frame)) this.#blockedSinceMono = this.#clock.mono();
  }
}
