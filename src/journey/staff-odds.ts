import type { EpochMs, LineId, TagId } from "../core/brand.ts";
import type { CrossingDirection } from "../core/events.ts";

/** What the matching of staff tags with crossings rests on. */
export const STAFF_RULES = Object.freeze({
  /** A crossing belongs to a passage when it lies so near to its time. */
  marginMs: 3_000,
  /** Least standard deviation of a crossing around the moment at which the tag seemed nearest. */
  spreadMs: 2_500,
  /** Standard deviation as a share of the passage's length, where that is more. */
  spreadRatio: 0.25,
  /** Probability that somebody near a door went through it: with a direction, and without one. */
  throughRatio: 0.9,
  undirectedRatio: 0.5,
  /** Probability that the camera counted a person who went through. */
  countedRatio: 0.95,
  /** At least so probable: marked. */
  threshold: 0.5,
  /** Customers' own rate is that of the line and direction in this time before and after. */
  rateBeforeMs: 600_000,
  rateAfterMs: 120_000,
  /** What the rate rests on where nobody has crossed: half a person in so much time. */
  rateDoubtMs: 60_000,
});

/** A staff tag's way through the neighbourhood of a door, in wall time. */
export interface DoorClaim {
  /** Origin of the news, with its run. */
  readonly source: string;
  readonly tagId: TagId;
  readonly lineId: LineId;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** When the tag was nearest. */
  readonly at: EpochMs;
  readonly probability: number;
  readonly direction: CrossingDirection | null;
}

/** What of a crossing decides whether it may have been the wearer of a tag. */
export interface CountedCrossing {
  readonly at: EpochMs;
  readonly lineId: LineId;
  readonly direction: CrossingDirection;
}

/** Whether a crossing can be this passage: same line, in time, and not the other way. Pure. */
export function mayBe(claim: DoorClaim, crossing: CountedCrossing): boolean {
  if (crossing.lineId !== claim.lineId) return false;
  if (claim.direction !== null && claim.direction !== crossing.direction) return false;
  const { marginMs } = STAFF_RULES;
  return crossing.at >= claim.from - marginMs && crossing.at <= claim.to + marginMs;
}

/** Probability that the wearer went through and was counted. Pure. */
export function countedOdds(claim: DoorClaim): number {
  const { throughRatio, undirectedRatio, countedRatio } = STAFF_RULES;
  const through = claim.direction === null ? undirectedRatio : throughRatio;
  return claim.probability * through * countedRatio;
}

/**
 * Likelihood that a crossing is the wearer of the tag, against its being a customer: the density of the wearer's
 * crossing at this time (a normal curve around the moment the tag was nearest, per second) over the rate of customers.
 * Pure.
 */
export function wearerOdds(
  claim: DoorClaim,
  crossing: CountedCrossing,
  customersPerSecond: number,
): number {
  const { spreadMs, spreadRatio } = STAFF_RULES;
  const sigma = Math.max(spreadMs, spreadRatio * (claim.to - claim.from)) / 1000;
  const z = (crossing.at - claim.at) / 1000 / sigma;
  const density = Math.exp(-0.5 * z * z) / (sigma * Math.sqrt(2 * Math.PI));
  return (countedOdds(claim) * density) / customersPerSecond;
}

/** Somebody who may be one of several crossings, or none of them. */
export interface Candidate {
  /** Weight per crossing; 0 = cannot be. */
  readonly odds: readonly number[];
  /** Weight of being none of them. */
  readonly none: number;
}

/**
 * Probability per crossing that it was `own`, when each crossing is at most one of the people and each of the people
 * at most one crossing: the sum over all such ways to give out the crossings, each weighing the product of its odds.
 * Exact; effort is people x 2^crossings x crossings, so keep both small (at most 12 crossings). Pure.
 */
export function ownershipOf(own: Candidate, others: readonly Candidate[]): number[] {
  const crossings = own.odds.length;
  const ways = waysToTake(crossings, others);
  const free = new Float64Array(crossings);
  let all = 0;
  for (let taken = 0; taken < ways.length; taken += 1) {
    const weight = ways[taken] ?? 0;
    all += weight;
    for (let i = 0; i < crossings; i += 1)
      if ((taken & (1 << i)) === 0) free[i] = (free[i] ?? 0) + weight;
  }
  const weights = own.odds.map((odds, i) => odds * (free[i] ?? 0));
  const total = weights.reduce((sum, weight) => sum + weight, own.none * all);
  return weights.map((weight) => (total > 0 ? weight / total : 0));
}

/** Weight of all ways in which the people take exactly a set of crossings; sets as bits. */
function waysToTake(crossings: number, people: readonly Candidate[]): Float64Array {
  let ways = new Float64Array(1 << crossings);
  ways[0] = 1;
  for (const { odds, none } of people) {
    const next = ways.map((weight) => weight * none);
    for (let taken = 0; taken < ways.length; taken += 1) {
      const weight = ways[taken] ?? 0;
      for (let i = 0; weight > 0 && i < crossings; i += 1) {
        const taking = taken | (1 << i);
        if (taking !== taken) next[taking] = (next[taking] ?? 0) + weight * (odds[i] ?? 0);
      }
    }
    ways = next;
  }
  return ways;
}
