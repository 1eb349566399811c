import { zoneId } from "../../core/brand.ts";
import type {
  MetricId,
  MetricReason,
  MetricScope,
  MetricValue,
  PathEnd,
} from "../../core/metric-value.ts";
import type { TimeSpan } from "../calendar/shop-hours.ts";
import type { Interval } from "../estimate/intervals.ts";
import { spreadShare } from "../paths/cluster-sums.ts";
import { wholeHours } from "../paths/told-counts.ts";
import { type ToldVisits, toldVisits } from "../paths/told-visits.ts";
import type { TransitionTable } from "../paths/transitions.ts";
import { tagZonesOf, trackZonesOf } from "../paths/visit-sample.ts";
import { type VisitTally, visitTally } from "../paths/visit-tally.ts";
import { reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import {
  type Answer,
  type Figure,
  figure,
  noted,
  type Question,
  type Sources,
  unknown,
} from "../sources.ts";
import { tooFew } from "./door-notes.ts";

/** Below this share of linked payments, what is not linked bends what is said about buyers. */
const LINKED_RATIO = 0.9;

/** Visits that stopped in the zone at least once. */
export function zoneUniqueVisits(sources: Sources, question: Question): MetricValue {
  return aboutZone(sources, question, (tally, place) => {
    const visits = tally.pairs.visitsWith(place);
    return figure(question, {
      ...common(tally),
      value: visits,
      n: visits,
      reason: noted(tally.sight, null),
    });
  });
}

/** Share of all visits that stopped in the zone. */
export function zoneDraw(sources: Sources, question: Question): MetricValue {
  return aboutZone(sources, question, (tally, place) => {
    const spread = spreadShare(tally.pairs.drawOf(place), tally.pairs.effectiveN);
    if (spread === null)
      return unknown(question, tally.sight.share, "no-visits", "No visit has ended yet.");
    const n = tally.pairs.visits;
    const answer = { ...common(tally), n, effectiveN: spread.effectiveN, ci95: spread.ci95 };
    if (n < RULES.minN) return figure(question, { ...answer, value: null, reason: tooFew(n) });
    return figure(question, {
      ...answer,
      value: spread.share,
      reason: noted(tally.sight, null),
    });
  });
}

/** How much oftener two zones are visited on one visit than if they had nothing to do with one another. */
export function zoneLift(sources: Sources, question: Question): MetricValue {
  const pair = zonesOf(sources, question.scope);
  if (pair === null || pair.length !== 2 || pair[0] === pair[1]) return notHere(question);
  const hours = wholeHours(sources.calendar, question);
  const tally = visitsOf(sources, question, pair, hours);
  if (!isTally(tally)) return tally;
  return liftValue(sources, question, tally, toldVisits(sources, hours, tally));
}

/** The lift of the pair of a question, from visits that are counted already. */
export function liftValue(
  sources: Sources,
  question: Question,
  tally: VisitTally,
  told: ToldVisits | null,
): MetricValue {
  const [a = -1, b = -1] = endsOf(question.scope).map((id) => tally.zones.indexOf(zoneId(id)));
  if (a < 0 || b < 0) return notHere(question);
  const { minCell } = sources.measures;
  if (told === null) return notKept(question);
  const { visits, lift, ci95, isWithheld } = tally.pairs.lift(a, b, told.pairs, minCell);
  const answer = { ...common(tally), n: visits, effectiveN: tally.pairs.effectiveN };
  const parameters = { minCell };
  if (isWithheld) return withheld(question, { ...answer, parameters }, minCell);
  if (visits === 0 || lift === null)
    return figure(question, {
      ...answer,
      value: null,
      parameters,
      reason: reason("no-visits", "One of the two zones was not visited yet."),
    });
  if (visits < RULES.minN)
    return figure(question, { ...answer, value: null, ci95, parameters, reason: tooFew(visits) });
  return figure(question, {
    ...answer,
    value: lift,
    ci95,
    parameters,
    reason: noted(tally.sight, null),
  });
}

/** Share of the visits leaving one place that go on to another. */
export function zoneTransition(sources: Sources, question: Question): MetricValue {
  const zones = zonesOf(sources, question.scope);
  if (zones === null || question.scope.kind !== "zone-pair") return notHere(question);
  const hours = wholeHours(sources.calendar, question);
  const tally = visitsOf(sources, question, zones, hours);
  if (!isTally(tally)) return tally;
  const told = toldVisits(sources, hours, tally);
  if (told === null) return notKept(question);
  const { minCell } = sources.measures;
  const table = tally.transitions.table(tally.zones, told.transitions, minCell);
  return transitionValue(sources, question, tally, table);
}

/** The transition of a question, from a table that is there already. */
export function transitionValue(
  sources: Sources,
  question: Question,
  tally: VisitTally,
  table: TransitionTable,
): MetricValue {
  const [start = "", end = ""] = endsOf(question.scope);
  const row = table.from.indexOf(start);
  const column = table.to.indexOf(end);
  if (row < 0 || column < 0 || start === end) return notHere(question);
  const { minCell } = sources.measures;
  const spread = table.share(row, column);
  const n = table.told[row] ?? 0;
  const answer = { ...common(tally), n, parameters: { minCell } };
  if (table.isLeft[row] !== true)
    return figure(question, {
      ...answer,
      value: null,
      reason: reason("no-visits", "No visit was seen going on from here yet."),
    });
  if (spread === null) return withheld(question, answer, minCell);
  const isOut = column >= tally.zones.length;
  const bought = table.share(row, table.to.indexOf(WITH_TX))?.share ?? 0;
  const ci95 = isOut ? withUnlinked(spread.ci95, end, bought, tally) : spread.ci95;
  const known = { ...answer, effectiveN: spread.effectiveN, ci95 };
  if (n < RULES.minN) return figure(question, { ...known, value: null, reason: tooFew(n) });
  return figure(question, {
    ...known,
    value: spread.share,
    reason: noted(tally.sight, isOut ? unlinkedPayments(tally) : null),
  });
}

/**
 * The interval of a way out, reaching to where the purchases that are linked to no visit were of such visits, too, as
 * often as those that are: some of those who left without one have bought.
 */
function withUnlinked(
  [low, high]: Interval,
  way: string,
  bought: number,
  { payments: { linked, sales }, method }: Pick<VisitTally, "payments" | "method">,
): Interval {
  // Tags hear only some of the visits: the purchases of the others say nothing of these.
  const more = linked > 0 && method === "track" ? Math.max(1, sales / linked) : 1;
  const missing = bought * (more - 1);
  return way === WITH_TX ? [low, Math.min(1, high + missing)] : [Math.max(0, low - missing), high];
}

/**
 * What to say about figures of buyers when not all payments are linked to visits; null when nearly all are. Tags hear
 * only some of the visits, so payments without one are no fault there.
 */
export function unlinkedPayments({
  payments,
  method,
}: Pick<VisitTally, "payments" | "method">): MetricReason | null {
  const { linked, sales } = payments;
  if (linked === 0)
    return reason(
      "payments-not-linked",
      "No payment is linked to a visit, so who bought is not known.",
    );
  if (method === "tag" || linked >= sales * LINKED_RATIO) return null;
  return reason(
    "payments-partly-linked",
    `${linked} of ${sales} purchases are linked to a visit: more visits bought something than are counted so.`,
  );
}

/** What every value of a tally carries. */
const common = (tally: VisitTally): Pick<Answer, "method" | "coverage" | "revision"> => ({
  method: tally.method,
  coverage: tally.sight.share,
  revision: tally.revision,
});

const isTally = (outcome: VisitTally | MetricValue): outcome is VisitTally => "pairs" in outcome;

/** The visits of a span that know these zones, or the value that says why there are none. */
function visitsOf(
  sources: Sources,
  question: Question,
  zones: readonly string[],
  span: TimeSpan = question,
): VisitTally | MetricValue {
  if (sources.book.isForgotten(question.from))
    return unknown(question, 0, "not-kept", "This interval is older than what is kept here.");
  const outcome = visitTally(sources, span, zones.map(zoneId));
  return "pairs" in outcome ? outcome : unknown(question, 0, outcome.code, outcome.text);
}

function aboutZone(
  sources: Sources,
  question: Question,
  answer: (tally: VisitTally, place: number) => MetricValue,
): MetricValue {
  const zones = zonesOf(sources, question.scope);
  if (zones === null || question.scope.kind !== "zone") return notHere(question);
  const tally = visitsOf(sources, question, zones);
  return isTally(tally) ? answer(tally, tally.zones.indexOf(zoneId(zones[0] ?? ""))) : tally;
}

/** The ends of a scope that are zones; null when one of them is not in the plan. */
function zonesOf(sources: Sources, scope: MetricScope): string[] | null {
  const known: readonly string[] = [
    ...sources.site.cameras.flatMap((camera) => camera.zones.map((zone) => zone.id)),
    ...trackZonesOf(sources.site),
    ...tagZonesOf(sources.site),
  ];
  const zones = endsOf(scope).filter((id) => !PATH_ENDS.includes(id));
  return zones.every((id) => known.includes(id)) ? zones : null;
}

const WITH_TX: PathEnd = "exit-with-tx";
const PATH_ENDS: readonly string[] = ["entry", WITH_TX, "exit-without"];

function endsOf(scope: MetricScope): string[] {
  if (scope.kind === "zone") return [scope.id];
  return scope.kind === "zone-pair" ? [scope.from, scope.to] : [];
}

/** What is said when running counts cannot begin where they have to. */
export const WEEK_NOT_KEPT =
  "The week in which this interval begins is older than what is kept here.";

const notKept = (question: Question): MetricValue =>
  unknown(question, 0, "not-kept", WEEK_NOT_KEPT);

const notHere = (question: Question): MetricValue =>
  unknown(question, 0, "unknown-scope", "This is not measured here.");

/** A value that may not be shown: without its interval, which would tell it. */
function withheld(
  question: Question,
  answer: Omit<Answer, "value" | "reason">,
  minCell: number,
): MetricValue {
  const text = `Withheld: it is about fewer than ${minCell} visits, or about nobody.`;
  const { effectiveN: _, ci95: __, ...rest } = answer;
  return figure(question, { ...rest, value: null, reason: reason("small-cell", text) });
}

/** Figures by metric. */
export const PATH_FIGURES = {
  "zone-unique-visits": zoneUniqueVisits,
  "zone-draw": zoneDraw,
  "zone-lift": zoneLift,
  "zone-transition": zoneTransition,
} as const satisfies Partial<Record<MetricId, Figure>>;
