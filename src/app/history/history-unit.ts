import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { History } from "../../io/history/history.ts";
import {
  RETENTION,
  type ResumePoint,
  type SavedCustomerDay,
  type SavedDay,
} from "../../io/history/history-rows.ts";
import type { Journey } from "../../journey/journey.ts";
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
  /** What visits under way rest on. */
  readonly journey: Pick<Journey, "underWay" | "reachMs">;
  readonly days: ShopDays;
  readonly clock: Clock;
  readonly log: Log;
}

/** Events are recorded so much before or after they happened: clocks are set, and tills have their own. */
const MARGIN_MS = 600_000;

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
 * tells. The daybook is let go of only as far as the records are on the disk, and as no visit under way rests on it: those
 * events of the day before are told to the visits alone.
 */
export class HistoryUnit {
  readonly #deps: HistoryUnitDeps;
  /** Texts of days that the disk has not taken yet, by their beginning; at most as many as days are kept. */
  readonly #unsaved = new Map<EpochMs, SavedDay>();
  /** Likewise of customers, at most as many as the metrics remember changes. */
  readonly #customers = new Map<string, SavedCustomerDay>();
  #base: EpochMs;
  #resume: ResumePoint;
  /** Beginning of the trading day for which a snapshot could not be written; null when all is on the disk. */
  #pending: { readonly base: EpochMs; readonly resume: ResumePoint } | null = null;

  constructor(deps: HistoryUnitDeps) {
    this.#deps = deps;
    const today = deps.days.calendar.dayOf(deps.clock.now()).start;
    const saved = deps.history?.base ?? null;
    this.#base = saved === null || saved > today ? today : saved;
    // Where nobody has noted it, whatever is still there.
    const unknown = { from: this.#earliest(this.#base), decidedUntil: null };
    this.#resume = deps.history?.resume ?? unknown;
  }

  /** From when on the daybook is told at the next start. */
  get base(): EpochMs {
    return this.#base;
  }

  /** From where before the base it is told to visits under way, and until when they had been decided on. */
  get resume(): ResumePoint {
    const { from, decidedUntil } = this.#resume;
    return { from: earlier(from, this.#base), decidedUntil };
  }

  /** From when on the daybook must be kept; how sensors are, from so much earlier that each has said it once. */
  get keptFrom(): EpochMs {
    return this.resume.from;
  }

  get statesFrom(): EpochMs {
    return earlier(this.keptFrom, this.#earliest(this.#base));
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

  /** The trading day that starts at `dayStart` begins: everything taken in so far was recorded before it. */
  roll(dayStart: EpochMs): void {
    const { history, metrics } = this.#deps;
    const resume = this.#resumeAt(dayStart);
    if (history === null) {
      this.#base = dayStart;
      this.#resume = resume;
      return;
    }
    for (const one of metrics.takeChangedCustomers())
      this.#customers.set(`${one.dayStart} ${one.customer}`, one);
    for (const record of metrics.takeChangedDays(dayStart)) {
      const { v, start, end } = record;
      const body = JSON.stringify(record);
      this.#unsaved.set(start, { dayStart: start, dayEnd: end, v, body });
    }
    this.#pending = { base: dayStart, resume };
    this.retry();
  }

  /**
   * The clock was set back into the trading day that starts at `dayStart`: from now on its events are recorded, and must
   * be told again. Also to be called when visits under way are known again that were not when a day began.
   */
  rebase(dayStart: EpochMs): void {
    const base = earlier(dayStart, this.#pending?.base ?? this.#base);
    this.#pending = { base, resume: this.#resumeAt(base) };
    if (this.#deps.history !== null) this.retry();
    else {
      this.#base = base;
      this.#resume = this.#pending.resume;
      this.#pending = null;
    }
  }

  /** Writes what the disk refused, if there is any; true when the base moved. */
  retry(): boolean {
    const { history } = this.#deps;
    if (this.#pending === null || history === null) return false;
    const { base, resume } = this.#pending;
    const days = [...this.#unsaved.values()];
    const customers = [...this.#customers.values()];
    if (!history.save({ base, resume, days, customers })) return false;
    this.#unsaved.clear();
    this.#customers.clear();
    this.#pending = null;
    this.#base = base;
    this.#resume = resume;
    return true;
  }

  /** Forgets a customer in what the disk has not taken yet; `rewrite` gives a text without the name, null where it has none. */
  forgetCustomer(customer: string, rewrite: (body: string) => string | null): void {
    for (const [key, one] of this.#customers)
      if (one.customer === customer) this.#customers.delete(key);
    for (const [start, day] of this.#unsaved) {
      const body = rewrite(day.body);
      if (body !== null) this.#unsaved.set(start, { ...day, body });
    }
  }

  /** Never more than the longest visit takes, whatever visits say. */
  #resumeAt(base: EpochMs): ResumePoint {
    const { since, decidedUntil } = this.#deps.journey.underWay;
    const from = epochMs((since ?? base + MARGIN_MS) - MARGIN_MS);
    return {
      from: earlier(base, epochMs(Math.max(from, this.#earliest(base)))),
      decidedUntil: decidedUntil === null ? null : earlier(decidedUntil, base),
    };
  }

  #earliest(base: EpochMs): EpochMs {
    return epochMs(base - this.#deps.journey.reachMs - MARGIN_MS);
  }
}

const earlier = (a: EpochMs, b: EpochMs): EpochMs => (a < b ? a : b);

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
