import { type MonoMs, monoMs } from "../core/brand.ts";
import type { TagState } from "../core/events.ts";
import type { FloorPlan, ReceiverPlan, SurveyPoint } from "../core/site.ts";
import { Presence, type PresenceRules } from "./presence.ts";
import { TagEvents, type WhereaboutsEvent } from "./tag-events.ts";
import type { FollowedTag } from "./tag-registry.ts";
import { TagStays } from "./tag-stays.ts";
import {
  createZoneEngine,
  type LearnedRadio,
  type ZoneEngine,
  type ZoneEngineCounts,
} from "./zones/zone-engine.ts";
import type { ZoneEstimate } from "./zones/zone-estimate.ts";

/** The floor of a shop as tags are located on it. */
export interface LocatedFloor {
  readonly floor: FloorPlan;
  /** Readings name a placed receiver by its position here. */
  readonly receivers: readonly ReceiverPlan[];
  readonly survey: readonly SurveyPoint[];
  /** How long after a second its estimate is told, 0..15000. */
  readonly lagMs: number;
  /** What was learned of these radios before; absent = nothing. */
  readonly learned?: LearnedRadio | undefined;
}

export interface TagWhereaboutsOptions {
  /** The tags by position; the array of a live book may grow. */
  readonly tags: readonly FollowedTag[];
  /** Whether something learned of the tag may be kept after it left; absent = of all. A guest leaves nothing behind. */
  readonly isKept?: ((tag: number) => boolean) | undefined;
  /** Number of receivers that there may be, placed or not. */
  readonly receivers: number;
  /** null: tags are inside or not by their level, and in no zone. */
  readonly located: LocatedFloor | null;
  readonly run: string;
  readonly onEvent: (event: WhereaboutsEvent) => void;
  /** Each estimate after it was taken; the object is reused. */
  readonly onEstimate: (estimate: ZoneEstimate) => void;
  readonly rules?: PresenceRules | undefined;
}

/** Where a tag is, as far as it is told. */
export interface Whereabouts {
  readonly state: TagState;
  /** Position in `floor.zones`, or NO_ZONE. */
  readonly zone: number;
  /** Mean probability 0..1 of the zone over the stay so far; 0 in no zone. */
  readonly confidence: number;
}

/**
 * A tag whose place nobody knew for so long (beyond the lag) is inside or passing by its level: heard by receivers that
 * are not in the plan, or by one alone.
 */
const UNPLACED_MS = 15_000;

/**
 * Where registered tags are: presence, and with a floor the zone engine and stays. Readings, states of receivers and
 * time go in, events come out in order per tag.
 */
export class TagWhereabouts {
  readonly #presence: Presence;
  readonly #stays: TagStays | null;
  readonly #engine: ZoneEngine | null;
  readonly #lagMs: number;
  readonly #onEstimate: (estimate: ZoneEstimate) => void;

  constructor(options: TagWhereaboutsOptions) {
    const { tags, run, located, receivers, rules, isKept = (): boolean => true } = options;
    const events = new TagEvents({ tags, run, onEvent: options.onEvent });
    this.#lagMs = located?.lagMs ?? 0;
    this.#onEstimate = options.onEstimate;
    this.#presence = new Presence({
      events,
      receivers,
      isByLevel: (tag, arrivedMono, atMono) => this.#isByLevel(tag, arrivedMono, atMono),
      onLeave: (tag, heardMono) => this.#forget(tag, heardMono),
      ...(rules === undefined ? {} : { rules }),
    });
    this.#stays =
      located === null
        ? null
        : new TagStays({ zones: located.floor.zones, presence: this.#presence, events });
    this.#engine =
      located === null
        ? null
        : createZoneEngine({
            ...located,
            tagIdOf: (tag) => (isKept(tag) ? (tags[tag]?.id ?? null) : null),
            onEstimate: (estimate) => this.#take(estimate),
          });
  }

  /** Tags that are passing or inside now. */
  get present(): number {
    return this.#presence.present;
  }

  /** Tags that are inside now. */
  get inside(): number {
    return this.#presence.inside;
  }

  /** Tags that are in a zone now by what is told, per zone; null without a floor. */
  located(): readonly number[] | null {
    return this.#stays?.located() ?? null;
  }

  /** Figures of the zone engine; null without a floor. */
  counts(): ZoneEngineCounts | null {
    return this.#engine?.counts() ?? null;
  }

  /** What was learned of the radios, for saving; null without a floor. */
  learned(): LearnedRadio | null {
    return this.#engine?.learned() ?? null;
  }

  /** Takes a new survey in the place of the old one. */
  resurvey(points: readonly SurveyPoint[]): void {
    this.#engine?.resurvey(points);
  }

  /** Where the tag at this position is. */
  of(tag: number): Whereabouts {
    const zone = this.#stays?.zoneOf(tag) ?? -1;
    const confidence = this.#stays?.confidenceOf(tag) ?? 0;
    return { state: this.#presence.stateOf(tag), zone, confidence };
  }

  /**
   * Takes one reading. `receiver` is a position in the list of all receivers, `place` in that of the plan, -1 for one
   * that is not in it.
   */
  reading(
    tag: number,
    receiver: number,
    place: number,
    rssiDbm: number,
    packets: number,
    atMono: MonoMs,
  ): void {
    this.#presence.reading(tag, receiver, rssiDbm, atMono);
    if (place >= 0) this.#engine?.reading(tag, place, rssiDbm, packets, atMono);
  }

  /** Whether a receiver sees: the silence of one that does not proves no absence. */
  setSeeing(receiver: number, seeing: boolean, atMono: MonoMs): void {
    this.#presence.setSeeing(receiver, seeing, atMono);
  }

  /** Whether there is a receiver at this place of the plan, and sees: what others do not hear proves nothing. */
  setPlaceSeeing(place: number, seeing: boolean, atMono: MonoMs): void {
    this.#engine?.setSeeing(place, seeing, atMono);
  }

  /** Lets time pass: estimates that are due, then silence. Call about once a second. */
  advance(nowMono: MonoMs): void {
    this.#engine?.advance(nowMono);
    this.#presence.advance(nowMono);
  }

  /**
   * Tells what is still to be told of the time up to `endMono`, and ends the stays there, censored. Tags that are
   * present stay so: that nobody looks any more does not mean that they left.
   */
  finish(endMono: MonoMs): void {
    this.#engine?.advance(monoMs(endMono + this.#lagMs));
    this.#presence.advance(endMono);
    this.#stays?.finish(endMono);
  }

  /** Ends everything about a tag that is no longer registered. */
  drop(tag: number): void {
    this.#presence.drop(tag);
  }

  #take(estimate: ZoneEstimate): void {
    const heardMono = this.#presence.heardMonoOf(estimate.tag);
    if (heardMono === null) return;
    this.#stays?.take(estimate, heardMono);
    this.#onEstimate(estimate);
  }

  #isByLevel(tag: number, arrivedMono: MonoMs, atMono: MonoMs): boolean {
    if (this.#stays === null) return true;
    const knownMono = this.#stays.knownMonoOf(tag);
    const sinceMono = Number.isNaN(knownMono) ? arrivedMono : Math.max(knownMono, arrivedMono);
    return atMono - sinceMono >= this.#lagMs + UNPLACED_MS;
  }

  #forget(tag: number, heardMono: MonoMs): void {
    this.#stays?.leave(tag, heardMono);
    this.#engine?.forget(tag);
  }
}
