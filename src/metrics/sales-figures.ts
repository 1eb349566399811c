import type { MetricId, MetricReason, MetricValue } from "../core/metric-value.ts";
import type { DayPart } from "./day-book.ts";
import { entrantsIn, staffParameters, tooFew } from "./door-figures.ts";
import { wilson95 } from "./intervals.ts";
import { reason } from "./reasons.ts";
import { RULES } from "./rules.ts";
import { SLOT_MS } from "./slots.ts";
import {
  camerasWith,
  type Figure,
  figure,
  linesOf,
  noted,
  type Question,
  type Sources,
  seenParts,
  sightOf,
  totalOf,
  unknown,
  unseen,
} from "./sources.ts";

/** Qualifying receipts by time of payment. */
export function transactions(sources: Sources, question: Question): MetricValue {
  const missing = withoutReceipts(sources, question);
  if (missing !== null) return missing;
  const covered = sources.book.parts(question.from, question.to);
  const count = totalOf(covered, ({ day, range }) => day.sales.transactions(range));
  return figure(question, {
    value: count,
    reason: uncertainTime(covered),
    coverage: 1,
    n: count,
    revision: revisionOf(covered),
  });
}

/** Money taken less money given back, minor units. */
export function netSales(sources: Sources, question: Question): MetricValue {
  const missing = withoutReceipts(sources, question);
  if (missing !== null) return missing;
  const covered = sources.book.parts(question.from, question.to);
  return figure(question, {
    value: totalOf(covered, ({ day, range }) => day.sales.netMinor(range)),
    reason: uncertainTime(covered),
    coverage: 1,
    n: totalOf(covered, ({ day, range }) => day.sales.transactions(range)),
    revision: revisionOf(covered),
    parameters: { currency: sources.site.store.currency },
  });
}

/** Purchases per entrant. */
export function salesConversion(sources: Sources, question: Question): MetricValue {
  if (question.scope.kind === "store" && linesOf(sources.site, "door").length === 0)
    return unknown(question, 0, "no-door-line", "The site plan has no door line.");
  const missing = withoutReceipts(sources, question);
  if (missing !== null) return missing;
  const cameras = camerasWith(sources.site, "door");
  const sight = sightOf(sources, cameras, question.from, question.to);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const covered = seenParts(sources, cameras, question);
  const came = entrantsIn(sources, covered);
  const n = came.people;
  const coverage = sight.share;
  if (n === 0)
    return unknown(question, coverage, "no-entrants", "Nobody has entered in this interval.");
  if (question.to - firstEntryAt(sources, covered) < RULES.minSalesSpanMs) {
    const text = "Less than an hour since the first entrant: payments do not match entries yet.";
    return unknown(question, coverage, "payment-lag", text);
  }
  const sold = totalOf(covered, ({ day, range }) => day.sales.transactions(range));
  const ci95 = wilson95(sold, n);
  const revision = came.revision + revisionOf(covered) + sight.corrections;
  const answer = { coverage, n, ci95, revision, parameters: staffParameters(came) };
  if (ci95 !== null && n < RULES.minN)
    return figure(question, { ...answer, value: null, reason: tooFew(n) });
  const surplus = reason(
    "more-sales-than-entrants",
    `${sold} purchases but only ${n} entrants: one of the two counts is wrong.`,
  );
  return figure(question, {
    ...answer,
    value: sold / n,
    reason: noted(sight, sold > n ? surplus : uncertainTime(covered)),
  });
}

function withoutReceipts(sources: Sources, question: Question): MetricValue | null {
  if (question.scope.kind !== "store")
    return unknown(question, 0, "unknown-scope", "This is not measured here.");
  if (sources.book.isForgotten(question.from))
    return unknown(question, 0, "not-kept", "This interval is older than what is kept here.");
  if (sources.hasReceipts()) return null;
  return unknown(question, 0, "no-receipts", "No receipt has arrived from the till yet.");
}

/** Start of the minute in which the first customer came in. */
function firstEntryAt(sources: Sources, covered: readonly DayPart[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { day, range } of covered) {
    for (const id of linesOf(sources.site, "door")) {
      const line = day.lines.get(id);
      const slot = line === undefined ? -1 : line.in.firstIn(range, line.staff.in);
      if (slot >= 0) first = Math.min(first, day.span.start + slot * SLOT_MS);
    }
  }
  return first;
}

function uncertainTime(covered: readonly DayPart[]): MetricReason | null {
  const doubtful = totalOf(covered, ({ day, range }) => day.sales.doubtful(range));
  if (doubtful === 0) return null;
  const what = doubtful === 1 ? "1 receipt carries" : `${doubtful} receipts carry`;
  return reason("payment-time-uncertain", `${what} an uncertain time of payment.`);
}

const revisionOf = (covered: readonly DayPart[]): number =>
  totalOf(covered, ({ day, range }) => day.sales.revision(range));

/** Figures by metric. */
export const SALES_FIGURES = {
  transactions,
  "net-sales": netSales,
  "sales-conversion": salesConversion,
} as const satisfies Partial<Record<MetricId, Figure>>;
