import type { EpochMs } from "../core/brand.ts";
import type { MetricId, MetricReason, MetricValue } from "../core/metric-value.ts";
import { corrections, customers, type Day, type DayPart } from "./day-book.ts";
import { exponentialMean95 } from "./intervals.ts";
import { type VisitTime, visitTimeOfClosedDay, visitTimeOfOpenInterval } from "./little.ts";
import {
  closingScale,
  type DoorFlow,
  type FlowScale,
  type OccupancyCurve,
  occupancyCurve,
} from "./occupancy.ts";
import { reason } from "./reasons.ts";
import {
  camerasWith,
  dayEndingAt,
  doorFlow,
  type Figure,
  figure,
  linesOf,
  noted,
  type Question,
  type Sources,
  sightOf,
  totalOf,
  unknown,
  unseen,
} from "./sources.ts";

/** People inside over a day up to `to`: with its own closing scale once the day is over, else with the learned one. */
export function curveOf(sources: Sources, day: Day, to: EpochMs): OccupancyCurve {
  const flow = doorFlow(sources.site, day);
  const elapsedMs = Math.min(to, day.span.end) - day.span.start;
  return occupancyCurve(flow, elapsedMs, scaleOf(sources, day, flow, to));
}

/** People inside at the end of the interval. */
export function occupancy(sources: Sources, question: Question): MetricValue {
  const missing = withoutDoors(sources, question);
  if (missing !== null) return missing;
  // The balance runs from the start of the day, whatever was asked for.
  const span = dayEndingAt(sources, question.to);
  const sight = sightOf(sources, camerasWith(sources.site, "door"), span.start, question.to);
  const seen = sight.isSeeing ? sight.share : 0;
  const blind = unseen(sources, question, { ...sight, share: seen });
  if (blind !== null) return blind;
  const part = sources.book.parts(span.start, question.to)[0];
  const learned = sources.driftBefore(span.start);
  const parameters = { driftDays: learned.days, ...scaleParameters(learned.scale) };
  if (part === undefined)
    return figure(question, { value: 0, reason: noted(sight, null), coverage: seen, parameters });
  const curve = curveOf(sources, part.day, question.to);
  const lifted = Math.round(curve.liftPeople);
  const drift = reason(
    "drift",
    `${lifted} more people left than were counted coming in; the balance was lifted to zero.`,
  );
  return figure(question, {
    value: Math.round(curve.people),
    reason: noted(sight, lifted > 0 ? drift : null),
    coverage: seen,
    n: crossingsIn(sources, part),
    revision: revisionOf(sources, part) + sight.corrections,
    parameters,
  });
}

/** Mean visit duration by Little's law. */
export function visitDurationMean(sources: Sources, question: Question): MetricValue {
  const missing = withoutDoors(sources, question);
  if (missing !== null) return missing;
  const sight = sightOf(sources, camerasWith(sources.site, "door"), question.from, question.to);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const covered = sources.book.parts(question.from, question.to);
  const times = covered.map((part) => visitTimeOf(sources, part, question.to));
  if (times.includes("inconsistent")) {
    const text = "More people left early than came: the door counts of a closed day are wrong.";
    return unknown(question, sight.share, "counts-inconsistent", text);
  }
  const known = times.filter((time) => time !== null && time !== "inconsistent");
  const visits = known.reduce((sum, time) => sum + time.visits, 0);
  if (visits === 0 && totalOf(covered, (part) => exitsIn(sources, part)) > 0) {
    const text = "More people left than came in: somebody was inside before counting began.";
    return unknown(question, sight.share, "counts-inconsistent", text);
  }
  if (visits === 0)
    return unknown(
      question,
      sight.share,
      "no-exits",
      "Nobody has left yet, so no visit has ended.",
    );
  const n = known.reduce((sum, time) => sum + time.n, 0);
  const meanMs = known.reduce((sum, time) => sum + time.totalMs, 0) / visits;
  return figure(question, {
    value: meanMs,
    reason: noted(sight, provisional(sources, covered, question)),
    coverage: sight.share,
    n,
    ci95: exponentialMean95(meanMs, n),
    revision: totalOf(covered, (part) => revisionOf(sources, part)) + sight.corrections,
  });
}

/** Bounce rate: not known by any method that is there. */
export function bounceRate(sources: Sources, question: Question): MetricValue {
  const sight = sightOf(sources, camerasWith(sources.site, "door"), question.from, question.to);
  const text =
    "Anonymous entries and exits cannot be paired: that would invent a bounce rate which follows traffic, not behaviour.";
  return unknown(question, sight.share, "not-identifiable", text);
}

function exitsIn(sources: Sources, { day, range }: DayPart): number {
  const { outs } = doorFlow(sources.site, day);
  return outs.slice(range.from, range.to).reduce((sum, count) => sum + count, 0);
}

function scaleOf(sources: Sources, day: Day, flow: DoorFlow, to: EpochMs): FlowScale {
  if (to < day.span.end) return sources.driftBefore(day.span.start).scale;
  const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);
  return closingScale(sum(flow.ins), sum(flow.outs));
}

function visitTimeOf(
  sources: Sources,
  part: DayPart,
  to: EpochMs,
): VisitTime | null | "inconsistent" {
  const { day, range, isWhole } = part;
  const flow = doorFlow(sources.site, day);
  if (isWhole) {
    const hasBoth = flow.ins.some((n) => n > 0) && flow.outs.some((n) => n > 0);
    return visitTimeOfClosedDay(flow) ?? (hasBoth ? "inconsistent" : null);
  }
  const elapsedMs = Math.min(to, day.span.end) - day.span.start;
  return visitTimeOfOpenInterval(flow, range, elapsedMs, scaleOf(sources, day, flow, to));
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

function withoutDoors(sources: Sources, question: Question): MetricValue | null {
  if (question.scope.kind !== "store")
    return unknown(question, 0, "unknown-scope", "This is not measured here.");
  if (linesOf(sources.site, "door").length > 0) return null;
  return unknown(question, 0, "no-door-line", "The site plan has no door line.");
}

function crossingsIn(sources: Sources, part: DayPart): number {
  let sum = 0;
  for (const id of linesOf(sources.site, "door")) {
    const line = part.day.lines.get(id);
    if (line === undefined) continue;
    sum += customers(line, "in", part.range) + customers(line, "out", part.range);
  }
  return sum;
}

function revisionOf(sources: Sources, part: DayPart): number {
  let sum = 0;
  for (const id of linesOf(sources.site, "door")) {
    const line = part.day.lines.get(id);
    if (line === undefined) continue;
    sum += corrections(line, "in", part.range) + corrections(line, "out", part.range);
  }
  return sum;
}

const scaleParameters = (scale: FlowScale): Readonly<Record<string, number>> => ({
  entryFactor: scale.ins,
  exitFactor: scale.outs,
});

/** Figures by metric. */
export const VISIT_FIGURES = {
  occupancy,
  "visit-duration-mean": visitDurationMean,
  "bounce-rate": bounceRate,
} as const satisfies Partial<Record<MetricId, Figure>>;
