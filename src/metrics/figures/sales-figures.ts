import type { MetricId, MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { DayPart } from "../days/day-book.ts";
import { isPurchase, type ReceiptRow, SALE_RULES } from "../days/sales.ts";
import type { RatioBlock } from "../estimate/bootstrap.ts";
import { joinedReasons } from "../reasons.ts";
import { RULES } from "../rules.ts";
import { type Figure, figure, type Question, type Sources, totalOf, unknown } from "../sources.ts";
import {
  clickCollectArrivals,
  clickCollectAttach,
  clickCollectHandovers,
} from "./collect-figures.ts";
import { tooFew } from "./door-notes.ts";
import { ratioInterval } from "./rate-interval.ts";
import {
  earlierNote,
  negativeNote,
  outsideNote,
  paidOutside,
  purchasesIn,
  receiptShare,
  salesRevision,
  uncertainTime,
  withoutReceipts,
} from "./sales-notes.ts";
import { salesConversion, salesConversionUnits, shopperYield } from "./sales-rates.ts";

/** Qualifying receipts by time of payment. */
export function transactions(sources: Sources, question: Question): MetricValue {
  const missing = withoutReceipts(sources, question);
  if (missing !== null) return missing;
  const covered = sources.book.parts(question.from, question.to);
  const count = purchasesIn(covered);
  const outside = paidOutside(sources, question);
  return figure(question, {
    value: count,
    reason: joinedReasons(
      uncertainTime(covered),
      outsideNote(outside),
      earlierNote(sources, question),
    ),
    coverage: receiptShare(sources, question),
    n: count,
    revision: salesRevision(covered),
    ...(sources.hours.areKnown ? { parameters: { outsideHours: outside } } : {}),
  });
}

/** Money taken less money given back, minor units. */
export function netSales(sources: Sources, question: Question): MetricValue {
  const missing = withoutReceipts(sources, question);
  if (missing !== null) return missing;
  const covered = sources.book.parts(question.from, question.to);
  const value = netIn(covered);
  return figure(question, {
    value,
    reason: joinedReasons(
      negativeNote(value),
      uncertainTime(covered),
      earlierNote(sources, question),
    ),
    coverage: receiptShare(sources, question),
    n: purchasesIn(covered),
    revision: salesRevision(covered),
    parameters: { currency: sources.site.store.currency },
  });
}

/** Net sales per purchase, minor units; money given back is in it. */
export function averageTransactionValue(sources: Sources, question: Question): MetricValue {
  return perPurchase(sources, question, {
    total: netIn,
    of: ({ kind, netMinor }) => (SALE_RULES[kind].isRevenue ? netMinor : 0),
    note: (covered) => negativeNote(netIn(covered)),
    parameters: { currency: sources.site.store.currency },
  });
}

/** Pieces per purchase. */
export function unitsPerTransaction(sources: Sources, question: Question): MetricValue {
  return perPurchase(sources, question, {
    total: (covered) => totalOf(covered, ({ day, range }) => day.sales.units(range)),
    of: (receipt) => (isPurchase(receipt) ? receipt.units : 0),
    note: () => null,
  });
}

/** One figure of the till per purchase. */
interface PerPurchase {
  total(covered: readonly DayPart[]): number;
  /** What one receipt adds to the total. */
  of(receipt: ReceiptRow): number;
  note(covered: readonly DayPart[]): MetricReason | null;
  readonly parameters?: Readonly<Record<string, number | string>>;
}

function perPurchase(sources: Sources, question: Question, what: PerPurchase): MetricValue {
  const missing = withoutReceipts(sources, question);
  if (missing !== null) return missing;
  const covered = sources.book.parts(question.from, question.to);
  const n = purchasesIn(covered);
  if (n === 0) return unknown(question, 1, "no-transactions", "Nothing was sold in this interval.");
  const { parameters } = what;
  const answer = {
    coverage: 1,
    n,
    ci95: ratioInterval(receiptBlocks(covered, what), { top: false, bottom: false }),
    revision: salesRevision(covered),
    ...(parameters === undefined ? {} : { parameters }),
  };
  if (n < RULES.minN) return figure(question, { ...answer, value: null, reason: tooFew(n) });
  return figure(question, {
    ...answer,
    value: what.total(covered) / n,
    reason: joinedReasons(
      what.note(covered),
      uncertainTime(covered),
      earlierNote(sources, question),
    ),
  });
}

/** Each receipt is a block of its own: customers pay one by one. */
function receiptBlocks(covered: readonly DayPart[], { of }: PerPurchase): RatioBlock[] {
  return covered.flatMap(({ day, range }) =>
    Array.from(day.sales.receipts(range), (receipt) => ({
      top: of(receipt),
      bottom: isPurchase(receipt) ? 1 : 0,
    })),
  );
}

const netIn = (covered: readonly DayPart[]): number =>
  totalOf(covered, ({ day, range }) => day.sales.netMinor(range));

/** Figures by metric. */
export const SALES_FIGURES = {
  transactions,
  "net-sales": netSales,
  "sales-conversion": salesConversion,
  "sales-conversion-units": salesConversionUnits,
  "average-transaction-value": averageTransactionValue,
  "units-per-transaction": unitsPerTransaction,
  "shopper-yield": shopperYield,
  "click-collect-arrivals": clickCollectArrivals,
  "click-collect-handovers": clickCollectHandovers,
  "click-collect-attach": clickCollectAttach,
} as const satisfies Partial<Record<MetricId, Figure>>;
