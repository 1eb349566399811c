import type { MetricValue } from "../../core/metric-value.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import { type Interval, Z95 } from "../estimate/intervals.ts";
import type { LearnedDrift, OccupancyCurve } from "../estimate/occupancy.ts";
import { peopleAt } from "../estimate/occupancy-curve.ts";
import { minutesInside } from "../estimate/people-inside.ts";
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
  // A day that is over is weighed again from its end.
  const corrections = sight.corrections + Number(sources.isOver(part.day));
  const tracked = tracksInside(sources, part.day, question.to);
  if (tracked !== null)
    return figure(question, {
      value: Math.round(tracked.people),
      reason: noted(sight, null),
      coverage: seen,
      method: "track",
      n: Math.round(tracked.people),
      ci95: around(tracked.people, tracked.deviation),
      revision: visitRevision(sources, [part]) + corrections,
      parameters,
    });
  const { people, deviation, curve } = peopleAt(sources, part.day, question.to);
  const doubt = flowDoubt(sources, { from: span.start, to: question.to });
  return figure(question, {
    value: Math.round(people),
    reason: noted(sight, joinedReasons(driftNote(curve), doubt)),
    coverage: seen,
    method: "count",
    n: crossingsIn(sources, part),
    ci95: around(people, deviation),
    revision: doorRevision(sources, part) + corrections,
    parameters,
  });
}

/** Most people inside at once: the largest mean of a minute in the interval. */
export const occupancyPeak: Figure = (sources, question) =>
  throughDoors(sources, question, (sight) => peakSeen(sources, question, sight));

function peakSeen(sources: Sources, question: Question, sight: Sight): MetricValue {
  const parts = sources.book.parts(question.from, question.to);
  const curves = parts.map(({ day }) => minutesInside(sources, day, question.to));
  let peak = 0;
  let deviation: number | null = null;
  parts.forEach(({ day, range }, i) => {
    const curve = curves[i];
    const elapsedMs = Math.min(question.to, day.span.end) - day.span.start;
    for (let slot = range.from; slot < range.to; slot += 1) {
      const lengthMs = Math.min(SLOT_MS, elapsedMs - slot * SLOT_MS);
      const people = lengthMs > 0 ? (curve?.personMs[slot] ?? 0) / lengthMs : 0;
      if (people <= peak) continue;
      peak = people;
      deviation = curve?.deviations?.[slot] ?? null;
    }
  });
  const liftPeople = Math.max(0, ...curves.map((curve) => curve.liftPeople));
  const isTracked = curves.length > 0 && curves.every(({ method }) => method === "track");
  const doubt = isTracked ? null : flowDoubt(sources, question);
  // The end of a day tells more of its hours than they knew themselves.
  const corrections = sight.corrections + parts.filter(({ day }) => sources.isOver(day)).length;
  return figure(question, {
    value: Math.round(peak),
    reason: noted(sight, joinedReasons(driftNote({ liftPeople }), doubt)),
    coverage: sight.share,
    method: isTracked ? "track" : "count",
    n: totalOf(parts, (part) => crossingsIn(sources, part)),
    ci95: around(peak, deviation),
    revision: isTracked
      ? visitRevision(sources, parts) + corrections
      : totalOf(parts, (part) => doorRevision(sources, part)) + corrections,
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
