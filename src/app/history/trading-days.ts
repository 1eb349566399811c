import type { EpochMs } from "../../core/brand.ts";
import { type Clock, epochAt, type TimeAnchor } from "../../core/clock.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { Outbox } from "../../io/outbox/outbox.ts";
import type { ShopDays } from "../../metrics/reports/report-period.ts";
import type { SensorStatus } from "../../web/dashboard-source.ts";
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
  readonly resume: (event: JourneyEvent) => void;
  /** Says something new. */
  readonly onEvent: (event: JourneyEvent) => void;
  readonly statuses: () => readonly SensorStatus[];
  readonly anchor: () => TimeAnchor;
  /** Id of this life of the process. */
  readonly boot: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Begins trading days while a gateway lives, and brings them back when it starts. */
export class TradingDays {
  readonly #deps: TradingDaysDeps;
  #end: EpochMs;

  constructor(deps: TradingDaysDeps) {
    this.#deps = deps;
    this.#end = deps.days.calendar.dayOf(deps.clock.now()).end;
  }

  /**
   * Figures and visits first, from the history and the daybook; then the end of whatever was seeing when the last life
   * of this gateway ended. To be called once, before anything starts.
   */
  restore(): void {
    const { unit, days, outbox, boot, clock, log, past, ingest, resume, onEvent } = this.#deps;
    for (const event of past) ingest(event);
    unit.restore();
    const since = (from: EpochMs, until: EpochMs): Iterable<string> => outbox.since(from, until);
    const told = rebuildDay(daybookByDays(unit, since, days, clock.now()), boot, (event) => {
      ingest(event);
      resume(event);
    });
    outbox.purge(unit.base);
    for (const event of told.interruptions) {
      onEvent(event);
      resume(event);
    }
    const { events, unreadable } = told;
    log.info({ event: "day.rebuilt", events, unreadable }, "the day was rebuilt from the daybook");
  }

  /**
   * Begins a trading day when it is time: what was counted so far is written down, the states of the sensors are said
   * anew, and the days before are let go of. Called before each event is recorded, so that nothing recorded in the new
   * day is in the record of an old one.
   */
  check(): void {
    const { unit, days, outbox, boot, clock, anchor, statuses, onEvent } = this.#deps;
    const now = clock.now();
    if (now < this.#end) return;
    const { start, end } = days.calendar.dayOf(now);
    this.#end = end;
    // What the record counts must not be lost to the centre by a power cut right after it.
    outbox.flush();
    const keptFrom = unit.roll(start);
    // The anchor may have been read long ago: only what it says of this moment is the time of the news.
    const mono = clock.mono();
    const moment = { ...anchor(), mono, epoch: epochAt(anchor(), mono) };
    for (const event of recapSensors(statuses(), { start, boot }, moment)) onEvent(event);
    outbox.purge(keptFrom);
  }

  /** Writes what the disk refused when a day began, and then lets go of that day's events. */
  retry(): void {
    if (this.#deps.unit.retry()) this.#deps.outbox.purge(this.#deps.unit.base);
  }
}
