import type { MetricReason, MetricValue } from "../../core/metric-value.ts";
import { corrections, customers, type DayPart } from "../days/day-book.ts";
import { VISIT_ESTIMATE_RULES } from "../estimate/rules.ts";
import { type TrackSample, trackSample } from "../estimate/track-visits.ts";
import type { BasedEstimate } from "../estimate/visit-basis.ts";
import { reason } from "../reasons.ts";
import {
  camerasWith,
  linesOf,
  type Question,
  type Sight,
  type Sources,
  sightOf,
  unknown,
  unseen,
} from "../sources.ts";

/** Why a figure of visits cannot be asked here; null when it can. */
export function withoutDoors(sources: Sources, question: Question): MetricValue | null {
  if (question.scope.kind !== "store")
    return unknown(question, 0, "unknown-scope", "This is not measured here.");
  if (linesOf(sources.site, "door").length > 0) return null;
  return unknown(question, 0, "no-door-line", "The site plan has no door line.");
}

/** Answers a question about visits from what the door cameras saw; why not, where there are no doors or none saw. */
export function throughDoors(
  sources: Sources,
  question: Question,
  answered: (sight: Sight) => MetricValue,
): MetricValue {
  const missing = withoutDoors(sources, question);
  if (missing !== null) return missing;
  const sight = sightOf(sources, camerasWith(sources.site, "door"), question.from, question.to);
  return unseen(sources, question, sight) ?? answered(sight);
}

/** Crossings of customers through all doors in a part of a day. */
export function crossingsIn(sources: Sources, part: DayPart): number {
  let sum = 0;
  for (const id of linesOf(sources.site, "door")) {
    const line = part.day.lines.get(id);
    if (line === undefined) continue;
    sum += customers(line, "in", part.range) + customers(line, "out", part.range);
  }
  return sum;
}

/** Corrections of closed slots of all doors in a part of a day. */
export function doorRevision(sources: Sources, part: DayPart): number {
  let sum = 0;
  for (const id of linesOf(sources.site, "door")) {
    const line = part.day.lines.get(id);
    if (line === undefined) continue;
    sum += corrections(line, "in", part.range) + corrections(line, "out", part.range);
  }
  return sum;
}

/** Corrections of doors and visits in the parts of an interval. */
export function visitRevision(sources: Sources, parts: readonly DayPart[]): number {
  return parts.reduce(
    (sum, part) => sum + doorRevision(sources, part) + part.day.visits.revision(part.range),
    0,
  );
}

/** Corrections of everything an estimate rests on. */
export function basisRevision(sources: Sources, { basis }: BasedEstimate): number {
  const parts = basis.days.map((day) => ({
    day,
    range: { from: 0, to: day.slots },
    isWhole: true,
  }));
  return visitRevision(sources, parts);
}

/** The tracks of an interval where they can speak for all visits, and what to say where they cannot. */
export interface TracksAtHand {
  readonly sample: TrackSample | null;
  readonly note: MetricReason | null;
}

/** Looks for tracks that follow enough of the people from door to door. Shared: not to be changed. */
export const tracksFor = (sources: Sources, question: Question): TracksAtHand =>
  sources.memo("tracks", () => tracksIn(sources, question), `${question.from} ${question.to}`);

function tracksIn(sources: Sources, question: Question): TracksAtHand {
  const sample = trackSample(sources, question);
  if (sample === null || sample.visits.length === 0) return { sample: null, note: null };
  if (sample.completeRatio >= VISIT_ESTIMATE_RULES.trackCompleteRatio)
    return { sample, note: null };
  const percent = Math.floor(sample.completeRatio * 100);
  const text = `Only ${percent} % of those who came in were followed to the exit, so a lesser method is used.`;
  return { sample: null, note: reason("tracks-incomplete", text) };
}

/** What an estimate over closed days says about itself; null when it rests on the asked days. */
export function basisNote({ basis }: BasedEstimate): MetricReason | null {
  if (basis.isAsked) return null;
  const text = `Estimated over the last ${basis.days.length} closed days; fewer cannot tell.`;
  return reason("estimated-over-days", text);
}

/** Parameters that say what an estimate rests on. */
export function basisParameters({ basis, floor, estimate }: BasedEstimate): Record<string, number> {
  const learned = typeof estimate === "string" ? null : estimate.misses;
  return {
    basisDays: basis.days.length,
    bounceMaxMs: floor.bounceMaxMs,
    ...(learned === null ? {} : { missInRatio: learned.inRatio, missOutRatio: learned.outRatio }),
  };
}
