import type { SensorState } from "../../../core/events.ts";
import type { SitePlan } from "../../../core/site.ts";
import { streamOf } from "../draws.ts";
import type { ShopLayout } from "../layout.ts";
import type { Fault, SensorModel } from "../model.ts";
import type { TrueDay } from "../true-day.ts";
import { type CounterPlan, CounterSense, seeCrossings } from "./counter.ts";
import { type DayFaults, faultsOfDay, tellState, withoutBlind } from "./faults.ts";
import { type Notice, Numbering } from "./notices.ts";
import { type ShopTags, TagSense } from "./tags.ts";
import { tellReceipts } from "./till-sense.ts";
import { followDay } from "./tracks.ts";

/** The sensors of one shop. */
export interface SensedShop {
  readonly site: SitePlan;
  readonly layout: ShopLayout;
  readonly sensor: SensorModel;
  readonly tags: ShopTags;
  readonly counter: CounterPlan;
  /** Whether the counter's tracks go from door to door. */
  readonly isFollowing: boolean;
  readonly hasCustomerTags: boolean;
  readonly faults: readonly Fault[];
  readonly seed: number;
  /** True time at which monotonic time is 0. */
  readonly startAt: number;
  readonly run: string;
}

/** One day as the sensors told it. */
export interface SensedDay {
  readonly events: readonly Notice[];
  /** Ids of visits that a card identified. */
  readonly identified: ReadonlySet<number>;
  readonly faults: DayFaults;
}

/** How long before opening the sensors are on: a trading day's first hours. */
const ON_BEFORE_MS = 5 * 3_600_000;

/** Turns true days into the events that sensors would have told, day after day. Deterministic. */
export class ShopSenses {
  readonly #shop: SensedShop;
  readonly #numbering: Numbering;
  #nextTrack = 1;
  #isOn = false;

  constructor(shop: SensedShop) {
    this.#shop = shop;
    this.#numbering = new Numbering(shop.startAt);
  }

  /** Days in order; each once. */
  sense(day: TrueDay): SensedDay {
    const { layout, sensor, tags, counter, hasCustomerTags, faults, seed, run } = this.#shop;
    const context = { mono: (at: number) => this.#numbering.mono(at), run };
    const stream = (aspect: string): (() => number) => streamOf(seed, aspect, day.number);
    const seen = seeCrossings(day, sensor, stream("door-misses"));
    const shop = { layout, sensor, plan: counter };
    const counting = new CounterSense(day, seen, shop, context);
    this.#count(counting, day, stream("counter"));
    const radio = new TagSense(day, { layout, sensor, tags }, context, stream("radio"));
    radio.hearStaff();
    if (hasCustomerTags) radio.hearCustomers();
    const began = this.#isOn ? [] : this.#switchOn(day, radio);
    const wrong = faultsOfDay(day, faults, seed);
    const notices: Notice[] = [
      ...began,
      ...withoutBlind(counting.notices, `camera:${counter.cameraId}#${run}`, wrong.blind),
      ...radio.notices,
      ...tellReceipts(day, sensor, context, stream("till-clock")),
    ];
    const camera = { id: counter.cameraId, kind: "camera" } as const;
    for (const { from, to } of wrong.blind)
      notices.push(
        tellState(camera, "blind", from, context),
        tellState(camera, "seeing", to, context),
      );
    const events = this.#numbering.number(notices);
    return { events, identified: radio.identified, faults: wrong };
  }

  /** The sensors are switched off, for good. */
  stop(at: number): readonly Notice[] {
    return this.#numbering.number(this.#states("stopped", at));
  }

  #states(state: SensorState, at: number): Notice[] {
    const { site, run } = this.#shop;
    const context = { mono: (time: number) => this.#numbering.mono(time), run };
    return [
      ...site.cameras.map(({ id }) => tellState({ id, kind: "camera" }, state, at, context)),
      ...site.receivers.map(({ id }) => tellState({ id, kind: "radio" }, state, at, context)),
    ];
  }

  #count(counting: CounterSense, day: TrueDay, random: () => number): void {
    const { isFollowing, sensor } = this.#shop;
    if (!isFollowing) {
      this.#nextTrack = counting.count(this.#nextTrack, random);
      return;
    }
    const people = [...day.visits, ...day.passers];
    const following = followDay(people, sensor, this.#nextTrack, random);
    this.#nextTrack = counting.follow(following, random);
  }

  #switchOn(day: TrueDay, radio: TagSense): Notice[] {
    this.#isOn = true;
    const at = day.opensAt - ON_BEFORE_MS;
    if (this.#shop.hasCustomerTags) radio.hearRack(at + 120_000);
    return this.#states("seeing", at);
  }
}
