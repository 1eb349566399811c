import type { MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { DayPart } from "../days/day-book.ts";
import {
  type VisitTime,
  visitTimeEstimate,
  visitTimeOfClosedDay,
  visitTimeOfOpenInterval,
} from "../estimate/little.ts";
import { curveOf, dayCurve } from "../estimate/occupancy-curve.ts";
import { VISIT_ESTIMATE_RULES } from "../estimate/rules.ts";
import type { Estimated } from "../estimate/tag-estimate.ts";
import {
  type LengthStatistic,
  lengthOfTracks,
  type TrackSample,
} from "../estimate/track-visits.ts";
import { type BasedEstimate, estimateFor } from "../estimate/visit-basis.ts";
import { joinedReasons, reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import {
  doorFlow,
  type Figure,
  figure,
  noted,
  type Question,
  type Sight,
  type Sources,
  totalOf,
  unknown,
} from "../sources.ts";
import { flowDoubt } from "./plausibility-notes.ts";
import {
  basisNote,
  basisParameters,
  basisRevision,
  doorRevision,
  throughDoors,
  tracksFor,
  visitRevision,
} from "./visit-parts.ts";

/** Mean visit duration: on tracks where they go from door to door, else by Little's law. */
export function visitDurationMean(sources: Sources, question: Question): MetricValue {
  return throughDoors(sources, question, (sight) => {
    const { sample } = tracksFor(sources, question);
    return sample !== null && sample.visits.length >= RULES.minN
      ? lengthByTracks(sources, question, sight, sample, "mean")
      : meanByLittle(sources, question, sight);
  });
}

/** Median visit duration by the best method there is. */
export const visitDurationMedian: Figure = (sources, question) =>
  lengthFigure(sources, question, "median");

/** Duration that nine of ten visits stay below. */
export const visitDurationP90: Figure = (sources, question) =>
  lengthFigure(sources, question, "p90");

function lengthFigure(
  sources: Sources,
  question: Question,
  statistic: "median" | "p90",
): MetricValue {
  return throughDoors(sources, question, (sight) => {
    const { sample, note } = tracksFor(sources, question);
    return sample === null
      ? lengthByEstimate(sources, question, sight, statistic, note)
      : lengthByTracks(sources, question, sight, sample, statistic);
  });
}

function lengthByTracks(
  sources: Sources,
  question: Question,
  sight: Sight,
  sample: TrackSample,
  statistic: LengthStatistic,
): MetricValue {
  const { value, ci95, n, effectiveN, censored } = lengthOfTracks(sample.visits, statistic);
  const isSmall = n < RULES.minN;
  const answer = {
    value: isSmall ? null : value,
    ci95,
    method: "track",
    coverage: sight.share,
    n,
    effectiveN,
    revision:
      visitRevision(sources, sources.book.parts(question.from, question.to)) + sight.corrections,
    parameters: {
      trackCompleteRatio: VISIT_ESTIMATE_RULES.trackCompleteRatio,
      completeRatio: sample.completeRatio,
    },
  } as const;
  return figure(question, { ...answer, reason: noted(sight, trackNote(value, isSmall, censored)) });
}

function trackNote(value: number | null, isSmall: boolean, censored: number): MetricReason | null {
  if (isSmall) return reason("small-sample", "Too few visits for a single number.");
  if (value === null) return reason("too-many-censored", "Too few visits were seen to their end.");
  if (censored === 0) return null;
  const who = censored === 1 ? "1 visit is" : `${censored} visits are`;
  return reason(
    "censored-stays",
    `${who} not over or not seen to the end; they count as long as they were seen.`,
  );
}

function lengthByEstimate(
  sources: Sources,
  question: Question,
  sight: Sight,
  statistic: "median" | "p90",
  tracksNote: MetricReason | null,
): MetricValue {
  const based = estimateFor(sources, question);
  const { estimate } = based;
  if (typeof estimate === "string") return withoutEstimate(question, sight, based);
  const fromTags = estimate.tags?.[statistic] ?? null;
  const found: Estimated | null = fromTags ?? (statistic === "median" ? estimate.median : null);
  if (found === null) {
    const text =
      "Door counts cannot tell how long the longest visits last: that takes tracks from door to door, or tags.";
    return unknown(question, sight.share, "not-identifiable", text);
  }
  const isByTags = fromTags !== null && estimate.tags !== null;
  return figure(question, {
    value: found.value,
    ci95: found.ci95,
    method: isByTags ? "tag-ht" : "deconvolution",
    reason: noted(sight, joinedReasons(basisNote(based), tracksNote)),
    coverage: sight.share,
    n: isByTags ? estimate.tags.n : estimate.entries,
    ...(isByTags ? { effectiveN: estimate.tags.effectiveN } : {}),
    revision: basisRevision(sources, based),
    parameters: basisParameters(based),
  });
}

/** The answer while there is no estimate. */
export function withoutEstimate(
  question: Question,
  sight: Sight,
  { basis, estimate }: BasedEstimate,
): MetricValue {
  if (estimate === "estimating") {
    const text = "The estimate is being worked out and will be there in a few minutes.";
    return unknown(question, sight.share, "estimating", text);
  }
  const days = basis.days.length === 1 ? "1 closed day" : `${basis.days.length} closed days`;
  const text = `Only ${days} can be learned from; anonymous entries and exits cannot be paired, so it takes at least a week of them.`;
  return unknown(question, sight.share, "learning", text);
}

function meanByLittle(sources: Sources, question: Question, sight: Sight): MetricValue {
  const covered = sources.book.parts(question.from, question.to);
  const times = covered.map((part) => visitTimeOf(sources, part, question));
  if (times.includes("inconsistent")) {
    const text = "More people left early than came: the door counts of a closed day are wrong.";
    return unknown(question, sight.share, "counts-inconsistent", text);
  }
  const known = times.filter((time) => time !== null && time !== "inconsistent");
  const found = visitTimeEstimate(known);
  if (found === null && totalOf(covered, (part) => exitsIn(sources, part)) > 0) {
    const text = "More people left than came in: somebody was inside before counting began.";
    return unknown(question, sight.share, "counts-inconsistent", text);
  }
  if (found === null)
    return unknown(
      question,
      sight.share,
      "no-exits",
      "Nobody has left yet, so no visit has ended.",
    );
  const doubt = flowDoubt(sources, question);
  return figure(question, {
    value: found.meanMs,
    reason: noted(sight, joinedReasons(provisional(sources, covered, question), doubt)),
    coverage: sight.share,
    method: "little-closure",
    n: found.n,
    ci95: found.ci95,
    revision: totalOf(covered, (part) => doorRevision(sources, part)) + sight.corrections,
  });
}

function exitsIn(sources: Sources, { day, range }: DayPart): number {
  const { outs } = doorFlow(sources.site, day);
  return outs.slice(range.from, range.to).reduce((sum, count) => sum + count, 0);
}

function visitTimeOf(
  sources: Sources,
  { day, range, isWhole }: DayPart,
  { to }: Question,
): VisitTime | null | "inconsistent" {
  const flow = doorFlow(sources.site, day);
  if (isWhole) {
    const { misses } = sources.driftBefore(day.span.start);
    const hasBoth = flow.ins.some((n) => n > 0) && flow.outs.some((n) => n > 0);
    return visitTimeOfClosedDay(flow, misses) ?? (hasBoth ? "inconsistent" : null);
  }
  const curve = dayCurve(sources, day, to);
  return visitTimeOfOpenInterval(flow, range, curve, curve.learned.misses);
}

function provisional(
  sources: Sources,
  covered: readonly DayPart[],
  question: Question,
): MetricReason | null {
  const last = covered.findLast((part) => !part.isWhole);
  if (last === undefined) return null;
  if (question.from > last.day.span.start || question.to >= last.day.span.end)
    return reason("edge-effects", "Part of a day: biased when traffic rises or falls.");
  const inside = Math.round(curveOf(sources, last.day, question.to).people);
  const who = inside === 1 ? "1 person is" : `${inside} people are`;
  return reason("day-open", `Provisional until the trading day closes; ${who} still inside.`);
}
