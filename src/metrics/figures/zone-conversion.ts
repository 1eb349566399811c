import { type ZoneId, zoneId } from "../../core/brand.ts";
import type { ReceiptLine } from "../../core/events.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import type { DayPart } from "../days/day-book.ts";
import { isPurchase } from "../days/sales.ts";
import { wilson95 } from "../estimate/intervals.ts";
import { clusterSums, spreadShare } from "../paths/cluster-sums.ts";
import {
  isKnown,
  kindFor,
  type PaymentLinks,
  paymentsOf,
  type SampledVisit,
  sampledVisits,
} from "../paths/visit-sample.ts";
import { reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import {
  type Answer,
  figure,
  noted,
  type Question,
  type Sight,
  type Sources,
  seenParts,
  shopParts,
  totalOf,
  unknown,
  unseen,
} from "../sources.ts";
import { tooFew } from "./door-notes.ts";
import { PAYING } from "./sales-notes.ts";
import { placeOf, readZone, type ZonePlace } from "./zone-place.ts";

/** From this share of linked purchases on, only those that are linked are used: each that is not makes the share too low. */
const LINKED_RATIO = 0.98;

/** Baskets that hold goods of a zone over visits that were engaged with it. */
export function zoneConversion(sources: Sources, question: Question): MetricValue {
  const { scope } = question;
  const place = scope.kind === "zone" ? placeOf(sources, question, zoneId(scope.id)) : null;
  if (place === null) return unknown(question, 0, "unknown-scope", "This is not measured here.");
  const blind = unseen(sources, question, place.sight);
  if (blind !== null) return blind;
  const { share } = place.sight;
  const sold = goodsOf(sources, place);
  if (sold === null)
    return unknown(question, share, "no-goods", "The plan does not say what is sold here.");
  if (!sources.hasReceipts())
    return unknown(question, share, "no-receipts", "No receipt has arrived from the till yet.");
  // Receipts of time in which nobody could be seen engaged would stand over the visits of other time.
  const receipts = purchases(seenParts(sources, place.sensors, question, PAYING), sold);
  if (receipts.withLines === 0)
    return unknown(question, share, "no-receipt-lines", "No receipt says what was bought.");
  const sample = visitsThrough(sources, question, place);
  if (sample !== null && isLinked(sample))
    return byLinks(sources, question, sample, place, { sold, baskets: receipts.ofZone });
  if (place.method === "tag") {
    const text = "No camera sees who is engaged here, and payments are not linked to tags.";
    return unknown(question, share, "not-identifiable", text);
  }
  return byReceipts(sources, question, place, { sample, baskets: receipts.ofZone });
}

/** Visits that are known in a zone, one by one. */
interface Followed {
  readonly method: "track" | "tag";
  readonly zones: readonly ZoneId[];
  readonly visits: readonly SampledVisit[];
  readonly payments: PaymentLinks;
  readonly revision: number;
}

function visitsThrough(sources: Sources, question: Question, { id }: ZonePlace): Followed | null {
  const kind = kindFor(sources, question, [id]);
  if (!isKnown(kind)) return null;
  const parts = shopParts(sources, question);
  const visits = parts.flatMap((part) =>
    sampledVisits(part, kind).map((visit) => ({
      ...visit,
      group: part.day.span.start + visit.group,
    })),
  );
  const linked = visits.reduce((sum, { sales }) => sum + sales, 0);
  return {
    method: kind.method,
    zones: kind.zones,
    visits,
    payments: paymentsOf(sources, question, linked),
    revision:
      kind.sight.corrections + totalOf(parts, ({ day, range }) => day.visits.revision(range)),
  };
}

interface Goods {
  readonly departments: ReadonlySet<string>;
  readonly skus: ReadonlySet<string>;
}

/** What is sold in a zone, by all plans that name it; null when none says. */
function goodsOf({ site }: Sources, { id }: ZonePlace): Goods | null {
  const zones = [...site.cameras.flatMap((camera) => camera.zones), ...(site.floor?.zones ?? [])];
  const named = zones.filter((zone) => zone.id === id);
  const departments = new Set(named.flatMap((zone) => zone.departments ?? []));
  const skus = new Set(named.flatMap((zone) => zone.skus ?? []));
  return departments.size + skus.size > 0 ? { departments, skus } : null;
}

interface Purchases {
  /** Purchases that say what was bought, and of those the ones with goods of the zone. */
  readonly withLines: number;
  readonly ofZone: number;
}

function purchases(covered: readonly DayPart[], sold: Goods): Purchases {
  let withLines = 0;
  let ofZone = 0;
  for (const { day, range } of covered) {
    for (const receipt of day.sales.receipts(range)) {
      if (!isPurchase(receipt)) continue;
      const { lines } = receipt;
      if (lines === null || lines.length === 0) continue;
      withLines += 1;
      if (holds(lines, sold)) ofZone += 1;
    }
  }
  return { withLines, ofZone };
}

const holds = (lines: readonly ReceiptLine[] | null, { departments, skus }: Goods): boolean =>
  (lines ?? []).some(
    ({ sku, department, units }) =>
      units > 0 && (skus.has(sku) || (department !== null && departments.has(department))),
  );

const isLinked = ({ method, payments }: Followed): boolean =>
  payments.linked > 0 && (method === "tag" || payments.linked >= payments.sales * LINKED_RATIO);

/** Share of the engaged visits that are known to have bought goods of the zone. */
function byLinks(
  sources: Sources,
  question: Question,
  sample: Followed,
  place: ZonePlace,
  { sold, baskets }: { readonly sold: Goods; readonly baskets: number },
): MetricValue {
  // A payment may lie after the interval in which its visit began.
  const days = sources.book.parts(question.from, question.to).map(({ day }) => day);
  const bought = new Set<string>();
  for (const day of days)
    for (const receipt of day.sales.receipts({ from: 0, to: day.slots }))
      if (isPurchase(receipt) && holds(receipt.lines, sold)) bought.add(receipt.receiptId);
  const trials = engagedVisits(sources, sample, place).map(({ group, weight, row }) => ({
    cluster: group,
    weight,
    isHit: row.receipts.some(
      ({ receiptId, transactionKind: kind, netMinor }) =>
        isPurchase({ kind, netMinor }) && bought.has(receiptId),
    ),
  }));
  const spread = spreadShare(clusterSums(trials), trials.length);
  if (spread === null) return nobodyEngaged(question, place);
  const { linked, sales } = sample.payments;
  const isAll = sample.method === "tag" || linked >= sales;
  const most = isAll ? null : wilson95(Math.min(baskets, trials.length), trials.length);
  return shareOf(sources, question, place.sight, {
    value: spread.share,
    n: trials.length,
    effectiveN: spread.effectiveN,
    ci95: [spread.ci95[0], Math.max(spread.ci95[1], most?.[1] ?? 0)],
    method: sample.method,
    reason: null,
    revision: sample.revision,
    basis: "linked receipts / engaged visits",
  });
}

/** Receipts with goods of the zone over engaged visits, or over engaged stays where visits are not followed. */
function byReceipts(
  sources: Sources,
  question: Question,
  place: ZonePlace,
  { sample, baskets }: { readonly sample: Followed | null; readonly baskets: number },
): MetricValue {
  const isFollowed = sample !== null && sample.method === "track";
  const reading = readZone(sources, place, question);
  const { engagedMs } = sources.measures;
  const n = isFollowed
    ? engagedVisits(sources, sample, place).length
    : reading.durations.filter(({ ms }) => ms >= engagedMs).length;
  if (n === 0) return nobodyEngaged(question, place);
  const text = `${baskets} baskets hold goods of this zone, but only ${n} were engaged with it.`;
  return shareOf(sources, question, place.sight, {
    value: baskets / n,
    n,
    ci95: wilson95(baskets, n),
    method: "receipts",
    reason: baskets > n ? reason("more-baskets-than-engaged", text) : null,
    revision: reading.revision + (isFollowed ? sample.revision : place.sight.corrections),
    basis: isFollowed ? "receipts / engaged visits" : "receipts / engaged stays",
  });
}

type ConversionParts = Omit<Answer, "coverage" | "parameters" | "value"> & {
  readonly value: number;
  readonly n: number;
  readonly basis: string;
};

function shareOf(
  { measures }: Sources,
  question: Question,
  sight: Sight,
  { value, basis, ...parts }: ConversionParts,
): MetricValue {
  const answer = {
    ...parts,
    coverage: sight.share,
    parameters: { engagedMs: measures.engagedMs, basis },
  };
  const hasInterval = parts.ci95 !== null && parts.ci95 !== undefined;
  if (parts.n < RULES.minN && hasInterval)
    return figure(question, { ...answer, value: null, reason: tooFew(parts.n) });
  return figure(question, { ...answer, value, reason: noted(sight, parts.reason) });
}

const engagedVisits = ({ measures }: Sources, sample: Followed, { id }: ZonePlace) => {
  const zone = sample.zones.indexOf(id);
  return sample.visits.filter(({ stops }) =>
    stops.some((stop) => stop.zone === zone && stop.dwellMs >= measures.engagedMs),
  );
};

const nobodyEngaged = (question: Question, { sight }: ZonePlace): MetricValue =>
  unknown(question, sight.share, "no-engagement", "Nobody was engaged with this zone yet.");
