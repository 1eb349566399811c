import { normalDraw, seededRandom } from "../../src/core/random.ts";
import type { DoorDay } from "../../src/metrics/estimate/deconvolution.ts";

const HOUR_MS = 3_600_000;

/** What happens at the doors of a simulated shop. */
export interface DoorSimulation {
  readonly days?: number;
  readonly entriesPerHour?: number;
  readonly missInRatio?: number;
  readonly missOutRatio?: number;
  /** Share of the people who come and leave in groups of two or three. */
  readonly groupedRatio?: number;
  readonly seed?: number;
}

/** One day as the doors counted it, and as it was. */
export interface SimulatedDoors extends DoorDay {
  readonly visits: readonly { readonly enteredMs: number; readonly ms: number }[];
}

/**
 * Days of ten hours: entries a Poisson stream with a sinusoidal rate, a quarter of the visits exponential with mean 55 s
 * after 5 s, the rest lognormal with median 12 min and sigma 0.7; each crossing missed independently.
 * @source notes/retail.md 3.2
 */
export function simulateDoors(options: DoorSimulation = {}): SimulatedDoors[] {
  const { days = 28, entriesPerHour = 60, groupedRatio = 0, seed = 1 } = options;
  const { missInRatio = 0.02, missOutRatio = 0.03 } = options;
  const random = seededRandom(seed);
  const parties = groupedRatio / (MEAN_GROUP - groupedRatio * (MEAN_GROUP - 1));
  const perHour = entriesPerHour / (1 + parties * (MEAN_GROUP - 1));
  return Array.from({ length: days }, () => {
    const visits: { enteredMs: number; ms: number }[] = [];
    for (const at of arrivals(random, perHour)) {
      const size = random() < parties ? (random() < 2 / 3 ? 2 : 3) : 1;
      const ms = visitMs(random);
      for (let i = 0; i < size; i += 1)
        visits.push({ enteredMs: Math.round(at + i * 800), ms: Math.round(ms) });
    }
    const ins = visits.filter(() => random() >= missInRatio).map((visit) => visit.enteredMs);
    const outs = visits
      .filter(() => random() >= missOutRatio)
      .map((visit) => visit.enteredMs + visit.ms);
    return { visits, ins: ins.sort(ascending), outs: outs.sort(ascending) };
  });
}

const MEAN_GROUP = 7 / 3;
const ascending = (a: number, b: number): number => a - b;

function* arrivals(random: () => number, perHour: number): Generator<number> {
  for (let at = 0; ; ) {
    at -= (Math.log(1 - random()) * HOUR_MS) / (perHour * 1.5);
    if (at >= 10 * HOUR_MS) return;
    if (random() * 1.5 < 1 - 0.5 * Math.cos((2 * Math.PI * at) / (10 * HOUR_MS))) yield at;
  }
}

function visitMs(random: () => number): number {
  if (random() < 0.25) return 5000 - 55_000 * Math.log(1 - random());
  return 720_000 * Math.exp(0.7 * normalDraw(random));
}

/** Lengths of all visits of some days, ascending, ms. */
export const lengthsOf = (days: readonly SimulatedDoors[]): number[] =>
  days.flatMap((day) => day.visits.map((visit) => visit.ms)).sort(ascending);

/** Share of the visits shorter than this. */
export const shareBelow = (days: readonly SimulatedDoors[], ms: number): number => {
  const lengths = lengthsOf(days);
  return lengths.filter((length) => length < ms).length / lengths.length;
};
