import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { FloorPlan, ReceiverPlan, SurveyPoint } from "../../core/site.ts";
import type { WalkReading } from "../zones/smooth-walk.ts";
import { createZoneEngine, type ZoneEngine } from "../zones/zone-engine.ts";
import { UNKNOWN_ZONE } from "../zones/zone-estimate.ts";
import type { ConfusionCount } from "./walk-confusion.ts";
import { type Stay, stayAt } from "./walk-stays.ts";

/** The shop as the zone engine knows it. */
export interface WalkGround {
  readonly floor: FloorPlan;
  readonly receivers: readonly ReceiverPlan[];
  readonly survey: readonly SurveyPoint[];
}

/** The product's own lag: a judgement must not be better than what customers get. */
const LAG_MS = 10_000;
const SECOND_MS = 1_000;
/** After so long without a reading the walk went on elsewhere: the next stay begins without knowledge. */
const BREAK_MS = LAG_MS + 5_000;
/** The tag of a walk is the only one of its engine. */
const TAG = 0;

/**
 * Lets a fresh zone engine place the stays as it would live, with its lag, and counts each whole second of a stay
 * into `count`. Only readings within the stays reach the engine; seconds of which it says nothing are unknown. Pure but
 * for `count`.
 */
export function judgeStays(
  ground: WalkGround,
  readings: readonly WalkReading[],
  stays: readonly Stay[],
  count: ConfusionCount,
): void {
  const told = new Set<number>();
  const engine = createZoneEngine({
    ...ground,
    lagMs: LAG_MS,
    onEstimate({ atMono, zone }) {
      const truth = stayAt(stays, atMono);
      if (truth === null || told.has(atMono)) return;
      told.add(atMono);
      count.add(truth.zone, zone >= 0 ? zone : zone === UNKNOWN_ZONE ? "unknown" : "between");
    },
  });
  play(
    engine,
    readings.filter(({ atMono }) => stayAt(stays, atMono) !== null),
  );
  for (const stay of stays) {
    for (const second of wholeSeconds(stay)) if (!told.has(second)) count.add(stay.zone, "unknown");
  }
}

/** Whole seconds that begin within a stay, in ms. Pure. */
export function wholeSeconds({ fromMono, toMono }: Stay): readonly MonoMs[] {
  const first = Math.ceil(fromMono / SECOND_MS) * SECOND_MS;
  const seconds: MonoMs[] = [];
  for (let at = first; at < toMono; at += SECOND_MS) seconds.push(monoMs(at));
  return seconds;
}

/** Feeds readings in order of time, a second at a time, and lets the lag run out at the end of each stretch. */
function play(engine: ZoneEngine, readings: readonly WalkReading[]): void {
  let nowMs = Math.floor((readings[0]?.atMono ?? 0) / SECOND_MS) * SECOND_MS;
  const passUntil = (untilMs: number): void => {
    while (nowMs < untilMs) {
      nowMs += SECOND_MS;
      engine.advance(monoMs(nowMs));
    }
  };
  for (const { receiver, rssiDbm, atMono } of readings) {
    if (atMono - nowMs > BREAK_MS) {
      passUntil(nowMs + BREAK_MS);
      engine.forget(TAG);
      nowMs = Math.max(nowMs, Math.floor(atMono / SECOND_MS) * SECOND_MS);
    } else passUntil(Math.floor(atMono / SECOND_MS) * SECOND_MS);
    engine.reading(TAG, receiver, rssiDbm, 1, atMono);
  }
  passUntil(nowMs + BREAK_MS);
}
