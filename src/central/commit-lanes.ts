import { CommitLane, type CommitLanesOptions, type LaneState } from "./commit-lane.ts";
import type { HomedBatch, LaneOutcome } from "./lane-queue.ts";

/**
 * Hands batches to the store, those of one shard together. While a transaction runs, what comes in for its shard
 * gathers for the next one, up to 5,000 records; so a quiet centre answers at once and a busy one in large steps. A
 * shard that fails is left alone for growing pauses, in which its batches are put off at once; others do not notice.
 * One that hangs is treated alike from the third second on, until it answers: what it commits late comes again and is
 * found behind the cursor.
 */
export class CommitLanes {
  readonly #options: CommitLanesOptions;
  readonly #lanes: readonly CommitLane[];

  constructor(options: CommitLanesOptions) {
    this.#options = options;
    this.#lanes = Array.from(
      { length: options.store.lanes },
      (_, index) => new CommitLane(options, index),
    );
  }

  /** Resolves when the batch is durable or put off; never rejects for a fault of the store. */
  submit(batch: HomedBatch): Promise<LaneOutcome> {
    const lane = this.#lanes[this.#options.store.laneOf(batch.storeId)];
    if (lane === undefined) throw new RangeError("a store has no lane");
    return lane.submit(batch);
  }

  /** How each shard stands, by its position. */
  states(): readonly LaneState[] {
    return this.#lanes.map((lane) => lane.state);
  }
}
