import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { SitePlan } from "../../core/site.ts";
import type { TradingDay } from "../../metrics/calendar/trading-day.ts";
import { shopDays } from "../../metrics/reports/report-period.ts";
import type { CentralStore, DirtyHour } from "../repository.ts";
import type { Arrival } from "./arrival.ts";
import { FINAL_AFTER_MS } from "./day-rows.ts";
import { makeDay, type WorkerMetrics } from "./make-day.ts";
import { OpenDays } from "./open-days.ts";
import { readArrivals } from "./read-arrivals.ts";
import type { StorePlans } from "./store-plans.ts";

export interface RollupWorkerOptions {
  readonly repository: CentralStore;
  readonly plans: StorePlans;
  readonly metricsOf: (site: SitePlan) => WorkerMetrics;
  /** Events older than this many days are gone, and their days stay as they are; absent = none is. */
  readonly keepDays?: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the worker did since the start. */
export interface RollupCounts {
  /** Trading days of shops that were made, and rows of theirs that were new or different. */
  readonly days: number;
  readonly rows: number;
  /** Hours of shops without a plan, and of days whose events are gone. */
  readonly unplanned: number;
  readonly expired: number;
  readonly failed: number;
}

/** One trading day of one shop to be made, with the hours that are done by it. */
interface Due {
  readonly site: SitePlan;
  readonly day: TradingDay;
  readonly hours: DirtyHour[];
}

const DAY_MS = 86_400_000;
/** Where clocks change twice as far as anywhere; only spares a look at the calendar. */
const SHORTEST_DAY_MS = 22 * 3_600_000;
const IDLE_MS = 30_000;
const BUSY_MS = 1_000;
const FIRST_MS = 5_000;
/** Trading days made in one turn; the rest waits for the next, so that the ingest gets its share. */
const DAYS_AT_ONCE = 20;
const HOURS_AT_ONCE = 10_000;
/** A day that goes on is made again at most so often. */
const FRESH_MS = 120_000;
const STORE_CAP = 10_000;

/**
 * Makes the figures of the hours in which events arrived: by whole trading days of the shop, with the gateway's own
 * metrics code, from the stored events and the records of the days before. A day is made again whenever something
 * comes late for it, and once more when it is over. Doing it twice changes nothing.
 */
export class RollupWorker {
  readonly #options: RollupWorkerOptions;
  readonly #open: OpenDays;
  readonly #made = new BoundedMap<string, EpochMs>({ cap: STORE_CAP, idleMs: 2 * DAY_MS });
  readonly #said = new BoundedMap<string, true>({ cap: STORE_CAP, idleMs: DAY_MS });
  readonly #counts = { days: 0, rows: 0, unplanned: 0, expired: 0, failed: 0 };
  #timer: Timer | null = null;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: RollupWorkerOptions) {
    this.#options = options;
    this.#open = new OpenDays(options.repository);
  }

  get counts(): RollupCounts {
    return { ...this.#counts };
  }

  /** Begins to work, a few seconds from now. */
  start(): void {
    this.#next(FIRST_MS);
  }

  /** Resolves when the turn under way is over; none begins after it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** One turn of bounded work; true when more waits. @throws STORE_FAILED */
  async turn(): Promise<boolean> {
    const { clock, repository } = this.#options;
    const now = clock.now();
    const hours = await repository.dirtyHours(HOURS_AT_ONCE);
    const due = [...(await this.#dueOf(hours, now)), ...(await this.#openDue(now))];
    const fresh = unique(due).filter((one) => !this.#isFresh(one, now));
    if (fresh.length === 0) return false;
    const arrivals = await readArrivals(repository);
    const work = fresh.filter((one) => this.#isWorthIt(one, arrivals(one.site.store.id), now));
    for (const one of work.slice(0, DAYS_AT_ONCE)) {
      if (this.#isStopped) return false;
      await this.#make(one, arrivals(one.site.store.id), now);
    }
    return work.length > DAYS_AT_ONCE;
  }

  #next(afterMs: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.after(afterMs, "rollups", () => {
      this.#running = this.#attempt();
    });
  }

  async #attempt(): Promise<void> {
    let pauseMs = IDLE_MS;
    try {
      if (await this.turn()) pauseMs = BUSY_MS;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#counts.failed += 1;
      const { code } = error;
      this.#options.log.warn({ event: "rollups.failed", code }, "figures could not be made");
    }
    this.#next(pauseMs);
  }

  async #make({ site, day, hours }: Due, arrival: Arrival, now: EpochMs): Promise<void> {
    const { repository, metricsOf, clock } = this.#options;
    const storeId = String(site.store.id);
    if (this.#isGone(day, now)) {
      this.#counts.expired += hours.length;
      await repository.saveRollups(storeId, [], hours);
      await this.#open.close(storeId, day);
      return;
    }
    const maker = { repository, site, day, arrival, now, metrics: metricsOf(site) };
    const made = await makeDay(maker, hours);
    this.#made.set(`${storeId} ${day.start}`, now, clock.mono());
    this.#counts.days += 1;
    this.#counts.rows += made.rows;
    if (made.isOver) await this.#open.close(storeId, day);
    else await this.#open.open(storeId, day.start, "running", now);
  }

  async #dueOf(hours: readonly DirtyHour[], now: EpochMs): Promise<readonly Due[]> {
    const byStore = new Map<string, DirtyHour[]>();
    for (const hour of hours)
      byStore.set(hour.storeId, [...(byStore.get(hour.storeId) ?? []), hour]);
    const due: Due[] = [];
    for (const [storeId, own] of byStore) {
      const site = await this.#options.plans.of(storeId);
      if (site === null) await this.#setAside(storeId, own, now);
      else due.push(...daysOf(site, own));
    }
    return due;
  }

  /** The hours of a shop without a plan are noted as days to be made when there is one, and are no longer dirty. */
  async #setAside(storeId: string, hours: readonly DirtyHour[], now: EpochMs): Promise<void> {
    const { repository, clock, log } = this.#options;
    this.#counts.unplanned += hours.length;
    if (this.#said.get(storeId, clock.mono()) === undefined) {
      this.#said.set(storeId, true, clock.mono());
      const fields = { event: "rollups.no-plan", storeId };
      log.info(fields, "a store has events but no site plan, so no figures are made of them yet");
    }
    for (const day of new Set(hours.map(({ hour }) => Math.floor(hour / DAY_MS) * DAY_MS)))
      await this.#open.open(storeId, epochMs(day), "no-plan", now);
    await repository.saveRollups(storeId, [], hours);
  }

  /** Days that are over and were not told to their end, and days of shops that have a plan now. */
  async #openDue(now: EpochMs): Promise<readonly Due[]> {
    const due: Due[] = [];
    for (const open of await this.#open.list()) {
      if (open.why === "running" && open.at + SHORTEST_DAY_MS > now) continue;
      const site = await this.#options.plans.of(open.storeId);
      if (site === null) continue;
      const day = shopDays(site).calendar.dayOf(open.at);
      if (open.why === "no-plan") due.push(...(await this.#planned(site, open.at, now)));
      else if (day.end <= now) due.push({ site, day, hours: [] });
    }
    return due;
  }

  /** The trading days that a day of UTC touches; from now on they are open until they are made. */
  async #planned(site: SitePlan, at: EpochMs, now: EpochMs): Promise<readonly Due[]> {
    const storeId = String(site.store.id);
    const { calendar } = shopDays(site);
    const days = [calendar.dayOf(at), calendar.dayOf(epochMs(at + DAY_MS - 1))];
    await this.#open.drop(storeId, at);
    for (const day of days) await this.#open.open(storeId, day.start, "running", now);
    return days.map((day) => ({ site, day, hours: [] }));
  }

  #isGone(day: TradingDay, now: EpochMs): boolean {
    const { keepDays } = this.#options;
    return keepDays !== undefined && day.start < now - keepDays * DAY_MS;
  }

  /** Without new events a day that was made says the same until its gateway has told the rest. */
  #isWorthIt({ site, day, hours }: Due, { until }: Arrival, now: EpochMs): boolean {
    if (hours.length > 0 || until >= day.end || now >= day.end + FINAL_AFTER_MS) return true;
    return this.#made.peek(`${site.store.id} ${day.start}`) === undefined;
  }

  /** A day that goes on need not be made again at every turn. */
  #isFresh({ site, day }: Due, now: EpochMs): boolean {
    const at = this.#made.peek(`${site.store.id} ${day.start}`);
    return at !== undefined && now - at < FRESH_MS && now >= at;
  }
}

function daysOf(site: SitePlan, hours: readonly DirtyHour[]): Due[] {
  const { calendar } = shopDays(site);
  const days = new Map<EpochMs, Due>();
  for (const hour of hours) {
    // The border of a trading day need not lie on a whole hour (UTC).
    const touched = [calendar.dayOf(hour.hour), calendar.dayOf(epochMs(hour.hour + 3_599_999))];
    for (const [index, day] of touched.entries()) {
      if (index === 1 && day.start === touched[0]?.start) continue;
      const due = days.get(day.start) ?? { site, day, hours: [] };
      days.set(day.start, due);
      // The hour is done only with the later of the two days, which is made after the other.
      if (index === touched.length - 1 || touched[1]?.start === day.start) due.hours.push(hour);
    }
  }
  return [...days.values()].sort((a, b) => a.day.start - b.day.start);
}

function unique(due: readonly Due[]): readonly Due[] {
  const byKey = new Map<string, Due>();
  for (const one of due) {
    const key = `${one.site.store.id} ${one.day.start}`;
    if (!byKey.has(key)) byKey.set(key, one);
  }
  return [...byKey.values()];
}
