import type { MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { PurchaseFloor } from "../estimate/purchase-floor.ts";
import { VISIT_ESTIMATE_RULES } from "../estimate/rules.ts";
import type { Estimated } from "../estimate/tag-estimate.ts";
import { bounceOfTracks, type TrackSample, type TrackVisit } from "../estimate/track-visits.ts";
import { type BasedEstimate, estimateFor, floorAt } from "../estimate/visit-basis.ts";
import type { TagBounce, VisitEstimate } from "../estimate/visit-estimate.ts";
import { joinedReasons, reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import {
  type Figure,
  figure,
  noted,
  type Question,
  type Sight,
  type Sources,
  unknown,
} from "../sources.ts";
import { withoutEstimate } from "./duration-figures.ts";
import {
  basisNote,
  basisParameters,
  basisRevision,
  throughDoors,
  tracksFor,
  visitRevision,
} from "./visit-parts.ts";

/** What makes one bounce rate differ from the other. */
interface Variant {
  /** What happened during the visit decides, not only its length. */
  readonly needsWhole: boolean;
  isEngaged(visit: TrackVisit): boolean;
  tags(estimate: VisitEstimate): TagBounce | null;
  /** null where counts of the doors cannot tell it. */
  doors(estimate: VisitEstimate): Estimated | null;
}

const PLAIN: Variant = {
  needsWhole: false,
  isEngaged: (visit) => visit.hasBought,
  tags: (estimate) => estimate.tagBounce,
  doors: (estimate) => estimate.bounce,
};

const GA4: Variant = {
  needsWhole: true,
  isEngaged: (visit) => visit.hasBought || visit.zones >= 2,
  tags: (estimate) => estimate.tagBounceGa4,
  doors: () => null,
};

/** Share of entrants who leave before they could have bought anything. */
export const bounceRate: Figure = (sources, question) => bounceFigure(sources, question, PLAIN);

/** Share of entrants who neither stayed, nor saw two zones, nor bought. */
export const bounceRateGa4: Figure = (sources, question) => bounceFigure(sources, question, GA4);

function bounceFigure(sources: Sources, question: Question, variant: Variant): MetricValue {
  return throughDoors(sources, question, (sight) => {
    const { sample, note } = tracksFor(sources, question);
    return sample === null
      ? bounceByEstimate(sources, question, sight, variant, note)
      : bounceByTracks(sources, question, sight, variant, sample);
  });
}

function bounceByTracks(
  sources: Sources,
  question: Question,
  sight: Sight,
  variant: Variant,
  sample: TrackSample,
): MetricValue {
  const floor = floorAt(sources, question.to);
  const visits = variant.needsWhole
    ? sample.visits.map((visit) => (visit.isUntold ? { ...visit, isCensored: true } : visit))
    : sample.visits;
  const found = bounceOfTracks(visits, floor.bounceMaxMs, variant.isEngaged);
  const { value, ci95, n, effectiveN, censored } = found;
  const isSmall = n < RULES.minN;
  const specific = isSmall
    ? reason("small-sample", `Only ${n} visits: too few for a rate.`)
    : censoredNote(censored);
  return figure(question, {
    value: isSmall ? null : value,
    ci95,
    method: "track",
    reason: noted(sight, specific),
    coverage: sight.share,
    n,
    effectiveN,
    revision:
      visitRevision(sources, sources.book.parts(question.from, question.to)) + sight.corrections,
    parameters: {
      ...floorParameters(floor),
      trackCompleteRatio: VISIT_ESTIMATE_RULES.trackCompleteRatio,
      completeRatio: sample.completeRatio,
    },
  });
}

function censoredNote(censored: number): MetricReason | null {
  if (censored === 0) return null;
  const who = censored === 1 ? "1 visit" : `${censored} visits`;
  const text = `${who} began a moment ago or were lost from sight; they count as long as they were seen.`;
  return reason("censored-stays", text);
}

function bounceByEstimate(
  sources: Sources,
  question: Question,
  sight: Sight,
  variant: Variant,
  tracksNote: MetricReason | null,
): MetricValue {
  const based = estimateFor(sources, question);
  const { estimate } = based;
  if (typeof estimate === "string") return withoutEstimate(question, sight, based);
  const doors = variant.doors(estimate);
  // Of those who leave at once few tags are heard, and how few is not known well: the doors come first.
  const tags = doors !== null && isSureEnough(doors) ? null : variant.tags(estimate);
  const found = tags ?? doors;
  if (found === null) {
    const text =
      "Whether somebody saw two zones takes tracks from door to door, or enough tags: door counts alone cannot tell.";
    return unknown(question, sight.share, "not-identifiable", text);
  }
  const isSure = isSureEnough(found);
  const unsure = reason("small-sample", "Too few closed days or entrants for a single number.");
  return figure(question, {
    value: isSure ? found.value : null,
    ci95: found.ci95,
    method: tags === null ? "deconvolution" : "tag-ht",
    reason: noted(sight, joinedReasons(isSure ? null : unsure, basisNote(based), tracksNote)),
    coverage: sight.share,
    n: tags?.n ?? estimate.entries,
    ...(tags === null ? {} : { effectiveN: tags.effectiveN }),
    revision: basisRevision(sources, based),
    parameters: { ...basisParameters(based), ...parametersOf(based) },
  });
}

const isSureEnough = ({ ci95 }: Estimated): boolean =>
  ci95 !== null && ci95[1] - ci95[0] <= 2 * VISIT_ESTIMATE_RULES.maxHalfWidthRatio;

const parametersOf = ({ floor }: BasedEstimate): Record<string, number | string> =>
  floorParameters(floor);

const floorParameters = (floor: PurchaseFloor): Record<string, number | string> => ({
  bounceMaxMs: floor.bounceMaxMs,
  bounceMaxOrigin: floor.origin,
  tauVersion: floor.month,
  tauPayments: floor.payments,
});
