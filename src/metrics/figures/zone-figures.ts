import { zoneId } from "../../core/brand.ts";
import type { MetricId, MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { Interval } from "../estimate/intervals.ts";
import { kaplanMeier, type Survival } from "../estimate/survival.ts";
import { reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import {
  type Answer,
  camerasWith,
  type Figure,
  figure,
  linesOf,
  noted,
  type Question,
  type Sources,
  seenParts,
  sightOf,
  unknown,
  unseen,
} from "../sources.ts";
import { entrantsIn } from "./door-count.ts";
import { tooFew } from "./door-notes.ts";
import { PATH_FIGURES } from "./path-figures.ts";
import { isSmallCell } from "./suppression.ts";
import { zoneConversion } from "./zone-conversion.ts";
import { engagedShare, widened } from "./zone-dwell.ts";
import {
  peopleIn,
  placeOf,
  readZone,
  readZoneIn,
  type ZonePlace,
  type ZoneReading,
} from "./zone-place.ts";

/** A zone figure once the zone's sensors are known to have seen something. */
type ZoneAnswer = (sources: Sources, question: Question, place: ZonePlace) => MetricValue;

/** Makes a figure of a zone from how it is answered. */
function aboutZone(answer: ZoneAnswer): Figure {
  return (sources, question) => {
    const { scope } = question;
    const place = scope.kind === "zone" ? placeOf(sources, question, zoneId(scope.id)) : null;
    if (place === null) return unknown(question, 0, "unknown-scope", "This is not measured here.");
    return unseen(sources, question, place.sight) ?? answer(sources, question, place);
  };
}

/** People standing in the zone at the end of the interval. */
const peopleNow: Figure = (sources, question) => {
  const { scope } = question;
  const place = scope.kind === "zone" ? placeOf(sources, question, zoneId(scope.id)) : null;
  if (place === null) return unknown(question, 0, "unknown-scope", "This is not measured here.");
  const share = place.sight.isSeeing ? place.sight.share : 0;
  const blind = unseen(sources, question, { ...place.sight, share });
  if (blind !== null) return blind;
  const people = peopleIn(sources, place, question.to);
  // What the camera saw earlier does not matter for who stands there now.
  return figure(question, {
    value: people,
    reason: null,
    method: place.method,
    coverage: 1,
    n: people,
    revision: place.sight.corrections,
  });
};

const zoneVisits = aboutZone((sources, question, place) => {
  const reading = readZone(sources, place, question);
  return figure(question, {
    ...common(place, reading),
    value: reading.visits,
    n: reading.visits,
    reason: noted(place.sight, null),
  });
});

const dwellTotal = aboutZone((sources, question, place) => {
  const reading = readZone(sources, place, question);
  return figure(question, {
    ...common(place, reading),
    value: reading.presenceMs,
    reason: noted(place.sight, censored(reading)),
  });
});

const dwellMean = aboutZone((sources, question, place) => {
  const reading = readZone(sources, place, question);
  const survival = kaplanMeier(reading.durations);
  if (survival.meanMs === null) return withoutEnd(question, place, survival);
  return figure(question, {
    ...common(place, reading),
    value: survival.meanMs,
    ci95: widened(reading.durations, survival.meanMs, survival.mean95, "mean"),
    reason: noted(place.sight, lowerBound(survival) ?? censored(reading)),
  });
});

/** What the share `longer` of the stays lasts longer than. */
const dwellQuantile = (
  longer: number,
  read: (survival: Survival) => { readonly ms: number | null; readonly ci95: Interval | null },
): Figure =>
  aboutZone((sources, question, place) => {
    const reading = readZone(sources, place, question);
    const survival = kaplanMeier(reading.durations);
    const { ms, ci95 } = read(survival);
    if (ms === null) return withoutEnd(question, place, survival);
    return figure(question, {
      ...common(place, reading),
      value: ms,
      ci95: widened(reading.durations, ms, ci95, { longer }),
      reason: noted(place.sight, censored(reading)),
    });
  });

const holdingPower = aboutZone((sources, question, place) => {
  const reference = referenceOf(sources, place);
  if (reference === null)
    return unknown(
      question,
      place.sight.share,
      "no-reference",
      "The plan does not say how long people are meant to stay here.",
    );
  const reading = readZone(sources, place, question);
  const survival = kaplanMeier(reading.durations);
  if (survival.medianMs === null) return withoutEnd(question, place, survival);
  const ci95 = widened(reading.durations, survival.medianMs, survival.median95, {
    longer: 0.5,
  });
  return figure(question, {
    ...common(place, reading),
    value: survival.medianMs / reference,
    ci95: ci95 === null ? null : [ci95[0] / reference, ci95[1] / reference],
    reason: noted(place.sight, censored(reading)),
    parameters: { referenceDwellMs: reference },
  });
});

const engagement = aboutZone((sources, question, place) => {
  const reading = readZone(sources, place, question);
  const { engagedMs } = sources.measures;
  const share = engagedShare(reading.durations, engagedMs);
  const n = reading.durations.length;
  if (share === null)
    return unknown(question, place.sight.share, "no-visits", "Nobody has stopped here yet.");
  if (reading.durations.every(({ ms, isCensored }) => isCensored && ms < engagedMs))
    return unknown(
      question,
      place.sight.share,
      "too-many-censored",
      "Every stay was lost from sight before it could be engaged.",
    );
  const parameters = { engagedMs };
  const answer = { ...common(place, reading), ...share.spread, parameters };
  if (n < RULES.minN) return figure(question, { ...answer, value: null, reason: tooFew(n) });
  return figure(question, {
    ...answer,
    value: share.value,
    reason: noted(place.sight, censored(reading)),
  });
});

const secondsPerEntrant = aboutZone((sources, question, place) => {
  const { site, measures } = sources;
  if (linesOf(site, "door").length === 0)
    return unknown(question, 0, "no-door-line", "The site plan has no door line.");
  if (place.method === "tag") {
    const text = "No camera watches this zone: the time of people without a tag is not known.";
    return unknown(question, place.sight.share, "not-identifiable", text);
  }
  const sensors = [...new Set([...camerasWith(site, "door"), ...place.sensors])];
  const sight = sightOf(sources, sensors, question.from, question.to);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const covered = seenParts(sources, sensors, question);
  const came = entrantsIn(sources, covered);
  if (came.people === 0)
    return unknown(question, sight.share, "no-entrants", "Nobody has entered in this interval.");
  const reading = readZoneIn(sources, place, covered, question.to);
  const { minCell } = measures;
  const answer = {
    coverage: sight.share,
    n: came.people,
    revision: reading.revision + came.revision + sight.corrections,
    parameters: { minCell },
  };
  const isWalkedThrough = reading.visits === 0 && reading.presenceMs > 0;
  if (isSmallCell(reading.visits, minCell) || isWalkedThrough) {
    const text = `Withheld: fewer than ${minCell} visits to this zone.`;
    return figure(question, { ...answer, value: null, reason: reason("small-cell", text) });
  }
  return figure(question, {
    ...answer,
    value: reading.presenceMs / came.people,
    reason: noted(sight, null),
  });
});

const common = (
  place: ZonePlace,
  reading: ZoneReading,
): Pick<Answer, "coverage" | "n" | "revision" | "method"> => ({
  method: place.method,
  coverage: place.sight.share,
  n: reading.durations.length,
  revision: reading.revision + place.sight.corrections,
});

function withoutEnd(question: Question, { sight }: ZonePlace, survival: Survival): MetricValue {
  if (survival.n === survival.censored)
    return unknown(question, sight.share, "no-visits", "No visit to this zone has ended yet.");
  const text = `${survival.censored} of ${survival.n} visits were not seen to their end.`;
  return unknown(question, sight.share, "too-many-censored", text);
}

function lowerBound(survival: Survival): MetricReason | null {
  if (!survival.isMeanLowerBound) return null;
  const text = "The longest stay was not seen to its end: the mean is at least this.";
  return reason("lower-bound", text);
}

function censored({ durations }: ZoneReading): MetricReason | null {
  let open = 0;
  for (const { isCensored } of durations) open += Number(isCensored);
  if (open === 0) return null;
  return reason(
    "censored-stays",
    `${open} of ${durations.length} visits are going on or were not seen to their end; they enter as lower bounds.`,
  );
}

function referenceOf({ site }: Sources, { id }: ZonePlace): number | null {
  const zones = [...site.cameras.flatMap((camera) => camera.zones), ...(site.floor?.zones ?? [])];
  const named = zones.filter((zone) => zone.id === id);
  return named.find((zone) => zone.referenceDwellMs !== undefined)?.referenceDwellMs ?? null;
}

/** Figures by metric. */
export const ZONE_FIGURES = {
  "zone-people-now": peopleNow,
  "zone-visits": zoneVisits,
  "zone-dwell-mean": dwellMean,
  "zone-dwell-median": dwellQuantile(0.5, ({ medianMs, median95 }) => ({
    ms: medianMs,
    ci95: median95,
  })),
  "zone-dwell-p90": dwellQuantile(0.1, ({ p90Ms, p9095 }) => ({ ms: p90Ms, ci95: p9095 })),
  "zone-dwell-total": dwellTotal,
  "zone-seconds-per-entrant": secondsPerEntrant,
  "zone-engagement": engagement,
  "zone-holding-power": holdingPower,
  "zone-conversion": zoneConversion,
  ...PATH_FIGURES,
} as const satisfies Partial<Record<MetricId, Figure>>;
