import type { EpochMs } from "../../core/brand.ts";
import type { MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { Reach } from "../calendar/shop-hours.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import type { DayPart } from "../days/day-book.ts";
import { reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import { linesOf, type Question, type Sources, shopParts, totalOf, unknown } from "../sources.ts";

const DAY_MS = 86_400_000;

/** Who came in before closing may still stand at the till after it. */
export const PAYING: Reach = { beforeMs: RULES.openGraceMs, afterMs: RULES.payGraceMs };

/** The answer where the till has told nothing, or the question is not about the store; null when it can be answered. */
export function withoutReceipts(sources: Sources, question: Question): MetricValue | null {
  if (question.scope.kind !== "store")
    return unknown(question, 0, "unknown-scope", "This is not measured here.");
  if (sources.book.isForgotten(question.from))
    return unknown(question, 0, "not-kept", "This interval is older than what is kept here.");
  const since = sources.receiptsSince();
  if (since === null)
    return unknown(question, 0, "no-receipts", "No receipt has arrived from the till yet.");
  if (question.to > since) return null;
  return unknown(question, 0, "no-receipts", "The first receipt that is known is of a later day.");
}

/** The part of an interval of which receipts are known: nothing is of the days before the first of them. */
export function sinceReceipts(sources: Sources, question: Question): Question {
  const since = sources.receiptsSince() ?? question.from;
  return since <= question.from || since >= question.to ? question : { ...question, from: since };
}

/** Share of an interval of which receipts are known, 0..1. */
export function receiptShare(sources: Sources, question: Question): number {
  const { from, to } = question;
  return to > from ? (to - sinceReceipts(sources, question).from) / (to - from) : 1;
}

/** Says that an interval reaches back before the first receipt; null when it does not. */
export function earlierNote(sources: Sources, question: Question): MetricReason | null {
  const { from } = sinceReceipts(sources, question);
  if (from === question.from) return null;
  const days = Math.round((from - question.from) / DAY_MS);
  const text = `Of the first ${days === 1 ? "day" : `${days} days`} no receipt is known.`;
  return reason("partly-blind", text);
}

/** Purchases in parts of days. */
export const purchasesIn = (covered: readonly DayPart[]): number =>
  totalOf(covered, ({ day, range }) => day.sales.transactions(range));

/** Corrections of receipts in parts of days. */
export const salesRevision = (covered: readonly DayPart[]): number =>
  totalOf(covered, ({ day, range }) => day.sales.revision(range));

/** Purchases that were paid while the shop was closed, an hour after closing at the earliest. */
export const paidOutside = (sources: Sources, question: Question): number =>
  purchasesIn(sources.book.parts(question.from, question.to)) -
  purchasesIn(shopParts(sources, question, PAYING));

/** Receipts of times when the shop was closed; null when there are none. */
export function outsideNote(receipts: number): MetricReason | null {
  if (receipts === 0) return null;
  const what = receipts === 1 ? "1 purchase was" : `${receipts} purchases were`;
  return reason("outside-hours", `${what} paid while the shop was closed.`);
}

/** Receipts whose time of payment is in doubt; null when there are none. */
export function uncertainTime(covered: readonly DayPart[]): MetricReason | null {
  const doubtful = totalOf(covered, ({ day, range }) => day.sales.doubtful(range));
  if (doubtful === 0) return null;
  const what = doubtful === 1 ? "1 receipt carries" : `${doubtful} receipts carry`;
  return reason("payment-time-uncertain", `${what} an uncertain time of payment.`);
}

/** More money given back than taken; null when not. */
export function negativeNote(netMinor: number): MetricReason | null {
  if (netMinor >= 0) return null;
  return reason("negative-sales", "More money was given back than taken in this interval.");
}

/** Start of the minute in which the first customer of some parts of days came in; infinity when nobody did. */
export function firstEntryAt(sources: Sources, covered: readonly DayPart[]): number {
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

/**
 * Purchases before the first entrant of their day, while the door was seen: nobody was there to pay. A shop whose till
 * runs ahead, or that sells on the telephone, has them. null when there are none.
 */
export function paidBeforeEntry(
  sources: Sources,
  covered: readonly DayPart[],
): MetricReason | null {
  const days = new Map<number, DayPart>();
  for (const part of covered) {
    const known = days.get(part.day.span.start);
    if (known === undefined) days.set(part.day.span.start, part);
  }
  let early = 0;
  for (const part of days.values()) {
    const { day } = part;
    const first = firstEntryAt(sources, [{ ...part, range: { from: 0, to: day.slots } }]);
    const to = Math.min(part.range.to, (first - day.span.start) / SLOT_MS);
    const before = { from: part.range.from, to };
    if (to > before.from && Number.isFinite(first)) early += day.sales.transactions(before);
  }
  if (early === 0) return null;
  const what = early === 1 ? "1 purchase was" : `${early} purchases were`;
  return reason(
    "sales-before-entry",
    `${what} paid before the first entrant of the day: check the till's clock and the door.`,
  );
}

/** The interval moved back in time. */
export const movedBack = ({ from, to }: Question, ms: number): { from: EpochMs; to: EpochMs } => ({
  from: (from - ms) as EpochMs,
  to: (to - ms) as EpochMs,
});
