import { type EpochMs, epochMs } from "../../src/core/brand.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import { normalDraw } from "../../src/core/random.ts";
import { EventMaker } from "./journey-events.ts";

const HOUR_MS = 3_600_000;

/** One day of a simulated shop. */
export interface SimulationOptions {
  readonly random: () => number;
  readonly opensAt: EpochMs;
  readonly openMs?: number;
  /** Mean over the day; the rate swells towards its middle. */
  readonly entriesPerHour?: number;
  readonly missInRatio?: number;
  readonly missOutRatio?: number;
  /** People passing by per entrant, entrants included. */
  readonly passersPerEntrant?: number;
  readonly buyerRatio?: number;
  readonly maker?: EventMaker;
}

/** What really happened, and what the sensors made of it. */
export interface SimulatedDay {
  /** In time; sensor news is not among them. */
  readonly events: readonly JourneyEvent[];
  readonly visits: number;
  readonly meanVisitMs: number;
  readonly sales: number;
}

/**
 * Visits as in the metric definitions: a quarter exponential with mean 55 s after 5 s, the rest lognormal with median
 * 12 min and sigma 0.7; entries a Poisson stream with a sinusoidal rate; each crossing missed independently.
 */
export function simulateDay(options: SimulationOptions): SimulatedDay {
  const { random, opensAt, openMs = 10 * HOUR_MS, entriesPerHour = 60 } = options;
  const { missInRatio = 0, missOutRatio = 0, passersPerEntrant = 4 } = options;
  const { buyerRatio = 0.25, maker = new EventMaker() } = options;
  const plan: { readonly at: number; readonly make: (at: EpochMs) => JourneyEvent }[] = [];
  const say = (at: number, make: (at: EpochMs) => JourneyEvent): void => {
    plan.push({ at: Math.round(at), make });
  };
  let visits = 0;
  let totalMs = 0;
  let sales = 0;
  for (const entryAt of entries(random, opensAt, openMs, entriesPerHour)) {
    const visitMs = drawVisitMs(random);
    visits += 1;
    totalMs += visitMs;
    for (let i = drawPoisson(random, passersPerEntrant - 1); i >= 0; i -= 1) {
      const side = random() < 0.5 ? "pass-left" : "pass-right";
      say(entryAt - 20_000 - i * 7000, (at) => maker.crossing(at, side, "in"));
    }
    if (random() >= missInRatio) say(entryAt, (at) => maker.crossing(at, "door", "in"));
    if (random() >= missOutRatio) say(entryAt + visitMs, (at) => maker.crossing(at, "door", "out"));
    if (visitMs > 120_000 && random() < buyerRatio) {
      sales += 1;
      const receipt = `${opensAt}-${sales}`;
      say(entryAt + visitMs * 0.9, (at) => maker.receipt(at, receipt, 1999));
    }
  }
  plan.sort((a, b) => a.at - b.at);
  const events = plan.map(({ at, make }) => make(epochMs(at)));
  return { events, visits, meanVisitMs: totalMs / visits, sales };
}

function* entries(
  random: () => number,
  opensAt: number,
  openMs: number,
  perHour: number,
): Generator<number> {
  // Thinning of a stream at the highest rate, 1.5 times the mean.
  const swing = 0.5;
  const highest = (perHour * (1 + swing)) / HOUR_MS;
  for (let at = opensAt; ; ) {
    at += -Math.log(1 - random()) / highest;
    if (at >= opensAt + openMs) return;
    const rate = 1 - swing * Math.cos((2 * Math.PI * (at - opensAt)) / openMs);
    if (random() * (1 + swing) < rate) yield at;
  }
}

function drawVisitMs(random: () => number): number {
  if (random() < 0.25) return 5000 - 55_000 * Math.log(1 - random());
  return 720_000 * Math.exp(0.7 * normalDraw(random));
}

function drawPoisson(random: () => number, mean: number): number {
  const limit = Math.exp(-mean);
  let n = -1;
  for (let product = 1; product > limit; n += 1) product *= random();
  return n;
}
