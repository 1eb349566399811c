import type { EpochMs, LineId } from "../core/brand.ts";
import { epochMs } from "../core/brand.ts";
import type { CrossingDirection, CrossingRecorded } from "../core/events.ts";
import {
  type Candidate,
  countedOdds,
  type DoorClaim,
  mayBe,
  ownershipOf,
  STAFF_RULES,
  wearerOdds,
} from "./staff-odds.ts";

/** Crossings remembered per door line; the oldest goes first. Enough for one a second over the time looked back on. */
const MAX_CROSSINGS = 1024;
/** Passages waiting at once; the oldest goes first, undecided. */
const MAX_CLAIMS = 256;
/** Crossings and people weighed together at once; the likeliest crossings and the nearest people are taken. */
const MAX_WEIGHED = 10;
const MAX_PEOPLE = 6;
/** How long crossings are kept behind the newest time told. */
const KEPT_MS = 900_000;

/** A crossing that was most probably staff. */
export interface StaffMark {
  readonly crossing: CrossingRecorded;
  readonly claim: DoorClaim;
  /** Probability 0..1 that it was the wearer of this tag, in thousandths. */
  readonly probability: number;
}

export interface StaffMatcherOptions {
  /**
   * How long after a passage it is decided, 15..120 s: until then further crossings (of counters that report by the
   * minute) and passages (of tags that stay longer) may come, in any order.
   */
  readonly settleMs: number;
  /** Called from `advance` and `finish` only. */
  readonly onMark: (mark: StaffMark) => void;
}

interface Known {
  readonly event: CrossingRecorded;
  isTaken: boolean;
}

/**
 * Finds the crossings that were staff: gives each passage of a staff tag at most one crossing, and each crossing to at
 * most one passage. All times are wall times, since recordings replayed together have a monotonic clock each; a step
 * of the wall clock costs at most the marks of the minutes around it.
 *
 * A passage is decided once, `settleMs` after its end, from everything known of its time by then, so that the order in
 * which crossings and passages come does not matter. It is weighed against customers by their rate at that line and
 * direction, and against other staff near the door at the same time. One crossing is marked when together those of one
 * line and direction are more probably the wearer than not: which of two people in one second it was changes no figure.
 * Pure; bounded.
 */
export class StaffMatcher {
  readonly #options: StaffMatcherOptions;
  readonly #crossings = new Map<LineId, Known[]>();
  readonly #claims: DoorClaim[] = [];
  #dropped = 0;

  constructor(doors: readonly LineId[], options: StaffMatcherOptions) {
    this.#options = options;
    for (const door of doors) this.#crossings.set(door, []);
  }

  /** Passages not decided yet. */
  get waiting(): number {
    return this.#claims.length;
  }

  /** Crossings and passages pushed out by the caps since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a crossing; one told twice counts once, and lines that are no doors are left out. */
  crossing(event: CrossingRecorded): void {
    const known = this.#crossings.get(event.lineId);
    if (known === undefined) return;
    let place = known.length;
    while (place > 0 && isBefore(event, known[place - 1]?.event)) place -= 1;
    const last = known[place - 1]?.event;
    if (last?.source === event.source && last.seq === event.seq) return;
    known.splice(place, 0, { event, isTaken: false });
    if (known.length <= MAX_CROSSINGS) return;
    known.shift();
    this.#dropped += 1;
  }

  /** Takes a passage. */
  claim(claim: DoorClaim): void {
    let place = this.#claims.length;
    while (place > 0 && isEarlier(claim, this.#claims[place - 1])) place -= 1;
    this.#claims.splice(place, 0, claim);
    if (this.#claims.length <= MAX_CLAIMS) return;
    this.#claims.shift();
    this.#dropped += 1;
  }

  /** Decides what is due at `now`. */
  advance(now: EpochMs): void {
    const endedBy = now - STAFF_RULES.marginMs - this.#options.settleMs;
    while (this.#claims[0] !== undefined && this.#claims[0].to <= endedBy) this.#decideFirst();
    for (const known of this.#crossings.values()) {
      let old = 0;
      while ((known[old]?.event.at ?? now) < now - KEPT_MS) old += 1;
      if (old > 0) known.splice(0, old);
    }
  }

  /** Decides everything that waits, at the end of a run. */
  finish(): void {
    while (this.#claims.length > 0) this.#decideFirst();
  }

  /** Decides the passage that ended first, with whatever the same tag did at other doors in that time. */
  #decideFirst(): void {
    const first = this.#claims.shift();
    if (first === undefined) return;
    const own = [first];
    for (let i = this.#claims.length - 1; i >= 0; i -= 1) {
      const other = this.#claims[i];
      const isSameWay = other?.tagId === first.tagId && other.lineId !== first.lineId;
      if (other !== undefined && isSameWay && overlap(first, other))
        own.push(...this.#claims.splice(i, 1));
    }
    const others = this.#claims
      .filter((claim) => claim.tagId !== first.tagId && overlap(first, claim))
      .sort((a, b) => Math.abs(a.at - first.at) - Math.abs(b.at - first.at))
      .slice(0, MAX_PEOPLE - 1);
    this.#decide(own, others);
  }

  #decide(own: readonly DoorClaim[], others: readonly DoorClaim[]): void {
    const rates = new Map<string, number>();
    const oddsOf = (claims: readonly DoorClaim[], { event }: Known): number => {
      const claim = claims.find((one) => mayBe(one, event));
      if (claim === undefined) return 0;
      const key = `${event.direction} ${event.lineId}`;
      const rate = rates.get(key) ?? this.#customersPerSecond(claim, event.direction);
      rates.set(key, rate);
      return wearerOdds(claim, event, rate);
    };
    const weighed = this.#free(own)
      .sort((a, b) => oddsOf(own, b) - oddsOf(own, a) || a.event.at - b.event.at)
      .slice(0, MAX_WEIGHED);
    if (weighed.length === 0) return;
    const candidate = (claims: readonly DoorClaim[]): Candidate => {
      const elsewhere = this.#free(claims).filter((known) => !weighed.includes(known));
      const counted = claims.reduce((sum, claim) => sum + countedOdds(claim), 0);
      return {
        odds: weighed.map((known) => oddsOf(claims, known)),
        none: elsewhere.reduce(
          (sum, known) => sum + oddsOf(claims, known),
          1 - Math.min(0.95, counted),
        ),
      };
    };
    const ownership = ownershipOf(
      candidate(own),
      others.map((claim) => candidate([claim])),
    );
    this.#mark(own, weighed, ownership);
  }

  /** Crossings that may be one of these passages and are nobody's yet. */
  #free(claims: readonly DoorClaim[]): Known[] {
    return claims.flatMap((claim) =>
      (this.#crossings.get(claim.lineId) ?? []).filter(
        ({ event, isTaken }) => !isTaken && mayBe(claim, event),
      ),
    );
  }

  /** Marks the likeliest crossing among those that count alike, when together they pass the threshold. */
  #mark(own: readonly DoorClaim[], weighed: readonly Known[], ownership: readonly number[]): void {
    let best = -1;
    for (let i = 0; i < weighed.length; i += 1) {
      const { lineId, direction } = weighed[i]?.event ?? {};
      const together = ownership.reduce((sum, share, j) => {
        const other = weighed[j]?.event;
        return other?.lineId === lineId && other?.direction === direction ? sum + share : sum;
      }, 0);
      const isLikelier = best < 0 || (ownership[i] ?? 0) > (ownership[best] ?? 0);
      if (together >= STAFF_RULES.threshold && isLikelier) best = i;
    }
    const known = weighed[best];
    const claim = own.find((one) => known !== undefined && mayBe(one, known.event));
    if (known === undefined || claim === undefined) return;
    known.isTaken = true;
    const probability = Math.round((ownership[best] ?? 0) * 1000) / 1000;
    this.#options.onMark({ crossing: known.event, claim, probability });
  }

  /** How many people who are not known to be staff cross in this direction around a passage, without its own time. */
  #customersPerSecond(claim: DoorClaim, direction: CrossingDirection): number {
    const { marginMs, rateBeforeMs, rateAfterMs, rateDoubtMs } = STAFF_RULES;
    const begin = epochMs(claim.from - marginMs);
    const end = epochMs(claim.to + marginMs);
    let people = 0.5;
    for (const { event, isTaken } of this.#crossings.get(claim.lineId) ?? []) {
      if (isTaken || event.direction !== direction) continue;
      const isBefore = event.at < begin && event.at >= begin - rateBeforeMs;
      const isAfter = event.at > end && event.at <= end + rateAfterMs;
      if (isBefore || isAfter) people += 1;
    }
    return people / ((rateBeforeMs + rateAfterMs + rateDoubtMs) / 1000);
  }
}

function overlap(a: DoorClaim, b: DoorClaim): boolean {
  const reachMs = 2 * STAFF_RULES.marginMs;
  return a.from <= b.to + reachMs && b.from <= a.to + reachMs;
}

function isEarlier(a: DoorClaim, b: DoorClaim | undefined): boolean {
  if (b === undefined) return false;
  if (a.to !== b.to) return a.to < b.to;
  if (a.tagId !== b.tagId) return a.tagId < b.tagId;
  return a.lineId === b.lineId ? a.from < b.from : a.lineId < b.lineId;
}

function isBefore(a: CrossingRecorded, b: CrossingRecorded | undefined): boolean {
  if (b === undefined) return false;
  if (a.at !== b.at) return a.at < b.at;
  return a.source === b.source ? a.seq < b.seq : a.source < b.source;
}
