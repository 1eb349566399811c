import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { History } from "../../io/history/history.ts";
import { RETENTION, type SavedCustomerDay, type SavedDay } from "../../io/history/history-rows.ts";
import { KEPT_DAYS } from "../../metrics/days/day-book.ts";
import type { DayRecord } from "../../metrics/days/day-record.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { ShopDays } from "../../metrics/reports/report-period.ts";

export interface HistoryUnitDeps {
  /** null: nothing is kept beyond this life but what the daybook holds of the present day. */
  readonly history: History | null;
  readonly metrics: Pick<
    Metrics,
    "restore" | "takeChangedDays" | "restoreCustomers" | "takeChangedCustomers"
  >;
  readonly days: ShopDays;
  readonly clock: Clock;
  readonly log: Log;
}

/** Customers' days are read back this far. */
const CUSTOMER_MS = RETENTION.customerMs;

const FOREVER = epochMs(Number.MAX_SAFE_INTEGER);

/** What a start brought back. */
export interface RestoredDays {
  readonly days: number;
  /** Records damaged, or of another form than this version knows; their days are read from their rollups only. */
  readonly unreadable: number;
}

/**
 * Keeps closed trading days over restarts, each event exactly once. When a trading day begins, and before the first
 * event recorded in it is taken in, the records of all changed days before it are written together with its beginning,
 * the base. Whatever is recorded later, late events of closed days too, stands in the outbox's daybook. At a start the
 * records are restored first and the daybook is told again from the base on; a record never holds what the daybook
 * tells. The daybook is let go of only as far as the records are on the disk.
 */
export class HistoryUnit {
  readonly #deps: HistoryUnitDeps;
  /** Texts of days that the disk has not taken yet, by their beginning; at most as many as days are kept. */
  readonly #unsaved = new Map<EpochMs, SavedDay>();
  /** Likewise of customers, at most as many as the metrics remember changes. */
  readonly #customers = new Map<string, SavedCustomerDay>();
  #base: EpochMs;
  /** Beginning of the trading day for which a snapshot could not be written; null when all is on the disk. */
  #pending: EpochMs | null = null;

  constructor(deps: HistoryUnitDeps) {
    this.#deps = deps;
    const today = deps.days.calendar.dayOf(deps.clock.now()).start;
    const saved = deps.history?.base ?? null;
    this.#base = saved === null || saved > today ? today : saved;
  }

  /** From when on the daybook must be kept, and told at the next start. */
  get base(): EpochMs {
    return this.#base;
  }

  /**
   * Gives the metrics the saved days back, oldest first. Also those from the base on, which there are when the clock was
   * set back or not yet set: a day left out would be written anew with what is told late of it, and nothing else. What
   * the daybook tells once more of them is known by its origin. To be called once, before any event.
   */
  restore(): RestoredDays {
    const { history, metrics, log } = this.#deps;
    const outcome = { days: 0, unreadable: 0 };
    if (history === null) return outcome;
    // From now on it is known what the daybook must tell, even if this life ends before the day does.
    if (history.base !== this.#base) history.save({ base: this.#base, days: [], customers: [] });
    for (const { body } of history.days(FOREVER, KEPT_DAYS - 1)) {
      const record = recordOf(body);
      if (record !== null && metrics.restore(record)) outcome.days += 1;
      else outcome.unreadable += 1;
    }
    metrics.restoreCustomers(history.customers(epochMs(this.#base - CUSTOMER_MS)));
    // They are on the disk already.
    metrics.takeChangedDays(FOREVER);
    metrics.takeChangedCustomers();
    log.info({ event: "history.restored", ...outcome }, "past days were restored");
    return outcome;
  }

  /**
   * The trading day that starts at `dayStart` begins: everything taken in so far was recorded before it. Returns from
   * when on the daybook must be kept.
   */
  roll(dayStart: EpochMs): EpochMs {
    const { history, metrics } = this.#deps;
    if (history === null) {
      this.#base = dayStart;
      return dayStart;
    }
    for (const one of metrics.takeChangedCustomers())
      this.#customers.set(`${one.dayStart} ${one.customer}`, one);
    for (const record of metrics.takeChangedDays(dayStart)) {
      const { v, start, end } = record;
      const body = JSON.stringify(record);
      this.#unsaved.set(start, { dayStart: start, dayEnd: end, v, body });
    }
    this.#pending = dayStart;
    this.retry();
    return this.#base;
  }

  /** Writes what the disk refused, if there is any; true when the base moved. */
  retry(): boolean {
    const base = this.#pending;
    const { history } = this.#deps;
    if (base === null || history === null) return false;
    const days = [...this.#unsaved.values()];
    if (!history.save({ base, days, customers: [...this.#customers.values()] })) return false;
    this.#unsaved.clear();
    this.#customers.clear();
    this.#pending = null;
    this.#base = base;
    return true;
  }
}

/** Null for a text that damage made no JSON: nothing in a row says that its packed text is whole. */
function recordOf(body: string): DayRecord | null {
  try {
    return JSON.parse(body) as DayRecord;
  } catch {
    return null;
  }
}

/**
 * The daybook from the base on, in order of recording, as far as it was told: whenever all that was recorded before a
 * trading day is out, that day begins. For a gateway that was off, or could not write, when days began.
 */
export function* daybookByDays(
  unit: HistoryUnit,
  since: (from: EpochMs, until: EpochMs) => Iterable<string>,
  days: ShopDays,
  now: EpochMs,
): Generator<string> {
  const today = days.calendar.dayOf(now);
  let from = unit.base;
  while (from < today.start) {
    const { end } = days.calendar.dayOf(from);
    yield* since(from, end);
    unit.roll(end);
    from = end;
  }
  yield* since(from, epochMs(Number.MAX_SAFE_INTEGER));
}
