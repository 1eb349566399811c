import type { ZoneId } from "../../core/brand.ts";
import type { VisitMethod } from "../../core/events.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import type { DayPart } from "../days/day-book.ts";
import { isPurchase } from "../days/sales.ts";
import type { VisitRow } from "../days/visit-table.ts";
import { wilson95 } from "../estimate/intervals.ts";
import { reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import {
  figure,
  noted,
  type Question,
  type Sources,
  sightOf,
  totalOf,
  unknown,
  unseen,
} from "../sources.ts";
import { tooFew } from "./door-notes.ts";
import { salesRevision, uncertainTime, withoutReceipts } from "./sales-notes.ts";

/** Days before the interval in which a link between hand-over and sale shows that there are such links. */
const LINK_DAYS = 7;

/** Visits that came to where orders are collected. */
export function clickCollectArrivals(sources: Sources, question: Question): MetricValue {
  if (question.scope.kind !== "store")
    return unknown(question, 0, "unknown-scope", "This is not measured here.");
  const zones = collectZones(sources.site);
  if (zones.size === 0)
    return unknown(question, 0, "no-collect-zone", "The site plan has no zone of kind collect.");
  const followers = sources.site.cameras.filter((camera) => camera.followsVisits === true);
  const method: VisitMethod = followers.length > 0 ? "track" : "tag";
  const sensors = followers.length > 0 ? followers : sources.site.receivers;
  const sight = sightOf(
    sources,
    sensors.map(({ id }) => id),
    question.from,
    question.to,
  );
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  if (!sources.book.days.some((day) => hasVisits(day.visits.rows(), method)))
    return unknown(question, sight.share, "no-visits", "No whole visit has been seen yet.");
  const covered = sources.book.parts(question.from, question.to);
  const value = totalOf(covered, ({ day, range }) => {
    let arrivals = 0;
    for (const visit of day.visits.within(range))
      if (visit.method === method && !visit.isStaff && comesTo(visit, zones)) arrivals += 1;
    return arrivals;
  });
  const sample = reason("tagged-only", "Only visits that carry a tag are known: more came.");
  return figure(question, {
    value,
    reason: noted(sight, method === "tag" ? sample : null),
    coverage: sight.share,
    n: value,
    method,
    revision: totalOf(covered, ({ day, range }) => day.visits.revision(range)) + sight.corrections,
  });
}

/** Orders handed over: receipts of their own kind, no purchases. */
export function clickCollectHandovers(sources: Sources, question: Question): MetricValue {
  const missing = withoutReceipts(sources, question);
  if (missing !== null) return missing;
  const covered = sources.book.parts(question.from, question.to);
  const value = handoversIn(covered);
  return figure(question, {
    value,
    reason: uncertainTime(covered),
    coverage: 1,
    n: value,
    revision: salesRevision(covered),
  });
}

/** Share of the orders handed over beside which something was bought. */
export function clickCollectAttach(sources: Sources, question: Question): MetricValue {
  const missing = withoutReceipts(sources, question);
  if (missing !== null) return missing;
  const covered = sources.book.parts(question.from, question.to);
  const n = handoversIn(covered);
  if (n === 0)
    return unknown(question, 1, "no-handovers", "No order was handed over in this interval.");
  const sold = soldBesideHandover(sources, question, covered);
  if (sold === null) {
    const text = "Neither the till nor a visit has ever linked a hand-over with a sale.";
    return unknown(question, 1, "no-links", text);
  }
  const attached = totalOf(covered, ({ day, range }) => {
    const receipts = [...day.sales.receipts(range)];
    return receipts.filter(({ kind, receiptId }) => kind === "click-collect" && sold.has(receiptId))
      .length;
  });
  const answer = { coverage: 1, n, ci95: wilson95(attached, n), revision: salesRevision(covered) };
  if (n < RULES.minN) return figure(question, { ...answer, value: null, reason: tooFew(n) });
  return figure(question, { ...answer, value: attached / n, reason: uncertainTime(covered) });
}

const handoversIn = (covered: readonly DayPart[]): number =>
  totalOf(covered, ({ day, range }) => day.sales.count("click-collect", range));

/** Hand-overs beside which something was bought; null when nothing has ever linked one with a sale. */
function soldBesideHandover(
  { book }: Sources,
  { to }: Question,
  covered: readonly DayPart[],
): ReadonlySet<string> | null {
  const before = book.days.filter(({ span }) => span.start < to).slice(-LINK_DAYS);
  const sold = new Set<string>();
  let hasLinks = false;
  for (const day of new Set([...covered.map((part) => part.day), ...before])) {
    for (const receipt of day.sales.receipts({ from: 0, to: day.slots }))
      if (receipt.relatedReceiptId !== null && isPurchase(receipt))
        sold.add(receipt.relatedReceiptId);
    for (const visit of day.visits.rows()) {
      hasLinks ||= visit.receipts.length > 0;
      for (const id of soldBeside(visit)) sold.add(id);
    }
  }
  return hasLinks || sold.size > 0 ? sold : null;
}

/** Hand-overs of a visit that bought something too. */
function soldBeside({ receipts }: VisitRow): string[] {
  const hasSale = receipts.some(({ transactionKind: kind, netMinor }) =>
    isPurchase({ kind, netMinor }),
  );
  if (!hasSale) return [];
  return receipts
    .filter(({ transactionKind }) => transactionKind === "click-collect")
    .map(({ receiptId }) => receiptId);
}

const comesTo = ({ stays }: VisitRow, zones: ReadonlySet<ZoneId>): boolean =>
  stays.some(({ zoneId }) => zones.has(zoneId));

function hasVisits(rows: Iterable<VisitRow>, method: VisitMethod): boolean {
  for (const row of rows) if (row.method === method && !row.isStaff) return true;
  return false;
}

/** Zones where orders are collected, in pictures and on the floor. */
function collectZones(site: SitePlan): ReadonlySet<ZoneId> {
  const zones = [...site.cameras.flatMap((camera) => camera.zones), ...(site.floor?.zones ?? [])];
  return new Set(zones.filter(({ kind }) => kind === "collect").map(({ id }) => id));
}
