import { type EpochMs, epochMs, type ZoneId, zoneId } from "../core/brand.ts";
import type { MetricId, MetricReason, MetricValue } from "../core/metric-value.ts";
import type { DayPart } from "./day-book.ts";
import { reason } from "./reasons.ts";
import { SLOT_MS } from "./slots.ts";
import {
  cameraOfZone,
  type Figure,
  figure,
  noted,
  type Question,
  type Sight,
  type Sources,
  sightOf,
  totalOf,
  unknown,
  unseen,
} from "./sources.ts";
import { type Duration, kaplanMeier, type Survival } from "./survival.ts";
import { ZONE_RULES } from "./zone-rules.ts";
import type { ZoneStay } from "./zone-stays.ts";

/** Stays of one zone in an interval. */
interface Reading {
  /** Visits that began in the interval, with what is known of their length at its end. */
  readonly visits: number;
  readonly durations: readonly Duration[];
  /** Time spent in the zone within the interval, by everyone. */
  readonly presenceMs: number;
  readonly revision: number;
}

/** Any zone metric for one zone. */
export function zoneFigure(sources: Sources, question: Question): MetricValue {
  const { scope } = question;
  const id = zoneId(scope.kind === "zone" ? scope.id : "");
  const camera = scope.kind === "zone" ? cameraOfZone(sources.site, id) : null;
  if (camera === null) return unknown(question, 0, "unknown-scope", "This is not measured here.");
  const sight = sightOf(sources, [camera], question.from, question.to);
  const isNow = question.metric === "zone-people-now";
  const share = isNow && !sight.isSeeing ? 0 : sight.share;
  const blind = unseen(sources, question, { ...sight, share });
  if (blind !== null) return blind;
  if (isNow) return peopleNow(sources, question, id, sight);
  const covered = sources.book.parts(question.from, question.to);
  return fromReading(question, sight, readZone(sources, covered, id, question));
}

function peopleNow(sources: Sources, question: Question, id: ZoneId, sight: Sight): MetricValue {
  let people = 0;
  for (const stay of sources.stays.pending()) {
    const isHere = stay.zoneId === id && stay.end === null && stay.start <= question.to;
    if (isHere && endOfOpen(sources, stay, question.to).isGoingOn) people += 1;
  }
  // What the camera saw earlier does not matter for who stands there now.
  return figure(question, {
    value: people,
    reason: null,
    coverage: 1,
    n: people,
    revision: sight.corrections,
  });
}

function fromReading(question: Question, sight: Sight, reading: Reading): MetricValue {
  const answer = {
    coverage: sight.share,
    n: reading.durations.length,
    revision: reading.revision + sight.corrections,
  };
  const survival = kaplanMeier(reading.durations);
  switch (question.metric) {
    case "zone-visits":
      return figure(question, {
        ...answer,
        value: reading.visits,
        n: reading.visits,
        reason: noted(sight, null),
      });
    case "zone-dwell-total":
      return figure(question, {
        ...answer,
        value: reading.presenceMs,
        reason: noted(sight, censored(survival)),
      });
    case "zone-dwell-mean":
      if (survival.meanMs === null) return withoutEnd(question, sight, survival);
      return figure(question, {
        ...answer,
        value: survival.meanMs,
        ci95: survival.mean95,
        reason: noted(sight, lowerBound(survival) ?? censored(survival)),
      });
    case "zone-dwell-median":
      if (survival.medianMs === null) return withoutEnd(question, sight, survival);
      return figure(question, {
        ...answer,
        value: survival.medianMs,
        ci95: survival.median95,
        reason: noted(sight, censored(survival)),
      });
    default:
      return unknown(question, 0, "unknown-scope", "This is not measured for a zone.");
  }
}

function withoutEnd(question: Question, sight: Sight, survival: Survival): MetricValue {
  if (survival.n === survival.censored)
    return unknown(question, sight.share, "no-visits", "No visit to this zone has ended yet.");
  const text = `${survival.censored} of ${survival.n} visits were not seen to their end.`;
  return unknown(question, sight.share, "too-many-censored", text);
}

function lowerBound(survival: Survival): MetricReason | null {
  if (!survival.isMeanLowerBound) return null;
  return reason(
    "lower-bound",
    "The longest stay was not seen to its end: the mean is at least this.",
  );
}

function censored(survival: Survival): MetricReason | null {
  if (survival.censored === 0) return null;
  return reason(
    "censored-stays",
    `${survival.censored} of ${survival.n} visits are going on or were not seen to their end; they enter as lower bounds.`,
  );
}

function readZone(
  sources: Sources,
  covered: readonly DayPart[],
  id: ZoneId,
  question: Question,
): Reading {
  const durations: Duration[] = [];
  for (const { day, range } of covered) day.zones.get(id)?.collect(range, durations);
  let visits = totalOf(covered, ({ day, range }) => day.zones.get(id)?.visits(range) ?? 0);
  let presenceMs = totalOf(covered, ({ day, range }) => day.zones.get(id)?.presenceMs(range) ?? 0);
  let revision = totalOf(covered, ({ day, range }) => day.zones.get(id)?.revision(range) ?? 0);
  // Slots count whole, so what is not settled yet is cut at the same borders.
  const begin = Math.floor(question.from / SLOT_MS) * SLOT_MS;
  const finish = Math.ceil(question.to / SLOT_MS) * SLOT_MS;
  for (const stay of sources.stays.pending()) {
    if (stay.zoneId !== id || stay.start >= finish) continue;
    const { end, isGoingOn } = endOfOpen(sources, stay, question.to);
    presenceMs += Math.max(0, Math.min(end, finish) - Math.max(stay.start, begin));
    const ms = end - stay.start;
    if (stay.start < begin || ms < ZONE_RULES.minDwellMs) continue;
    visits += 1;
    revision += Number(stay.isLate);
    durations.push({ ms, isCensored: stay.isCensored || isGoingOn });
  }
  return { visits, durations, presenceMs, revision };
}

/** When a stay ended; an open one goes on until `to`, or until its camera stopped seeing. */
function endOfOpen(
  sources: Sources,
  stay: ZoneStay,
  to: EpochMs,
): { readonly end: EpochMs; readonly isGoingOn: boolean } {
  if (stay.end !== null) return { end: stay.end, isGoingOn: false };
  const camera = cameraOfZone(sources.site, stay.zoneId) ?? "";
  const unseenAt = sources.coverage.firstUnseenAfter(camera, stay.start, to);
  if (unseenAt !== null) return { end: unseenAt, isGoingOn: false };
  return { end: epochMs(Math.max(stay.start, to)), isGoingOn: true };
}

/** Figures by metric. */
export const ZONE_FIGURES = {
  "zone-people-now": zoneFigure,
  "zone-visits": zoneFigure,
  "zone-dwell-mean": zoneFigure,
  "zone-dwell-median": zoneFigure,
  "zone-dwell-total": zoneFigure,
} as const satisfies Partial<Record<MetricId, Figure>>;
