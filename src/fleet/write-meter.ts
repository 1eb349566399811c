import type { EpochMs } from "../core/brand.ts";

const DAY_MS = 86_400_000;

/**
 * What was written to disks on a day (UTC), over restarts: an SD card wears by the day, not by the process. What is
 * written between the last `text` that was kept and a crash is not counted. Pure, but for its own sum.
 */
export class WriteMeter {
  #day: number;
  #bytes: number;
  #seenBytes: number | null = null;

  /** `kept` is an earlier `text`; null, or anything else, begins at nothing. */
  constructor(kept: string | null) {
    const [, day, bytes] = /^(\d{1,9}) (\d{1,15})$/.exec(kept ?? "") ?? [];
    this.#day = Number(day ?? 0);
    this.#bytes = Number(bytes ?? 0);
  }

  /** Bytes of the day of `at`, given what this process wrote since its start; null stays null. */
  today(at: EpochMs, writtenBytes: number | null): number | null {
    if (writtenBytes === null) return null;
    const day = Math.floor(at / DAY_MS);
    const news = Math.max(0, writtenBytes - (this.#seenBytes ?? 0));
    // What was written since the reading before belongs to the day before, but for the first reading of a life.
    const isOver = day !== this.#day && this.#seenBytes !== null;
    if (day !== this.#day) this.#bytes = 0;
    if (!isOver) this.#bytes += news;
    this.#day = day;
    this.#seenBytes = writtenBytes;
    return this.#bytes;
  }

  /** What to keep for the next life. */
  get text(): string {
    return `${this.#day} ${this.#bytes}`;
  }
}
