import type { ReceiverId, ZoneId } from "../../core/brand.ts";
import type { SurveyPoint } from "../../core/site.ts";
import { smoothWalk, type WalkReading } from "../zones/smooth-walk.ts";
import { mergeSurvey } from "./merge-survey.ts";
import { type Confusion, ConfusionCount } from "./walk-confusion.ts";
import { judgeStays, type WalkGround } from "./walk-judge.ts";
import { PLACE_RULES, type PlacedSecond, type PlaceRules, pointsOf } from "./walk-places.ts";
import type { WalkRecord } from "./walk-session.ts";
import { halvesOf, type Stay, stayAt, stayedMs } from "./walk-stays.ts";

/** Whether the survey points of a walk are worth keeping. */
export type WalkVerdict = "better" | "no-better" | "too-short";

/** What a walk gave and what it is worth. */
export interface WalkReport {
  /** Survey points made from the whole walk. */
  readonly points: readonly SurveyPoint[];
  /** How the engine places the walk as things are, and with the points; each half by points of the other half. */
  readonly before: Confusion;
  readonly after: Confusion;
  readonly verdict: WalkVerdict;
  /** Certain seconds per zone of the plan, in its order. */
  readonly walkedS: readonly { readonly zoneId: ZoneId; readonly seconds: number }[];
  /** Receivers of the plan that did not hear the tag at all. */
  readonly silentReceivers: readonly ReceiverId[];
  readonly readings: number;
}

/** Less than this is no improvement: with some hundred seconds a percent is chance. */
const WORTH_RATIO = 0.01;
/** With fewer judged seconds nothing is said about better or worse: some seconds on a border decide it. */
const SHORTEST_JUDGED_S = 60;

/**
 * Makes survey points of a walk and judges them without letting them judge themselves: each stay is cut in half,
 * points of the first halves place the second halves and the other way round, and `before` is counted over the very
 * same seconds and readings. Deterministic. Takes a few milliseconds a second of the walk. Pure.
 */
export function reportWalk(
  ground: WalkGround,
  record: WalkRecord,
  rules: PlaceRules = PLACE_RULES,
): WalkReport {
  const zones = ground.floor.zones.map(({ id }) => id);
  const before = new ConfusionCount(zones);
  const after = new ConfusionCount(zones);
  const [first, second] = halvesOf(record.stays);
  // Half of the time behind each point, so that the halves give as many points as the whole.
  const half = { ...rules, minSeconds: Math.max(1, rules.minSeconds / 2) };
  for (const [taught, judged] of [
    [first, second],
    [second, first],
  ] as const) {
    const points = surveyStays(ground, record.readings, taught, half);
    const survey = mergeSurvey(ground.survey, points, ground.receivers, rules.apartM);
    judgeStays(ground, record.readings, judged, before);
    judgeStays({ ...ground, survey }, record.readings, judged, after);
  }
  const points = surveyStays(ground, record.readings, record.stays, rules);
  const walkedMs = stayedMs(record.stays, zones.length);
  const heard = new Set(record.readings.map(({ receiver }) => receiver));
  return {
    points,
    before: before.read(),
    after: after.read(),
    verdict: verdictOf(points, before.read(), after.read()),
    walkedS: zones.map((zoneId, i) => ({ zoneId, seconds: Math.round((walkedMs[i] ?? 0) / 1000) })),
    silentReceivers: ground.receivers.filter((_, i) => !heard.has(i)).map(({ id }) => id),
    readings: record.readings.length,
  };
}

function verdictOf(
  points: readonly SurveyPoint[],
  before: Confusion,
  after: Confusion,
): WalkVerdict {
  if (points.length === 0 || after.seconds < SHORTEST_JUDGED_S) return "too-short";
  return (after.accuracy ?? 0) - (before.accuracy ?? 0) >= WORTH_RATIO ? "better" : "no-better";
}

/**
 * Survey points of some stays: where in its zone the carrier was in each second is taken from all readings of these
 * stays together, each second held within the zone that was tapped. Pure.
 */
export function surveyStays(
  ground: WalkGround,
  readings: readonly WalkReading[],
  stays: readonly Stay[],
  rules: PlaceRules = PLACE_RULES,
): readonly SurveyPoint[] {
  const within = readings.filter(({ atMono }) => stayAt(stays, atMono) !== null);
  const estimates = smoothWalk({
    ...ground,
    readings: within,
    within: (atMono) => stayAt(stays, atMono)?.zone ?? null,
    tagHeightM: rules.heightM,
  });
  const seconds: PlacedSecond[] = [];
  for (const { atMono, xM, yM } of estimates) {
    const stay = stayAt(stays, atMono);
    if (stay === null || !Number.isFinite(xM) || !Number.isFinite(yM)) continue;
    seconds.push({ second: Math.round(atMono / 1000), zone: stay.zone, xM, yM });
  }
  return pointsOf(seconds, within, ground.receivers, rules);
}
