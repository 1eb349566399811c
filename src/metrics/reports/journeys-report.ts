import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId, MetricReason, MetricScope, MetricValue } from "../../core/metric-value.ts";
import type { TimeSpan } from "../calendar/shop-hours.ts";
import { queuesOf } from "../days/day-book.ts";
import { isDefined } from "../definitions.ts";
import { answer } from "../figures/figures.ts";
import { liftValue, transitionValue, WEEK_NOT_KEPT } from "../figures/path-figures.ts";
import { wholeHours } from "../paths/told-counts.ts";
import { type ToldVisits, toldVisits } from "../paths/told-visits.ts";
import { type VisitTally, visitTally } from "../paths/visit-tally.ts";
import { reason } from "../reasons.ts";
import type { Sources } from "../sources.ts";
import type { FunnelStep, JourneysReport, ReportPart, ReportPeriod } from "./reports.ts";

/** What is told of a queue, in display order. */
const QUEUE_METRICS: readonly MetricId[] = Object.freeze([
  "zone-people-now",
  "queue-length",
  "queue-wait-mean",
  "queue-service-rate",
  "queue-abandonment",
  "queue-balking",
]);

type Span = TimeSpan;

/**
 * How visits went in a period: from passing by to buying, from zone to zone, the commonest paths, the queues. A period
 * that is not over is told up to `now`. The visits are read once, whatever the number of zones. Pure.
 */
export function journeysReport(
  sources: Sources,
  period: ReportPeriod,
  now: EpochMs,
): JourneysReport {
  const to = epochMs(Math.max(period.from, Math.min(period.to, now)));
  const span = { from: period.from, to };
  const parts = sources.memo(`journeys ${span.from} ${to}`, () => partsOf(sources, span));
  return { now, period, ...parts };
}

function partsOf(sources: Sources, span: Span): Omit<JourneysReport, "now" | "period"> {
  const hours = wholeHours(sources.calendar, span);
  const outcome = sources.book.isForgotten(span.from) ? null : visitTally(sources, hours, []);
  const tally = outcome !== null && "pairs" in outcome ? outcome : null;
  const told = tally === null ? null : toldVisits(sources, hours, tally);
  const { minPathCell } = sources.measures;
  const isLinked = (tally?.payments.linked ?? 0) > 0;
  const paths = tally?.paths.shared(tally.zones, told?.paths ?? new Map(), {
    isLinked,
    step: minPathCell,
  });
  return {
    funnel: funnelOf(sources, span, tally),
    zones: zonesOf(sources, tally),
    transitions: tally === null || told === null ? [] : transitionsOf(sources, span, tally, told),
    lifts: tally === null ? [] : liftsOf(sources, span, tally, told),
    paths: paths?.paths ?? [],
    pathVisits: told === null ? 0 : (paths?.visits ?? 0),
    rareVisits: told === null ? 0 : (paths?.rareVisits ?? 0),
    pathMethod: tally?.method ?? "none",
    pathReason: pathReason(outcome, told),
    queues: queuesOf(sources.site).map((id) => queueOf(sources, span, id)),
  };
}

/** Why there are no paths; null when there are, or when the period is forgotten, which the funnel tells. */
function pathReason(
  outcome: ReturnType<typeof visitTally> | null,
  told: ToldVisits | null,
): MetricReason | null {
  if (outcome === null) return null;
  if (!("pairs" in outcome)) return reason(outcome.code, outcome.text);
  return told === null ? reason("not-kept", WEEK_NOT_KEPT) : null;
}

/** The zones that the paths speak of. */
function zonesOf({ site }: Sources, tally: VisitTally | null): JourneysReport["zones"] {
  const planned = [...site.cameras.flatMap((camera) => camera.zones), ...(site.floor?.zones ?? [])];
  return (tally?.zones ?? []).flatMap((id) => {
    const zone = planned.find((one) => one.id === id);
    return zone === undefined ? [] : [{ id, name: zone.name, kind: zone.kind }];
  });
}

function transitionsOf(
  sources: Sources,
  span: Span,
  tally: VisitTally,
  told: ToldVisits,
): MetricValue[] {
  const { minCell } = sources.measures;
  const table = tally.transitions.table(tally.zones, told.transitions, minCell);
  return table.from.flatMap((from, row) =>
    table.to.flatMap((to, column) => {
      // Ways that few went are left out like those that nobody went: which is which is not told.
      if (from === to || table.share(row, column) === null) return [];
      const scope = { kind: "zone-pair", from, to } as const;
      const question = {
        metric: "zone-transition",
        scope,
        ...span,
        measures: sources.measures,
      } as const;
      return [transitionValue(sources, question, tally, table)];
    }),
  );
}

function liftsOf(
  sources: Sources,
  span: Span,
  tally: VisitTally,
  told: ToldVisits | null,
): MetricValue[] {
  return tally.zones.flatMap((from, i) =>
    tally.zones.slice(i + 1).map((to) => {
      const scope = { kind: "zone-pair", from, to } as const;
      const question = { metric: "zone-lift", scope, ...span, measures: sources.measures } as const;
      return liftValue(sources, question, tally, told);
    }),
  );
}

function queueOf(sources: Sources, span: Span, id: string): ReportPart {
  const { site } = sources;
  const planned = [...site.cameras.flatMap((camera) => camera.zones), ...(site.floor?.zones ?? [])];
  const scope: MetricScope = { kind: "zone", id };
  return {
    id,
    name: planned.find((zone) => zone.id === id)?.name ?? id,
    kind: "queue",
    values: QUEUE_METRICS.map((metric) => answer(sources, { metric, scope, ...span })),
  };
}

/** A step before it is known how it stands to the one before it. */
type Step = Omit<FunnelStep, "shareOfPrevious">;

function funnelOf(sources: Sources, span: Span, tally: VisitTally | null): FunnelStep[] {
  const ask = (metric: MetricId): MetricValue =>
    answer(sources, { metric, scope: { kind: "store" }, ...span });
  const entered = stepOf("entered", ask("entrants"));
  const steps: readonly Step[] = [
    stepOf("passing", ask("passing-traffic")),
    entered,
    engagedStep(entered, tally, ask),
    stepOf("purchased", ask("transactions")),
  ];
  // Who came in by a back door never passed the frontage: that share is the published one, of street entrants.
  const conversion = ask("shopfront-conversion").value;
  return steps
    .map((step, i) => against(step, steps[i - 1]))
    .map((step) => (step.id === "entered" ? { ...step, shareOfPrevious: conversion } : step));
}

const stepOf = (id: FunnelStep["id"], basis: MetricValue): Step => ({
  id,
  people: basis.value,
  reason: basis.reason,
  basis,
});

/** Entrants who did not bounce, as web analytics mean it; their share from all entrants, else from followed visits. */
function engagedStep(
  entered: Step,
  tally: VisitTally | null,
  ask: (metric: MetricId) => MetricValue,
): Step {
  const basis = isDefined("bounce-rate-ga4") ? ask("bounce-rate-ga4") : null;
  const share = basis?.value == null ? engagedVisits(tally) : 1 - basis.value;
  if (entered.people === null)
    return { id: "engaged", people: null, reason: entered.reason, basis };
  if (share === null) {
    const text = "No camera follows visits, and counts at the doors do not tell who stayed.";
    const why = basis?.reason ?? reason("not-identifiable", text);
    return { id: "engaged", people: null, reason: why, basis };
  }
  const people = Math.round(entered.people * share);
  return { id: "engaged", people, reason: basis?.value == null ? null : basis.reason, basis };
}

/** Share of followed visits that stayed, stopped in two zones, or bought something; null without any. */
function engagedVisits(tally: VisitTally | null): number | null {
  if (tally === null || tally.method !== "track" || tally.pairs.visits === 0) return null;
  return tally.engaged / tally.pairs.visits;
}

function against(step: Step, previous: Step | undefined): FunnelStep {
  const { people } = step;
  const before = previous?.people ?? null;
  const shareOfPrevious =
    people === null || before === null || before === 0 ? null : people / before;
  return { ...step, shareOfPrevious, reason: grown(step, before) ?? step.reason };
}

/** What to say about a step with more people than the one before it, which is shown as it is. */
function grown({ people }: Step, before: number | null): MetricReason | null {
  if (people === null || before === null || people <= before) return null;
  const text = `${people} here but only ${before} in the step before: some came another way, or one of the two counts is wrong.`;
  return reason("funnel-grows", text);
}
