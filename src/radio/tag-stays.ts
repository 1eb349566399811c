import { type MonoMs, monoMs } from "../core/brand.ts";
import type { FloorZonePlan } from "../core/site.ts";
import type { TagEvents } from "./tag-events.ts";
import { NO_ZONE, UNKNOWN_ZONE, type ZoneEstimate } from "./zones/zone-estimate.ts";

/** When estimates become stays. Seconds of estimates, so all times are multiples of a second. */
export interface StayRules {
  /** A zone has to be the most likely one for this long, and elsewhere for this long to have been left. */
  readonly minStayMs: number;
  /** At least this confident at one of these seconds. */
  readonly beginConfidence: number;
  /** A stay outlives so much time in which nobody knows where the tag is; then it ends where it was last known. */
  readonly unknownKeepMs: number;
  /** Inside at or above `insideRatio` for `insideAfterMs`, passing below `outsideRatio` for `outsideAfterMs`. */
  readonly insideRatio: number;
  readonly outsideRatio: number;
  readonly insideAfterMs: number;
  readonly outsideAfterMs: number;
}

/**
 * The estimates are smoothed already: what is left of flapping lasts a second or two. A tag may be silent for ten
 * seconds at a time and be where it was.
 */
export const STAY_RULES: StayRules = {
  minStayMs: 3_000,
  beginConfidence: 0.5,
  unknownKeepMs: 15_000,
  insideRatio: 0.5,
  outsideRatio: 0.35,
  insideAfterMs: 3_000,
  outsideAfterMs: 5_000,
};

/** An estimate stands for the second that begins at its instant. */
const SECOND_MS = 1_000;

/** What the stays need of presence: a stay is part of being inside. */
export interface PlacedPresence {
  stateOf(tag: number): "outside" | "passing" | "inside";
  place(tag: number, state: "passing" | "inside", sinceMono: MonoMs): void;
}

export interface TagStaysOptions {
  /** Zones of the floor, in the order that estimates name them by. */
  readonly zones: readonly FloorZonePlan[];
  readonly presence: PlacedPresence;
  readonly events: TagEvents;
  readonly rules?: StayRules;
}

interface Whereabouts {
  /** The stay that is told and not over; NO_ZONE when there is none. */
  zone: number;
  enteredMono: MonoMs;
  /** Seconds of the stay in which the zone was the most likely one, and the sum of its probability over them. */
  seconds: number;
  sum: number;
  /** First second since which the tag is not known to be in the zone, and known to be elsewhere; NaN when it is in it. */
  awayMono: number;
  elsewhereMono: number;
  /** The zone it seems to be in instead. */
  next: number;
  nextMono: MonoMs;
  nextSeconds: number;
  nextSum: number;
  nextConfidence: number;
  /** Since when the estimates have said inside or not, without the contrary; NaN when they do not. */
  insideMono: number;
  outsideMono: number;
  /** Newest estimate that knew the place. */
  knownMono: number;
  atMono: MonoMs;
}

/**
 * Turns the estimates of the zone engine into presence and stays in zones. A stay begins with the first of the seconds
 * in which its zone was the most likely one and ends with the first in which it no longer was; flaps shorter than
 * `minStayMs` are bridged, and stays of one tag never overlap. Where the end was not seen (silence, nobody knows) the
 * stay ends with the last second that was known, censored. Zones of kind `outside` have no stays: they mean passing.
 * Memory: one entry per tag that is not outside.
 */
export class TagStays {
  readonly #options: TagStaysOptions;
  readonly #rules: StayRules;
  readonly #tags = new Map<number, Whereabouts>();

  constructor(options: TagStaysOptions) {
    this.#options = options;
    this.#rules = options.rules ?? STAY_RULES;
  }

  /** Tags in a stay now, per zone. */
  located(): readonly number[] {
    const counts = this.#options.zones.map(() => 0);
    for (const { zone } of this.#tags.values())
      if (zone !== NO_ZONE) counts[zone] = (counts[zone] ?? 0) + 1;
    return counts;
  }

  /** Position of the zone in which the tag stays, or NO_ZONE. */
  zoneOf(tag: number): number {
    return this.#tags.get(tag)?.zone ?? NO_ZONE;
  }

  /** Mean probability 0..1 of that zone over the stay so far; 0 without a stay. */
  confidenceOf(tag: number): number {
    const at = this.#tags.get(tag);
    return at === undefined || at.seconds === 0 ? 0 : at.sum / at.seconds;
  }

  /** Second of the newest estimate that knew where the tag was; NaN when none did since it came. */
  knownMonoOf(tag: number): number {
    return this.#tags.get(tag)?.knownMono ?? Number.NaN;
  }

  /** Takes an estimate. `heardMono` is when the tag was last heard: what is said of later seconds is a guess. */
  take(estimate: ZoneEstimate, heardMono: MonoMs): void {
    const { tag, atMono } = estimate;
    const at = this.#tags.get(tag) ?? this.#begin(tag, atMono);
    if (atMono - at.atMono > this.#rules.unknownKeepMs) this.#lose(tag, at);
    at.atMono = atMono;
    const isKnown = estimate.zone !== UNKNOWN_ZONE && atMono <= heardMono + SECOND_MS / 2;
    if (isKnown) at.knownMono = atMono;
    if (isKnown) this.#judgeInside(tag, at, estimate.insideRatio);
    this.#follow(tag, at, estimate, isKnown);
    if (isKnown) this.#judgeOutside(tag, at, estimate.insideRatio);
  }

  /** The tag is silent or no longer registered: its stay ends with the last second that was known, and it is forgotten. */
  leave(tag: number, heardMono: MonoMs): void {
    const at = this.#tags.get(tag);
    if (at === undefined) return;
    this.#end(tag, at, Math.min(this.#lastKnownMono(at), heardMono), true);
    this.#tags.delete(tag);
  }

  /** Ends all stays where they were last known, at the end of a recording or of this life of the gateway. */
  finish(endMono: MonoMs): void {
    for (const [tag, at] of this.#tags) {
      this.#end(tag, at, Math.min(this.#lastKnownMono(at), endMono), true);
      this.#tags.delete(tag);
    }
  }

  #begin(tag: number, atMono: MonoMs): Whereabouts {
    const at: Whereabouts = {
      zone: NO_ZONE,
      enteredMono: atMono,
      seconds: 0,
      sum: 0,
      awayMono: Number.NaN,
      elsewhereMono: Number.NaN,
      next: NO_ZONE,
      nextMono: atMono,
      nextSeconds: 0,
      nextSum: 0,
      nextConfidence: 0,
      insideMono: Number.NaN,
      outsideMono: Number.NaN,
      knownMono: Number.NaN,
      atMono,
    };
    this.#tags.set(tag, at);
    return at;
  }

  /** After a time without estimates nothing is known of what was before it. */
  #lose(tag: number, at: Whereabouts): void {
    this.#end(tag, at, this.#lastKnownMono(at), true);
    at.next = NO_ZONE;
    at.insideMono = Number.NaN;
    at.outsideMono = Number.NaN;
  }

  #judgeInside(tag: number, at: Whereabouts, insideRatio: number): void {
    const rules = this.#rules;
    if (insideRatio < rules.outsideRatio) at.insideMono = Number.NaN;
    if (insideRatio < rules.insideRatio) return;
    if (Number.isNaN(at.insideMono)) at.insideMono = at.atMono;
    if (at.atMono + SECOND_MS - at.insideMono < rules.insideAfterMs) return;
    this.#options.presence.place(tag, "inside", monoMs(at.insideMono));
  }

  #judgeOutside(tag: number, at: Whereabouts, insideRatio: number): void {
    const rules = this.#rules;
    if (insideRatio >= rules.insideRatio) at.outsideMono = Number.NaN;
    if (insideRatio >= rules.outsideRatio) return;
    if (Number.isNaN(at.outsideMono)) at.outsideMono = at.atMono;
    if (at.atMono + SECOND_MS - at.outsideMono < rules.outsideAfterMs) return;
    this.#end(tag, at, Number.isNaN(at.awayMono) ? at.atMono : at.awayMono, false);
    this.#options.presence.place(tag, "passing", monoMs(at.outsideMono));
  }

  #follow(tag: number, at: Whereabouts, estimate: ZoneEstimate, isKnown: boolean): void {
    const zone = isKnown ? this.#zoneIn(estimate.zone) : UNKNOWN_ZONE;
    if (at.zone !== NO_ZONE) this.#stay(tag, at, zone, estimate);
    if (zone < 0 || zone === at.zone) {
      at.next = NO_ZONE;
      return;
    }
    if (at.next !== zone) {
      at.next = zone;
      at.nextMono = at.atMono;
      at.nextSeconds = 0;
      at.nextSum = 0;
      at.nextConfidence = 0;
    }
    at.nextSeconds += 1;
    at.nextSum += estimate.probabilities[zone] ?? 0;
    at.nextConfidence = Math.max(at.nextConfidence, estimate.confidence);
    this.#enter(tag, at, estimate.confidence);
  }

  /** Zone of the shop at this position; NO_ZONE for none and for zones of kind `outside`. */
  #zoneIn(zone: number): number {
    const plan = this.#options.zones[zone];
    return plan === undefined || plan.kind === "outside" ? NO_ZONE : zone;
  }

  /** One more second of the stay, or a second away from it; ends it when there were enough of those. */
  #stay(tag: number, at: Whereabouts, zone: number, estimate: ZoneEstimate): void {
    const { minStayMs, unknownKeepMs } = this.#rules;
    if (zone === at.zone) {
      at.seconds += 1;
      at.sum += estimate.probabilities[zone] ?? 0;
      at.awayMono = Number.NaN;
      at.elsewhereMono = Number.NaN;
      return;
    }
    if (Number.isNaN(at.awayMono)) at.awayMono = at.atMono;
    if (zone === UNKNOWN_ZONE) {
      if (at.atMono + SECOND_MS - at.awayMono >= unknownKeepMs)
        this.#end(tag, at, at.awayMono, true);
      return;
    }
    if (Number.isNaN(at.elsewhereMono)) at.elsewhereMono = at.atMono;
    const wasSeen = at.elsewhereMono - at.awayMono < minStayMs;
    if (at.atMono + SECOND_MS - at.elsewhereMono >= minStayMs)
      this.#end(tag, at, at.awayMono, !wasSeen);
  }

  #enter(tag: number, at: Whereabouts, confidence: number): void {
    const { minStayMs, beginConfidence } = this.#rules;
    const { presence, events, zones } = this.#options;
    const plan = zones[at.next];
    if (plan === undefined || at.zone !== NO_ZONE || at.nextConfidence < beginConfidence) return;
    if (at.atMono + SECOND_MS - at.nextMono < minStayMs || presence.stateOf(tag) !== "inside")
      return;
    at.zone = at.next;
    at.enteredMono = events.enter(tag, plan.id, confidence, at.nextMono);
    at.seconds = at.nextSeconds;
    at.sum = at.nextSum;
    at.next = NO_ZONE;
    at.awayMono = Number.NaN;
    at.elsewhereMono = Number.NaN;
  }

  /** End of the last second in which the tag was known to be in its zone. */
  #lastKnownMono(at: Whereabouts): number {
    return Number.isNaN(at.awayMono) ? at.atMono + SECOND_MS : at.awayMono;
  }

  #end(tag: number, at: Whereabouts, endMono: number, censored: boolean): void {
    const plan = this.#options.zones[at.zone];
    if (plan === undefined) return;
    const endsMono = monoMs(Math.max(endMono, at.enteredMono));
    const stay = { zoneId: plan.id, confidence: at.sum / at.seconds, censored };
    this.#options.events.exit(tag, stay, at.enteredMono, endsMono);
    at.zone = NO_ZONE;
    at.seconds = 0;
    at.sum = 0;
    at.awayMono = Number.NaN;
    at.elsewhereMono = Number.NaN;
  }
}
