import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { SitePlan } from "../../core/site.ts";
import type { TradingDay } from "../../metrics/calendar/trading-day.ts";
import { shopDays } from "../../metrics/reports/report-period.ts";
import type { CentralStore, DirtyHour } from "../repository.ts";
import type { Arrival } from "./arrival.ts";
import { FINAL_AFTER_MS } from "./day-rows.ts";
import { daysBehind, makeDay, type WorkerMetrics } from "./make-day.ts";
import { OpenDays } from "./open-days.ts";
import { readArrivals } from "./read-arrivals.ts";
import type { StorePlans } from "./store-plans.ts";

export interface RollupWorkerOptions {
  readonly repository: CentralStore;
  readonly plans: StorePlans;
  readonly metricsOf: (site: SitePlan) => WorkerMetrics;
  /** Name of this centre among those that share the store. */
  readonly holder: string;
  /** Events older than this many days are gone, and their days stay as they are; absent = none is. */
  readonly keepDays?: number;
  readonly clock: Pick<Clock, "now" | "mono">;
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
  /** Days left to the centre that makes those of their shop. */
  readonly elsewhere: number;
}

/** Nothing was done yet. */
export const NO_ROLLUPS: RollupCounts = {
  days: 0,
  rows: 0,
  unplanned: 0,
  expired: 0,
  elsewhere: 0,
};

/** One trading day of one shop to be made, with the hours that are done by it. */
interface Due {
  readonly site: SitePlan;
  readonly day: TradingDay;
  readonly hours: DirtyHour[];
  /** Events arrived for it; an hour on the border of two days is done with the later one. */
  readonly isTouched: boolean;
}

const DAY_MS = 86_400_000;
/** Where clocks change twice as far as anywhere; only spares a look at the calendar. */
const SHORTEST_DAY_MS = 22 * 3_600_000;
/** Trading days made in one turn; the rest waits for the next. */
const DAYS_AT_ONCE = 20;
/** Of these, days of one shop: whoever brings in a year must not keep the others waiting. */
const DAYS_OF_ONE = 5;
const HOURS_AT_ONCE = 10_000;
/** A day that goes on is made again at most so often. */
const FRESH_MS = 120_000;
const STORE_CAP = 10_000;
/** A shop whose days a centre makes is its own for so long after each; another takes it over when that one is gone. */
const CLAIM_MS = 180_000;

/**
 * Makes the figures of the hours in which events arrived: by whole trading days of the shop, with the gateway's own
 * metrics code, from the stored events and the records of the days before. A day is made again whenever something
 * comes late for it, and once more when it is over. Doing it twice changes nothing; of several centres one makes the days
 * of a shop.
 */
export class RollupWorker {
  readonly #options: RollupWorkerOptions;
  readonly #open: OpenDays;
  readonly #made = new BoundedMap<string, EpochMs>({ cap: STORE_CAP, idleMs: 2 * DAY_MS });
  readonly #said = new BoundedMap<string, true>({ cap: STORE_CAP, idleMs: DAY_MS });
  /** Shops this centre has claimed; of those beyond the cap the claim ends by time. */
  readonly #claimed = new BoundedMap<string, true>({ cap: STORE_CAP, idleMs: CLAIM_MS });
  readonly #counts = { ...NO_ROLLUPS };
  #isStopped = false;

  constructor(options: RollupWorkerOptions) {
    this.#options = options;
    this.#open = new OpenDays(options.repository);
  }

  get counts(): RollupCounts {
    return { ...this.#counts };
  }

  /** Lets the turn under way end after the day it is at. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Gives all shops back to the other centres. @throws STORE_FAILED */
  async release(): Promise<void> {
    const { repository, holder } = this.#options;
    for (const [storeId] of this.#claimed.entries()) await repository.releaseStore(storeId, holder);
  }

  /** One turn of bounded work; true when more waits. @throws STORE_FAILED */
  async turn(): Promise<boolean> {
    const { clock, repository } = this.#options;
    const now = clock.now();
    const hours = await repository.dirtyHours(HOURS_AT_ONCE);
    const due = [...(await this.#dueOf(hours, now)), ...(await this.#openDue(now))];
    const all = unique(due);
    const fresh = withoutShared(all, (one) => this.#isFresh(one, now));
    if (fresh.length === 0) return false;
    const arrivals = await readArrivals(repository, now);
    const work = fresh.filter((one) => this.#isWorthIt(one, arrivals(one.site.store.id), now));
    let [made, seen] = [0, 0];
    for (const one of inTurns(work)) {
      if (this.#isStopped) return false;
      if (made === DAYS_AT_ONCE) return true;
      seen += 1;
      const own = await this.#claim(one);
      if (own === null) continue;
      await this.#make(own, arrivals(one.site.store.id), now);
      made += 1;
    }
    return seen < work.length;
  }

  /** The day with the hours still to be done, if it is for this centre to make; else null. */
  async #claim(due: Due): Promise<Due | null> {
    const { repository, holder, clock } = this.#options;
    const storeId = String(due.site.store.id);
    if (!(await repository.claimStore(storeId, holder, CLAIM_MS))) {
      this.#counts.elsewhere += 1;
      return null;
    }
    const isOwn = this.#claimed.peek(storeId) !== undefined;
    this.#claimed.set(storeId, true, clock.mono());
    if (isOwn || due.hours.length === 0) return due;
    // Another centre may just have made it.
    const left = await repository.dirtyHours(HOURS_AT_ONCE, storeId);
    const isLeft = new Set(left.map(({ hour }) => hour));
    const hours = due.hours.filter(({ hour }) => isLeft.has(hour));
    return hours.length === 0 ? null : { ...due, hours };
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
    if (made.isPastChanged) await this.#makeAgainBehind(site, day, now);
  }

  /** Figures of a day rest on the days before it, in whatever order they came. */
  async #makeAgainBehind(site: SitePlan, day: TradingDay, now: EpochMs): Promise<void> {
    const storeId = String(site.store.id);
    const present = shopDays(site).calendar.dayOf(now).start;
    const behind = await daysBehind(this.#options.repository, storeId, day);
    for (const at of new Set([...behind, present])) {
      if (at <= day.start) continue;
      const wasMade = this.#made.delete(`${storeId} ${at}`);
      // The present day has no record yet: it is made again if it was made.
      if (wasMade || at !== present) await this.#open.open(storeId, at, "running", now);
    }
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
      const isToBeMade = this.#made.peek(`${open.storeId} ${open.at}`) === undefined;
      const isOn = open.why === "running" && open.at + SHORTEST_DAY_MS > now;
      if (isOn && !isToBeMade) continue;
      const site = await this.#options.plans.of(open.storeId);
      if (site === null) continue;
      const day = shopDays(site).calendar.dayOf(open.at);
      if (open.why === "no-plan") due.push(...(await this.#planned(site, open.at, now)));
      else if (day.end <= now || isToBeMade) due.push({ site, day, hours: [], isTouched: false });
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
    return days.map((day) => ({ site, day, hours: [], isTouched: false }));
  }

  #isGone(day: TradingDay, now: EpochMs): boolean {
    const { keepDays } = this.#options;
    return keepDays !== undefined && day.start < now - keepDays * DAY_MS;
  }

  /** Without new events a day that was made says the same until its gateway has told the rest. */
  #isWorthIt({ site, day, isTouched }: Due, { until }: Arrival, now: EpochMs): boolean {
    if (isTouched || until >= day.end || now >= day.end + FINAL_AFTER_MS) return true;
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
    const touched = daysTouched(calendar, hour);
    for (const [index, day] of touched.entries()) {
      if (index === 1 && day.start === touched[0]?.start) continue;
      const due = days.get(day.start) ?? { site, day, hours: [], isTouched: true };
      days.set(day.start, due);
      // The hour is done only with the later of the two days, which is made after the other.
      if (index === touched.length - 1 || touched[1]?.start === day.start) due.hours.push(hour);
    }
  }
  return [...days.values()].sort((a, b) => a.day.start - b.day.start);
}

/** The trading days at the beginning and at the end of an hour; mostly the same one. */
const daysTouched = (
  calendar: ReturnType<typeof shopDays>["calendar"],
  { hour }: DirtyHour,
): readonly TradingDay[] => [calendar.dayOf(hour), calendar.dayOf(epochMs(hour + 3_599_999))];

/** What is to be made now; an hour that it shares with a day left for later stays to be done. */
function withoutShared(due: readonly Due[], isLater: (one: Due) => boolean): readonly Due[] {
  const later = new Set(due.filter(isLater).map(keyOf));
  if (later.size === 0) return due;
  return due
    .filter((one) => !later.has(keyOf(one)))
    .map((one) => {
      const { calendar } = shopDays(one.site);
      const isShared = (hour: DirtyHour): boolean =>
        daysTouched(calendar, hour).some((day) => later.has(keyOf({ ...one, day })));
      return { ...one, hours: one.hours.filter((hour) => !isShared(hour)) };
    });
}

/** A few days of each shop, oldest first, the shops in order. */
function* inTurns(due: readonly Due[]): Generator<Due> {
  const taken = new Map<string, number>();
  for (const one of [...due].sort((a, b) => a.day.start - b.day.start)) {
    const count = (taken.get(one.site.store.id) ?? 0) + 1;
    taken.set(one.site.store.id, count);
    if (count <= DAYS_OF_ONE) yield one;
  }
}

const keyOf = ({ site, day }: Pick<Due, "site" | "day">): string => `${site.store.id} ${day.start}`;

function unique(due: readonly Due[]): readonly Due[] {
  const byKey = new Map<string, Due>();
  for (const one of due) {
    const key = keyOf(one);
    if (!byKey.has(key)) byKey.set(key, one);
  }
  return [...byKey.values()];
}
