import type { TagKind } from "../../core/site.ts";
import type { DoorDay } from "./deconvolution.ts";
import { heardLengthOf, TAG_RULES, type TagVisit, waitWithin } from "./tag-weights.ts";

/** One visit as a tag told of it, on the clock of the door crossings of its day. */
export interface TagSighting extends Omit<TagVisit, "ms" | "isPart"> {
  /** Heard, or taken up. */
  readonly fromMs: number;
  /** Last heard, or set down. */
  readonly toMs: number;
  /** Times it went out and came back. */
  readonly reentries: number;
}

/** How far what a kind of tag tells is from the doors, mean. */
export interface TagLag {
  /** From coming in until it was heard or taken up. */
  readonly inMs: number;
  /** From when it was last heard or set down until going out; below 0, it was heard outside for a moment. */
  readonly outMs: number;
}

/** Rules of learning them. */
export const TAG_LAG_RULES = Object.freeze({
  /** A crossing belongs to a tag when it is no farther from it on the side where it has to be. */
  reachMs: 90_000,
  /** Nor farther on the other one: a tag may be heard before the door, and outside until it falls silent. */
  earlyMs: 15_000,
  lateMs: 45_000,
  /** Once the mean is roughly known, so far from it: the fewer people in between, the surer. */
  nearMs: 60_000,
  /** Crossings of other people are counted on both sides of that, so far away and for so long. */
  gapMs: 60_000,
  besideMs: 180_000,
  /** With fewer crossings above those of other people, or a less sure mean, nothing is learned. */
  minCrossings: 100,
  maxErrorMs: 5_000,
});

/** Days with their doors and what tags told. */
export interface TaggedDay {
  readonly doors: DoorDay;
  readonly tags: readonly TagSighting[];
}

const isCard = (kind: TagKind): boolean => kind === "loyalty-card";

/** Before anything is learned: cards are heard as late as a walk found, baskets are taken at the door. */
const UNLEARNED: Readonly<Record<"card" | "carrier", TagLag>> = Object.freeze({
  card: { inMs: TAG_RULES.detectMs, outMs: 0 },
  carrier: { inMs: 0, outMs: 0 },
});

/** What tags told, as visits from door to door. */
export interface TagVisits {
  readonly days: readonly (readonly TagVisit[])[];
  /** Mean time until a card is heard: what its inclusion follows from. */
  readonly detectMs: number;
}

/**
 * Reads visits from door to door out of what tags told. Who carries a tag went through a door shortly before it was first
 * told of and shortly after it was last: of the crossings there those of others, as frequent a little farther away, are
 * taken off, and the mean of the rest is how far the tag is behind. Doors cannot know who comes back, so for them every
 * entry is a visit: one with re-entries is taken for as many visits, of the same length. Pure.
 */
export function tagVisits(days: readonly TaggedDay[]): TagVisits {
  const card = learnLag(days, isCard, UNLEARNED.card);
  const carrier = learnLag(days, (kind) => !isCard(kind), UNLEARNED.carrier);
  const lengths = days.flatMap(({ tags }) =>
    tags.filter(({ kind }) => isCard(kind)).map((one) => heardMsOf(one, card)),
  );
  const detectMs = waitBehind(card.inMs, lengths);
  const visitsOf = (sighting: TagSighting): TagVisit[] => {
    const { kind, reentries, isEngaged, hasTwoZones } = sighting;
    const heardMs = heardMsOf(sighting, isCard(kind) ? card : carrier);
    const wholeMs = isCard(kind) ? heardLengthOf(heardMs, detectMs) : heardMs + carrier.inMs;
    const ms = wholeMs / (reentries + 1);
    const visit = { kind, ms, isEngaged, hasTwoZones, isPart: reentries > 0 };
    return Array.from({ length: reentries + 1 }, () => visit);
  };
  return { days: days.map(({ tags }) => tags.flatMap(visitsOf)), detectMs };
}

const heardMsOf = ({ fromMs, toMs }: TagSighting, { outMs }: TagLag): number =>
  Math.max(0, toMs - fromMs + outMs);

/** Only who was heard in time is among the heard: the mean wait of everybody is longer than theirs. */
function waitBehind(heardAfterMs: number, heardMs: readonly number[]): number {
  let waitMs = heardAfterMs;
  for (let i = 0; i < WAIT_STEPS && waitMs > 0 && heardMs.length > 0; i += 1) {
    let missing = 0;
    for (const ms of heardMs) missing += waitMs - waitWithin(heardLengthOf(ms, waitMs), waitMs);
    waitMs = heardAfterMs + missing / heardMs.length;
  }
  return waitMs;
}

/** Rounds of that; each adds a tenth of the one before. */
const WAIT_STEPS = 3;

function learnLag(
  days: readonly TaggedDay[],
  isOf: (kind: TagKind) => boolean,
  unlearned: TagLag,
): TagLag {
  const { reachMs, earlyMs, lateMs } = TAG_LAG_RULES;
  const told = days.map(({ doors, tags }) => ({
    doors,
    tags: tags.filter((one) => isOf(one.kind)),
  }));
  const came = meanLag(-reachMs, earlyMs, (excess) => {
    for (const { doors, tags } of told)
      for (const { fromMs } of tags) excess.add(doors.ins, fromMs);
  });
  const went = meanLag(-lateMs, reachMs, (excess) => {
    for (const { doors, tags } of told) for (const { toMs } of tags) excess.add(doors.outs, toMs);
  });
  return { inMs: came === null ? unlearned.inMs : -came, outMs: went ?? unlearned.outMs };
}

/** Mean lag of crossings behind tags: found in a wide window, and then in a narrow one about it. */
function meanLag(from: number, to: number, fill: (excess: Excess) => void): number | null {
  const { nearMs } = TAG_LAG_RULES;
  const wide = new Excess(from, to);
  fill(wide);
  const rough = wide.mean;
  if (rough === null) return null;
  const near = new Excess(rough - nearMs, rough + nearMs);
  fill(near);
  return near.mean;
}

/** Crossings around instants, in a window of [from, to) about each and beside it. */
class Excess {
  readonly #from: number;
  readonly #to: number;
  #within = 0;
  #sum = 0;
  #beside = 0;

  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
  }

  /** Takes the crossings of a day, ascending, about one instant of it. */
  add(crossings: readonly number[], atMs: number): void {
    const { gapMs, besideMs } = TAG_LAG_RULES;
    const reachMs = gapMs + besideMs;
    for (let i = placeOf(crossings, atMs + this.#from - reachMs); i < crossings.length; i += 1) {
      const lagMs = (crossings[i] ?? 0) - atMs;
      if (lagMs >= this.#to + reachMs) break;
      if (lagMs >= this.#from && lagMs < this.#to) {
        this.#within += 1;
        this.#sum += lagMs;
      } else if (lagMs < this.#from - gapMs || lagMs >= this.#to + gapMs) this.#beside += 1;
    }
  }

  /** Mean lag of those crossings that are above what there is beside; null when it is not sure enough. */
  get mean(): number | null {
    const { besideMs, minCrossings, maxErrorMs } = TAG_LAG_RULES;
    const [from, to] = [this.#from, this.#to];
    const widthMs = to - from;
    const others = (this.#beside * widthMs) / (2 * besideMs);
    const own = this.#within - others;
    if (own < minCrossings) return null;
    const mean = (this.#sum - (others * (from + to)) / 2) / own;
    const spread = widthMs ** 2 / 12 + ((from + to) / 2 - mean) ** 2;
    return Math.sqrt(this.#within * spread) / own <= maxErrorMs ? mean : null;
  }
}

/** Position of the first crossing at or after an instant. */
function placeOf(crossings: readonly number[], atMs: number): number {
  let low = 0;
  let high = crossings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((crossings[middle] ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
