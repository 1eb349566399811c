import { type EpochMs, epochMs } from "../../core/brand.ts";
import { type Clock, epochAt, type TimeAnchor } from "../../core/clock.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { Outbox } from "../../io/outbox/outbox.ts";
import type { Journey } from "../../journey/journey.ts";
import type { TradingDay } from "../../metrics/calendar/trading-day.ts";
import type { ShopDays } from "../../metrics/reports/report-period.ts";
import type { SensorStatus } from "../../web/dashboard-source.ts";
import type { StreamName } from "../../wire/cloud-event.ts";
import { recapSensors } from "../day-recap.ts";
import { rebuildDay } from "../rebuild-day.ts";
import { daybookByDays, type HistoryUnit } from "./history-unit.ts";

export interface TradingDaysDeps {
  readonly unit: HistoryUnit;
  readonly days: ShopDays;
  readonly outbox: Outbox;
  /** What was counted before this gateway lived, oldest first; taken in before everything else. */
  readonly past: Iterable<JourneyEvent>;
  /** Takes in what is told again: the figures, and the visits that were under way. */
  readonly ingest: (event: JourneyEvent) => void;
  readonly journey: Pick<Journey, "restore" | "settle">;
  /** Lets visits be decided up to now. */
  readonly advance: () => void;
  /** Says something new. */
  readonly onEvent: (event: JourneyEvent) => void;
  readonly statuses: () => readonly SensorStatus[];
  readonly anchor: () => TimeAnchor;
  /** Id of this life of the process. */
  readonly boot: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Beginnings of days that are remembered, so that none is begun twice under one name; the oldest goes first. */
const MAX_BEGUN = 64;
const STATES: ReadonlySet<StreamName> = new Set(["health"]);

/** Begins trading days while a gateway lives, and brings them back when it starts. */
export class TradingDays {
  readonly #deps: TradingDaysDeps;
  /** The trading day that the clock showed last. */
  #today: TradingDay;
  /** How often each day began in this life. */
  readonly #begun = new Map<EpochMs, number>();

  constructor(deps: TradingDaysDeps) {
    this.#deps = deps;
    this.#today = deps.days.calendar.dayOf(deps.clock.now());
  }

  /**
   * Figures and visits first, from the history and the daybook; then the end of whatever was seeing when the last life
   * of this gateway ended, and the visits that came to their end while no gateway lived. To be called once, before
   * anything starts.
   */
  restore(): void {
    const { unit, days, outbox, boot, clock, log, past, ingest, journey, onEvent } = this.#deps;
    for (const event of past) ingest(event);
    unit.restore();
    this.#resumeVisits();
    const before = unit.base;
    const since = (from: EpochMs, until: EpochMs): Iterable<string> => outbox.since(from, until);
    const told = rebuildDay(daybookByDays(unit, since, days, clock.now()), boot, (event) => {
      ingest(event);
      journey.restore(event);
    });
    for (const event of told.interruptions) {
      onEvent(event);
      journey.restore(event);
    }
    this.#deps.advance();
    // Days that began meanwhile were noted before visits were decided on.
    if (unit.base !== before) unit.rebase(unit.base);
    this.#purge();
    const { events, unreadable } = told;
    log.info({ event: "day.rebuilt", events, unreadable }, "the day was rebuilt from the daybook");
  }

  /**
   * Begins a trading day when it is time: what was counted so far is written down, the states of the sensors are said
   * anew, and the days before are let go of. Also when the clock is set back into a day before. Called before each event
   * is recorded, so that nothing recorded in the new day is in the record of an old one.
   */
  check(): void {
    const { unit, days, outbox, clock } = this.#deps;
    const now = clock.now();
    const { start, end } = this.#today;
    if (now >= start && now < end) return;
    this.#today = days.calendar.dayOf(now);
    // What the record counts must not be lost to the centre by a power cut right after it.
    outbox.flush();
    if (now < start) unit.rebase(this.#today.start);
    else unit.roll(this.#today.start);
    this.#recap(this.#today.start);
    this.#purge();
  }

  /** Writes what the disk refused when a day began, and then lets go of that day's events. */
  retry(): void {
    if (this.#deps.unit.retry()) this.#purge();
  }

  /**
   * Tells the visits what those under way when the day began rest on, and that whatever was due by then was told: what is
   * read back of others is their end alone.
   */
  #resumeVisits(): void {
    const { unit, outbox, boot, journey } = this.#deps;
    const { from, decidedUntil } = unit.resume;
    let last: EpochMs | null = null;
    const take = (event: JourneyEvent): void => {
      journey.restore(event);
      // A receipt has the till's clock.
      if (event.kind !== "transacted") last = epochMs(Math.max(last ?? event.at, event.at));
    };
    if (from < unit.base) rebuildDay(outbox.since(unit.statesFrom, from, STATES), boot, take);
    rebuildDay(outbox.since(from, unit.base), boot, take);
    const until = decidedUntil ?? last;
    if (until !== null) journey.settle(until < unit.base ? until : unit.base);
  }

  #recap(start: EpochMs): void {
    const { boot, clock, anchor, statuses, onEvent } = this.#deps;
    const before = this.#begun.get(start) ?? 0;
    this.#begun.set(start, before + 1);
    if (this.#begun.size > MAX_BEGUN) {
      const oldest = this.#begun.keys().next().value;
      if (oldest !== undefined) this.#begun.delete(oldest);
    }
    // The anchor may have been read long ago: only what it says of this moment is the time of the news.
    const mono = clock.mono();
    const moment = { ...anchor(), mono, epoch: epochAt(anchor(), mono) };
    for (const event of recapSensors(statuses(), { start, boot, before }, moment)) onEvent(event);
  }

  #purge(): void {
    const { unit, outbox } = this.#deps;
    outbox.purge(unit.keptFrom, unit.statesFrom);
  }
}
