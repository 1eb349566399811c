import type { MetricValue } from "../../core/metric-value.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import { type Interval, Z95 } from "../estimate/intervals.ts";
import type { LearnedDrift, OccupancyCurve } from "../estimate/occupancy.ts";
import { dayCurve } from "../estimate/occupancy-curve.ts";
import { tracksInside } from "../estimate/tracks-inside.ts";
import { joinedReasons, reason } from "../reasons.ts";
import {
  camerasWith,
  dayEndingAt,
  type Figure,
  figure,
  noted,
  type Question,
  type Sight,
  type Sources,
  sightOf,
  totalOf,
  unseen,
} from "../sources.ts";
import { flowDoubt } from "./plausibility-notes.ts";
import {
  crossingsIn,
  doorRevision,
  throughDoors,
  visitRevision,
  withoutDoors,
} from "./visit-parts.ts";

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
  const parameters = driftParameters(sources.driftBefore(span.start));
  if (part === undefined)
    return figure(question, {
      value: 0,
      reason: noted(sight, null),
      coverage: seen,
      method: "count",
      parameters,
    });
  const tracked = tracksInside(sources, part.day, question.to);
  if (tracked !== null)
    return figure(question, {
      value: Math.round(tracked),
      reason: noted(sight, null),
      coverage: seen,
      method: "track",
      n: Math.round(tracked),
      revision: visitRevision(sources, [part]) + sight.corrections,
      parameters,
    });
  const curve = dayCurve(sources, part.day, question.to);
  const doubt = flowDoubt(sources, { from: span.start, to: question.to });
  return figure(question, {
    value: Math.round(curve.people),
    reason: noted(sight, joinedReasons(driftNote(curve), doubt)),
    coverage: seen,
    method: "count",
    n: crossingsIn(sources, part),
    ci95: around(curve.people, curve.deviations?.at(-1) ?? null),
    revision: doorRevision(sources, part) + sight.corrections,
    parameters,
  });
}

/** Most people inside at once: the largest mean of a minute in the interval. */
export const occupancyPeak: Figure = (sources, question) =>
  throughDoors(sources, question, (sight) => peakSeen(sources, question, sight));

function peakSeen(sources: Sources, question: Question, sight: Sight): MetricValue {
  const parts = sources.book.parts(question.from, question.to);
  let peak = 0;
  let deviation: number | null = null;
  let lifted = 0;
  for (const { day, range } of parts) {
    const curve = dayCurve(sources, day, question.to);
    lifted = Math.max(lifted, curve.liftPeople);
    const elapsedMs = Math.min(question.to, day.span.end) - day.span.start;
    for (let slot = range.from; slot < range.to; slot += 1) {
      const lengthMs = Math.min(SLOT_MS, elapsedMs - slot * SLOT_MS);
      const people = lengthMs > 0 ? (curve.personMs[slot] ?? 0) / lengthMs : 0;
      if (people <= peak) continue;
      peak = people;
      deviation = curve.deviations?.[slot] ?? null;
    }
  }
  const note = driftNote({ liftPeople: lifted });
  return figure(question, {
    value: Math.round(peak),
    reason: noted(sight, joinedReasons(note, flowDoubt(sources, question))),
    coverage: sight.share,
    n: totalOf(parts, (part) => crossingsIn(sources, part)),
    ci95: around(peak, deviation),
    revision: totalOf(parts, (part) => doorRevision(sources, part)) + sight.corrections,
  });
}

/** People are whole, so half a person is added on either side. */
const around = (people: number, deviation: number | null): Interval | null =>
  deviation === null
    ? null
    : [Math.max(0, people - 0.5 - Z95 * deviation), people + 0.5 + Z95 * deviation];

function driftNote({
  liftPeople,
}: Pick<OccupancyCurve, "liftPeople">): ReturnType<typeof reason> | null {
  const lifted = Math.round(liftPeople);
  if (lifted <= 0) return null;
  const text = `${lifted} more people left than were counted coming in; the balance was lifted to zero.`;
  return reason("drift", text);
}

const driftParameters = ({
  days,
  scale,
  misses,
}: LearnedDrift): Record<string, number | string> => ({
  driftDays: days,
  entryFactor: scale.ins,
  exitFactor: scale.outs,
  missInRatio: misses.inRatio,
  missOutRatio: misses.outRatio,
  missOrigin: misses.origin,
});
