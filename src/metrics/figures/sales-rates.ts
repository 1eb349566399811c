import { epochMs } from "../../core/brand.ts";
import type { MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { DayPart } from "../days/day-book.ts";
import { SALE_RULES } from "../days/sales.ts";
import type { RatioBlock } from "../estimate/bootstrap.ts";
import type { Interval } from "../estimate/intervals.ts";
import { paymentLagMs } from "../estimate/payment-lag.ts";
import { joinedReasons, reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import {
  camerasWith,
  dayEndingAt,
  figure,
  linesOf,
  noted,
  type Question,
  type Sight,
  type Sources,
  seenParts,
  sightOf,
  totalOf,
  unknown,
  unseen,
} from "../sources.ts";
import { type Count, companionsIn, entrantsIn, entries } from "./door-count.ts";
import { childParameters, staffParameters, tooFew, withoutLines } from "./door-notes.ts";
import {
  dayBlocks,
  perHeadInterval,
  type RateInterval,
  ratioInterval,
  shareInterval,
} from "./rate-interval.ts";
import {
  earlierNote,
  firstEntryAt,
  movedBack,
  PAYING,
  paidBeforeEntry,
  purchasesIn,
  receiptShare,
  salesRevision,
  sinceReceipts,
  uncertainTime,
  withoutReceipts,
} from "./sales-notes.ts";

/** Purchases per entrant. */
export function salesConversion(sources: Sources, question: Question): MetricValue {
  return perEntrant(sources, question, {
    top: (part) => part.day.sales.transactions(part.range),
    entered: (parts) => entrantsIn(sources, parts),
    interval: sharedPurchases(sources),
  });
}

/** Purchases per buying unit; beside the rate per entrant, never instead of it. */
export function salesConversionUnits(sources: Sources, question: Question): MetricValue {
  const noGroups = reason(
    "no-groups",
    "Nobody has been seen coming in a group yet: the same as per entrant.",
  );
  return perEntrant(sources, question, {
    top: (part) => part.day.sales.transactions(part.range),
    entered: (parts) => unitsIn(sources, parts),
    interval: (blocks) => shareInterval(blocks, { top: false, bottom: true }),
    note: sources.hasGroups() ? null : noGroups,
  });
}

/** Net sales per entrant, minor units. */
export function shopperYield(sources: Sources, question: Question): MetricValue {
  return perEntrant(sources, question, {
    top: (part) => part.day.sales.netMinor(part.range),
    entered: (parts) => entrantsIn(sources, parts),
    interval: (blocks, _came, paid) => ({ ci95: yieldInterval(blocks, paid), effectiveN: null }),
    parameters: { currency: sources.site.store.currency },
  });
}

/** One figure of the till per head. */
interface PerHead {
  /** What is divided, of one part of a day. */
  top(part: DayPart): number;
  entered(parts: readonly DayPart[]): Count;
  interval(
    blocks: readonly RatioBlock[],
    came: readonly DayPart[],
    paid: readonly DayPart[],
  ): RateInterval;
  readonly note?: MetricReason | null;
  readonly parameters?: Readonly<Record<string, number | string>>;
}

/** Entries of days before the first receipt are left out: nobody knows who of them bought. */
function perEntrant(sources: Sources, asked: Question, head: PerHead): MetricValue {
  const question = sinceReceipts(sources, asked);
  const rate = perKnownEntrant(sources, question, head);
  if (question === asked) return rate;
  const { from } = asked;
  const coverage = rate.coverage * receiptShare(sources, asked);
  const said = joinedReasons(rate.reason, rate.value === null ? null : earlierNote(sources, asked));
  return { ...rate, from, coverage, reason: said };
}

function perKnownEntrant(sources: Sources, question: Question, head: PerHead): MetricValue {
  const cameras = camerasWith(sources.site, "door");
  const sight = sightOf(sources, cameras, question.from, question.to);
  const missing = notCountable(sources, question, sight);
  if (missing !== null) return missing;
  const isEarly = isTooEarly(sources, question);
  const lagMs = isEarly ? paymentLagMs(sources, question.from) : null;
  const came = seenParts(sources, cameras, lagMs === null ? question : movedBack(question, lagMs));
  const paid = seenParts(sources, cameras, question, PAYING);
  const { people: n, ...count } = head.entered(came);
  // Of a group that a border cuts through only the members may be here: nobody began to buy then.
  if (n <= 0 && !isEarly)
    return unknown(question, sight.share, "no-entrants", "Nobody has entered in this interval.");
  if (n <= 0 || (isEarly && lagMs === null))
    return tooEarly(question, sight, head.entered(seenParts(sources, cameras, question)));
  const interval = head.interval(
    lagMs === null ? blocks(head, came, paid) : one(head, n, paid),
    came,
    paid,
  );
  const answer = {
    coverage: sight.share,
    n,
    ...interval,
    revision: count.revision + salesRevision(paid) + sight.corrections,
    parameters: {
      ...staffParameters(count),
      ...childParameters(sources, count),
      ...(lagMs === null ? {} : { alignedByMs: lagMs }),
      ...head.parameters,
    },
  };
  const sold = purchasesIn(paid);
  if (sold <= n && n < RULES.minN)
    return figure(question, { ...answer, value: null, reason: tooFew(n) });
  const early = lagMs === null ? paidBeforeEntry(sources, paid) : null;
  const said = joinedReasons(surplus(sold, n), early, uncertainTime(paid), head.note ?? null);
  return figure(question, {
    ...answer,
    value: totalOf(paid, (part) => head.top(part)) / n,
    reason: noted(sight, said),
  });
}

/** The answer where there is no door, no till, or nothing was seen; null when there is something to divide. */
function notCountable(sources: Sources, question: Question, sight: Sight): MetricValue | null {
  if (linesOf(sources.site, "door").length === 0 && question.scope.kind === "store")
    return withoutLines(sources, question, "door");
  return withoutReceipts(sources, question) ?? unseen(sources, question, sight);
}

/** Whether payments cannot match entries yet: an interval, or a day so far, of less than an hour. */
function isTooEarly(sources: Sources, { from, to }: Question): boolean {
  if (to - from < RULES.minSalesSpanMs) return true;
  const { start } = dayEndingAt(sources, to);
  const first = firstEntryAt(sources, sources.book.parts(epochMs(Math.min(from, start)), to));
  return Number.isFinite(first) && to - first < RULES.minSalesSpanMs;
}

function tooEarly(question: Question, { share }: Sight, { people }: Count): MetricValue {
  if (people <= 0)
    return unknown(question, share, "no-entrants", "Nobody has entered in this interval.");
  const text = "Less than an hour since the first entrant: payments do not match entries yet.";
  return unknown(question, share, "payment-lag", text);
}

/** More purchases than people who can have made them: shown and flagged; null when not. */
const surplus = (sold: number, n: number): MetricReason | null =>
  sold <= n
    ? null
    : reason(
        "more-sales-than-entrants",
        `${sold} purchases but only ${n} entrants: one of the two counts is wrong.`,
      );

/** Purchases of groups count once and their members each: the interval knows how many decided. */
const sharedPurchases =
  (sources: Sources) =>
  (all: readonly RatioBlock[], came: readonly DayPart[]): RateInterval => {
    const { people } = entrantsIn(sources, came);
    const ratio = people > 0 ? unitsIn(sources, came).people / people : 1;
    return shareInterval(all, { top: false, bottom: true }, ratio);
  };

/** Interval of money per entrant: by the spread of days, or by that of receipts where days are few. */
function yieldInterval(all: readonly RatioBlock[], paid: readonly DayPart[]): Interval | null {
  const missable = { top: false, bottom: true };
  if (all.length > 1) return ratioInterval(all, missable);
  const amounts = paid.flatMap(({ day, range }) =>
    Array.from(day.sales.receipts(range), ({ kind, netMinor }) =>
      SALE_RULES[kind].isRevenue ? netMinor : 0,
    ),
  );
  return perHeadInterval(amounts, all[0]?.bottom ?? 0, missable);
}

function unitsIn({ site }: Sources, parts: readonly DayPart[]): Count {
  const doors = linesOf(site, "door");
  const came = entries(parts, doors, false);
  return { ...came, people: came.people - companionsIn(parts, doors) };
}

/** Blocks of both sums; entries are taken over fewer hours than payments. */
function blocks(head: PerHead, came: readonly DayPart[], paid: readonly DayPart[]): RatioBlock[] {
  return dayBlocks(paid, (part) => ({
    top: head.top(part),
    bottom: head.entered(clipped(came, part)).people,
  }));
}

const one = (head: PerHead, n: number, paid: readonly DayPart[]): RatioBlock[] => [
  { top: totalOf(paid, (part) => head.top(part)), bottom: n },
];

/** What of some parts lies within another part. */
const clipped = (parts: readonly DayPart[], { day, range }: DayPart): DayPart[] =>
  parts.flatMap((part): DayPart[] => {
    if (part.day !== day) return [];
    const from = Math.max(range.from, part.range.from);
    const to = Math.min(range.to, part.range.to);
    return to > from ? [{ ...part, range: { from, to } }] : [];
  });
