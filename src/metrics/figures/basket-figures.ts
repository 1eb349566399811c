import type { MetricId, MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { DayPart } from "../days/day-book.ts";
import type { VisitRow } from "../days/visit-table.ts";
import { ratioOfSums } from "../estimate/bootstrap.ts";
import { type Interval, wilson95 } from "../estimate/intervals.ts";
import { isCustomer, salesOf } from "../paths/visit-sample.ts";
import { reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import { type Figure, figure, type Question, type Sources, totalOf, unknown } from "../sources.ts";
import { tooFew } from "./door-notes.ts";
import { unlinkedPayments } from "./path-figures.ts";

/** Goods taken out of baskets again, over goods put in. */
export function basketPutBackRate(sources: Sources, question: Question): MetricValue {
  const missing = withoutBaskets(sources, question);
  if (missing !== null) return missing;
  const covered = sources.book.parts(question.from, question.to);
  const units = (change: "add" | "remove" | "return-to-shelf"): number =>
    totalOf(covered, ({ day, range }) => day.baskets.units(change, range));
  const added = units("add");
  const out = units("remove") + units("return-to-shelf");
  if (added === 0)
    return unknown(question, 1, "no-baskets", "Nothing was put into a basket in this interval.");
  const value = out / added;
  const answer = {
    coverage: 1,
    n: added,
    revision: totalOf(covered, ({ day, range }) => day.baskets.revision(range)),
    ci95: putBackInterval(covered, value, out, added),
  };
  if (added < RULES.minN)
    return figure(question, { ...answer, value: null, reason: tooFew(added) });
  const surplus = `${out} pieces left baskets, but only ${added} went in.`;
  return figure(question, {
    ...answer,
    value,
    reason: out > added ? reason("more-out-than-in", surplus) : null,
  });
}

/** Share of visits that put something into a basket and bought nothing. */
export function basketsAbandoned(sources: Sources, question: Question): MetricValue {
  const missing = withoutBaskets(sources, question);
  if (missing !== null) return missing;
  if (!sources.hasReceipts())
    return unknown(question, 1, "no-receipts", "No receipt has arrived from the till yet.");
  const covered = sources.book.parts(question.from, question.to);
  const all = customersOf(covered);
  const rows = all.filter((row) => (row.basket?.added ?? 0) > 0);
  if (rows.length === 0)
    return unknown(question, 1, "no-baskets", "No visit with goods in its basket has ended yet.");
  const links = linksOf(all, covered);
  if (links?.code === "payments-not-linked")
    return unknown(question, 1, "payments-not-linked", links.text);
  const n = rows.length;
  const left = rows.filter((row) => salesOf(row) === 0).length;
  const answer = {
    coverage: 1,
    n,
    ci95: wilson95(left, n),
    revision: totalOf(covered, ({ day, range }) => day.visits.revision(range)),
    method: rows.every((row) => row.method === "track") ? ("track" as const) : ("tag" as const),
  };
  if (n < RULES.minN) return figure(question, { ...answer, value: null, reason: tooFew(n) });
  return figure(question, { ...answer, value: left / n, reason: links });
}

/** Pieces of one basket go together, so the spread is that of baskets; of pieces where no visit tells of its basket. */
function putBackInterval(
  covered: readonly DayPart[],
  value: number,
  out: number,
  added: number,
): Interval | null {
  const blocks = customersOf(covered).flatMap(({ basket }) =>
    basket === null ? [] : [{ top: basket.removed + basket.returned, bottom: basket.added }],
  );
  const error = ratioOfSums(blocks)?.ci95 ?? null;
  if (error === null) return wilson95(out, added);
  const half = (error[1] - error[0]) / 2;
  return [Math.max(0, value - half), value + half];
}

const customersOf = (covered: readonly DayPart[]): VisitRow[] =>
  covered.flatMap(({ day, range }) => [...day.visits.within(range)].filter(isCustomer));

function linksOf(rows: readonly VisitRow[], covered: readonly DayPart[]): MetricReason | null {
  const linked = rows.reduce((sum, row) => sum + salesOf(row), 0);
  const sales = totalOf(covered, ({ day, range }) => day.sales.transactions(range));
  const method = rows.some((row) => row.method === "track") ? "track" : "tag";
  return unlinkedPayments({ payments: { linked, sales }, method });
}

function withoutBaskets(sources: Sources, question: Question): MetricValue | null {
  if (question.scope.kind !== "store")
    return unknown(question, 0, "unknown-scope", "This is not measured here.");
  if (sources.book.isForgotten(question.from))
    return unknown(question, 0, "not-kept", "This interval is older than what is kept here.");
  const hasEver = sources.book.days.some(
    ({ baskets, slots }) => baskets.units("add", { from: 0, to: slots }) > 0,
  );
  if (hasEver) return null;
  return unknown(question, 0, "no-baskets", "No basket has told yet what goes into it.");
}

/** Figures by metric. */
export const BASKET_FIGURES = {
  "basket-put-back-rate": basketPutBackRate,
  "baskets-abandoned": basketsAbandoned,
} as const satisfies Partial<Record<MetricId, Figure>>;
