import { type EpochMs, epochMs, monoMs } from "../../core/brand.ts";
import type { TimeAnchor } from "../../core/clock.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { createJourney, type Journey } from "../../journey/journey.ts";
import { visitOptionsOf } from "../visit-calendar.ts";
import type { DayFaults } from "./sense/faults.ts";
import { type SensedShop, ShopSenses } from "./sense/sense-day.ts";
import type { TrueDay } from "./true-day.ts";

const DAY_MS = 86_400_000;
const STEP_MS = 60_000;

/** A simulated shop with the product's own journey stage behind its sensors, in virtual time. */
export class ToldShop {
  readonly #shop: SensedShop;
  readonly #senses: ShopSenses;
  readonly #journey: Journey;
  #steps: DayFaults["clockSteps"] = [];
  #now = 0;

  constructor(shop: SensedShop, onEvent: (event: JourneyEvent) => void) {
    this.#shop = shop;
    this.#senses = new ShopSenses(shop);
    this.#now = shop.startAt;
    const { site } = shop;
    const visits = visitOptionsOf(site);
    this.#journey = createJourney({ site, anchor: () => this.#anchor(), onEvent, visits });
  }

  /**
   * Lets a day happen: every event at the time at which its sensor tells it. `onTime` is called between events, about
   * once a minute of open hours, with the true time. What would be told from `endsAt` on is left out. Returns the visits
   * that cards identified.
   */
  day(
    day: TrueDay,
    onTime: (now: EpochMs) => void = () => undefined,
    endsAt = Number.POSITIVE_INFINITY,
  ): ReadonlySet<number> {
    const { events, identified, faults } = this.#senses.sense(day);
    this.#steps = faults.clockSteps;
    let due = day.opensAt as number;
    for (const { toldAt, event } of events) {
      if (toldAt >= endsAt) break;
      for (; due <= toldAt && due < day.closesAt + 2 * 3_600_000; due += STEP_MS) {
        this.#advance(due);
        onTime(epochMs(due));
      }
      this.#advance(toldAt);
      this.#journey.ingest(event);
    }
    this.#steps = [];
    return identified;
  }

  /** Lets the night pass, until just before the next day's first event. */
  closeDay(day: TrueDay): void {
    this.#advance(day.opensAt + DAY_MS - 6 * 3_600_000);
  }

  /** The sensors are switched off. */
  stop(at: EpochMs): void {
    this.#advance(at);
    for (const { event } of this.#senses.stop(at)) this.#journey.ingest(event);
  }

  /** No further day will come. */
  finish(): void {
    this.#journey.finish();
  }

  #advance(now: number): void {
    this.#now = Math.max(this.#now, now);
    this.#journey.advance(epochMs(Math.round(this.#now + this.#aheadMs())));
  }

  #anchor(): TimeAnchor {
    const aheadMs = this.#aheadMs();
    const clock = aheadMs === 0 ? "synced" : "holdover";
    return { mono: monoMs(0), epoch: epochMs(this.#shop.startAt + aheadMs), clock };
  }

  #aheadMs(): number {
    return this.#steps.find(({ from, to }) => this.#now >= from && this.#now < to)?.aheadMs ?? 0;
  }
}
