import type { StreamName } from "../../wire/cloud-event.ts";
import type { GapReason } from "../../wire/envelopes.ts";

/** Events of one stream that were not taken, and why. */
export interface Refusal {
  readonly stream: StreamName;
  readonly why: GapReason;
  readonly events: number;
}

/** Counts events that were not taken, until a gap record tells of them. Bounded by streams times reasons. */
export class Refusals {
  readonly #found = new Map<string, Refusal>();

  /** One more. */
  add(stream: StreamName, why: GapReason): void {
    const key = `${stream} ${why}`;
    this.#found.set(key, { stream, why, events: (this.#found.get(key)?.events ?? 0) + 1 });
  }

  /** All of them, by stream and reason. */
  get all(): readonly Refusal[] {
    return [...this.#found.values()];
  }

  /** How many events. */
  get events(): number {
    return this.all.reduce((sum, { events }) => sum + events, 0);
  }

  /** They are told. */
  clear(): void {
    this.#found.clear();
  }
}
