import type { FaultCode } from "../core/errors.ts";
import type { CommitBatch, CommitOutcome } from "./repository.ts";

/** A batch whose store is known. */
export type HomedBatch = CommitBatch & { readonly storeId: string };

/**
 * What became of a batch; `put-off`: its shard fails or is behind, and it may come again after the pause. `refused`: the
 * store takes neither its records nor the note that they were set aside.
 */
export type LaneOutcome =
  | { readonly kind: "committed"; readonly outcome: CommitOutcome }
  | { readonly kind: "put-off"; readonly code: FaultCode; readonly pauseMs: number }
  | { readonly kind: "refused"; readonly reason: string };

/** A batch that waits for its transaction. */
export interface Waiting {
  readonly batch: HomedBatch;
  readonly settle: (outcome: LaneOutcome) => void;
}

/** Records of one transaction; a single batch may hold more. */
const RECORDS_AT_ONCE = 5000;
/** Records that wait for one shard; beyond, only gateways of which nothing waits get in. */
const WAITING_RECORDS = 20_000;
/** Records of one gateway that wait: more than a gateway of ours ever sends without an answer. */
const WAITING_OF_ONE = 10_000;

/** Batches that wait for one shard, by gateway; each gateway's are in order, and the gateways take turns. */
export class LaneQueue {
  /** The gateway whose turn is next is the first. */
  readonly #waiting = new Map<string, Waiting[]>();
  #records = 0;

  get records(): number {
    return this.#records;
  }

  /** False when it is full for this gateway: those that send most are refused first. */
  push(one: Waiting): boolean {
    const { gatewayId, records } = one.batch;
    const own = this.#waiting.get(gatewayId);
    if (own === undefined) this.#waiting.set(gatewayId, [one]);
    else {
      if (this.#records >= WAITING_RECORDS || recordsOf(own) >= WAITING_OF_ONE) return false;
      own.push(one);
    }
    this.#records += records.length;
    return true;
  }

  /**
   * Takes what may go in one transaction, one batch of each gateway in turn; of a `busy` gateway nothing. A gateway that
   * `isApart` goes by itself, one batch at a time.
   */
  take(busy: ReadonlySet<string>, isApart: (gatewayId: string) => boolean): readonly Waiting[] {
    const free = [...this.#waiting.keys()].filter((gatewayId) => !busy.has(gatewayId));
    const [first] = free;
    if (first === undefined) return [];
    const group: Waiting[] = [];
    if (isApart(first)) this.#takeOne(first, group, 0);
    else
      this.#fill(
        free.filter((gatewayId) => !isApart(gatewayId)),
        group,
      );
    for (const gatewayId of new Set(group.map(({ batch }) => batch.gatewayId))) {
      const left = this.#waiting.get(gatewayId);
      this.#waiting.delete(gatewayId);
      if (left !== undefined && left.length > 0) this.#waiting.set(gatewayId, left);
    }
    return group;
  }

  /** Takes everything. */
  drain(): readonly Waiting[] {
    const all = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#records = 0;
    return all;
  }

  #fill(gateways: readonly string[], group: Waiting[]): void {
    let records = 0;
    for (let before = -1; before < group.length; ) {
      before = group.length;
      for (const gatewayId of gateways) {
        const taken = this.#takeOne(gatewayId, group, records);
        if (taken === null) return;
        records += taken;
      }
    }
  }

  /** Returns how many records it took; null when they no longer fit. */
  #takeOne(gatewayId: string, group: Waiting[], records: number): number | null {
    const own = this.#waiting.get(gatewayId);
    const next = own?.[0];
    if (own === undefined || next === undefined) return 0;
    const { length } = next.batch.records;
    if (records > 0 && records + length > RECORDS_AT_ONCE) return null;
    own.shift();
    group.push(next);
    this.#records -= length;
    return length;
  }
}

const recordsOf = (waiting: readonly Waiting[]): number =>
  waiting.reduce((sum, { batch }) => sum + batch.records.length, 0);
