import type { EpochMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { cannotWrite, isCorrupt, type Overwriting } from "../outbox/open-database.ts";
import { removeAside, tidyAside } from "../outbox/set-aside.ts";
import type { HistoryFile } from "./history-file.ts";
import {
  type Forgotten,
  type HistoryStats,
  type PurgeReceipt,
  RETENTION,
  type ResumePoint,
  type Retention,
  type RollupQuery,
  type SavedCustomerDay,
  type SavedDay,
  type SavedRollup,
  type Snapshot,
} from "./history-rows.ts";
import {
  type OpenedHistoryFile,
  openHistoryFile,
  replaceHistoryFile,
} from "./open-history-file.ts";

export interface HistoryOptions {
  /** The file; `history.db` in the state folder. */
  readonly path: string;
  /** Largest size of the file; beyond it nothing is written. 1 GiB when absent, some ten times what a shop needs. */
  readonly capBytes?: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention?: Retention;
}

/** `fault`: HISTORY_UNWRITABLE while nothing can be written, HISTORY_CORRUPT since a damaged file was set aside. */
export type HistoryState =
  | { readonly kind: "ok" }
  | { readonly kind: "fault"; readonly code: FaultCode; readonly since: EpochMs };

/** What was written and refused since the start. */
export interface HistoryCounters {
  readonly snapshots: number;
  readonly days: number;
  readonly rollups: number;
  /** Writes that the disk refused. */
  readonly refused: number;
}

const CAP_BYTES = 2 ** 30;
const PURGE_ROWS = 2_000;
const SHRINK_PAGES = 256;

/**
 * What a gateway remembers of past days. A disk that does not take writes, or damage found while it runs, is a state
 * and a counter, never an exception: figures go on from memory. Single-threaded and synchronous.
 */
export class History {
  readonly #options: HistoryOptions;
  #file: HistoryFile;
  #state: HistoryState = { kind: "ok" };
  #notice: string | null = null;
  #closed = false;
  readonly #counters = { snapshots: 0, days: 0, rollups: 0, refused: 0 };

  constructor(opened: OpenedHistoryFile, options: HistoryOptions) {
    this.#options = options;
    this.#file = opened.file;
    this.#reportReplacement(opened);
  }

  get state(): HistoryState {
    return this.#state;
  }

  get counters(): HistoryCounters {
    return { ...this.#counters };
  }

  /** Sentences that people should see; empty when nothing is wrong. */
  notices(): readonly string[] {
    const full = this.#state.kind === "fault" && this.#state.code === "HISTORY_UNWRITABLE";
    const texts = full
      ? ["Past days cannot be saved: the disk takes no writes (HISTORY_UNWRITABLE)."]
      : [];
    return this.#notice === null ? texts : [...texts, this.#notice];
  }

  /** Where the daybook must be read from; null before the first snapshot. */
  get base(): EpochMs | null {
    return this.#guarded(() => this.#file.base);
  }

  /** From where it must be read before that; null when nobody has said so. */
  get resume(): ResumePoint | null {
    return this.#guarded(() => this.#file.resume);
  }

  /** Writes a snapshot; false when the disk refused it and nothing was changed. */
  save(snapshot: Snapshot): boolean {
    const isSaved = this.#attempt(() => this.#file.save(snapshot)) !== null;
    if (isSaved) {
      this.#counters.snapshots += 1;
      this.#counters.days += snapshot.days.length;
    }
    return isSaved;
  }

  /** The newest `limit` day records that ended by `before`, oldest first. */
  *days(before: EpochMs, limit: number): Generator<SavedDay> {
    for (const start of this.#guarded(() => this.#file.dayStarts(before, limit))) {
      const day = this.#guarded(() => this.#file.day(start));
      if (day !== null) yield day;
    }
  }

  /** Customers' days from `since` on. */
  customers(since: EpochMs): readonly SavedCustomerDay[] {
    return this.#guarded(() => this.#file.customers(since));
  }

  /** Writes values of slots; returns how many were new or different, null when the disk refused them all. */
  saveRollups(rows: readonly SavedRollup[]): number | null {
    if (rows.length === 0) return 0;
    const written = this.#attempt(() => this.#file.saveRollups(rows));
    this.#counters.rollups += written ?? 0;
    return written;
  }

  /** Values of slots in order of time. */
  rollups(query: RollupQuery): Iterable<SavedRollup> {
    return this.#reading(() => this.#file.rollups(query));
  }

  /** Removes one slice of what is past its time; null when the disk refused it. */
  purge(): PurgeReceipt | null {
    const receipt = this.#attempt(() => {
      const removed = this.#file.purge(this.#options.retention ?? RETENTION, PURGE_ROWS);
      this.#file.shrink(SHRINK_PAGES);
      return removed;
    });
    const { rollups, days = 0, customers = 0 } = receipt ?? {};
    const total = Object.values(rollups ?? {}).reduce((sum, rows) => sum + rows, days + customers);
    if (total > 0)
      this.#options.log.info(
        { event: "history.purged", ...rollups, dayRecords: days, customers },
        "history past its time was removed",
      );
    return receipt;
  }

  /**
   * Forgets a customer, files that were set aside included; `rewrite` as in `HistoryFile`. null when the disk refused it and
   * nothing was changed.
   */
  forgetCustomer(
    customer: string,
    rewrite: (body: string) => string | null,
    how: Overwriting = "anew",
  ): Forgotten | null {
    removeAside(this.#options.path, false);
    return this.#attempt(() => this.#file.forgetCustomer(customer, rewrite, how));
  }

  stats(): HistoryStats {
    return this.#file.stats();
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }

  /** Runs a write; null when the disk did not take it. */
  #attempt<T>(write: () => T): T | null {
    try {
      const outcome = this.#guarded(write);
      if (this.#state.kind === "fault" && this.#state.code === "HISTORY_UNWRITABLE") this.#setOk();
      return outcome;
    } catch (error) {
      if (!cannotWrite(error)) throw error;
      this.#counters.refused += 1;
      this.#setFault("HISTORY_UNWRITABLE", "the history cannot be written");
      return null;
    }
  }

  /** Runs an operation; when the file turns out to be damaged, replaces it and runs the operation once more. */
  #guarded<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      this.#replace(error.message);
      return operation();
    }
  }

  /** Rows up to the first damage; the file is then replaced and the rest is missing, not the whole answer. */
  *#reading<T>(open: () => Iterable<T>): Generator<T> {
    try {
      yield* open();
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      this.#replace(error.message);
    }
  }

  #replace(why: string): void {
    this.#file.close();
    const opened = replaceHistoryFile(this.#options.path, this.#options.capBytes ?? CAP_BYTES, why);
    this.#file = opened.file;
    this.#reportReplacement(opened);
  }

  #reportReplacement({ replacement }: OpenedHistoryFile): void {
    if (replacement === null) return;
    const { asidePath, removed, days, rollups, why } = replacement;
    this.#notice = `The history of past days was damaged and set aside (HISTORY_CORRUPT); ${days} days of it could be read.`;
    this.#options.log.error(
      {
        event: "history.replaced",
        code: "HISTORY_CORRUPT",
        asidePath,
        removed,
        days,
        rollups,
        why,
      },
      "the history file was set aside and a new one begun",
    );
  }

  #setFault(code: FaultCode, message: string): void {
    if (this.#state.kind === "fault" && this.#state.code === code) return;
    this.#state = { kind: "fault", code, since: this.#options.clock.now() };
    this.#options.log.error({ event: "history.fault", code }, message);
  }

  #setOk(): void {
    this.#state = { kind: "ok" };
    this.#options.log.info({ event: "history.ok" }, "the history is written again");
  }
}

/**
 * Opens the history at `path`, setting a damaged file aside.
 * @throws HISTORY_VERSION for a file of a newer version, HISTORY_UNWRITABLE when it cannot be opened or created
 */
export function openHistory(options: HistoryOptions): History {
  const opened = openHistoryFile(options.path, options.capBytes ?? CAP_BYTES);
  tidyAside(options.path, options.log);
  return new History(opened, options);
}
