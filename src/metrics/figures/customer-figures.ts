import { type EpochMs, epochMs } from "../../core/brand.ts";
import { dateText } from "../../core/civil-date.ts";
import type { MetricId, MetricReason, MetricValue } from "../../core/metric-value.ts";
import { type DayPart, slotOf } from "../days/day-book.ts";
import { type IdentifiedVisit, identifiedVisits } from "../days/identified-visits.ts";
import { type Interval, wilson95, Z95 } from "../estimate/intervals.ts";
import { clusterSums, spreadShare } from "../paths/cluster-sums.ts";
import { joinedReasons, reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import {
  type Answer,
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
} from "../sources.ts";
import { BASKET_FIGURES } from "./basket-figures.ts";
import { CUSTOMER_RULES } from "./customer-rules.ts";
import { entrantsIn } from "./door-count.ts";
import { tooFew } from "./door-notes.ts";
import { type CustomerOnDay, type SideOf, type ToldDays, toldDays } from "./told-days.ts";

const DAY_MS = 86_400_000;

/** An identified visit: of a customer whom a card, an app, a code or a face named, by the trading day on which it began. */
type KnownVisit = CustomerOnDay;

/** Share of the entrants that are identified. */
export function identificationCoverage(sources: Sources, question: Question): MetricValue {
  const missing = outOfReach(sources, question);
  if (missing !== null) return missing;
  if (linesOf(sources.site, "door").length === 0)
    return unknown(question, 0, "no-door-line", "The site plan has no door line.");
  const cameras = camerasWith(sources.site, "door");
  const sight = sightOf(sources, cameras, question.from, question.to);
  const blind = unseen(sources, question, sight);
  if (blind !== null) return blind;
  const covered = seenParts(sources, cameras, question);
  const came = entrantsIn(sources, covered);
  const n = came.people;
  if (n === 0)
    return unknown(question, sight.share, "no-entrants", "Nobody has entered in this interval.");
  const known = totalOf(covered, (part) => visitsIn(sources, part).length);
  const { minCell } = sources.measures;
  const answer = {
    parameters: { minCell },
    coverage: sight.share,
    n,
    ci95: wilson95(known, n),
    revision: came.revision + sight.corrections,
  };
  if (n < RULES.minN && answer.ci95 !== null)
    return figure(question, { ...answer, value: null, reason: tooFew(n) });
  if (known > 0 && known < minCell) {
    const why = reason("small-cell", `Withheld: it is about fewer than ${minCell} visits.`);
    return figure(question, { ...answer, ci95: null, value: null, reason: why });
  }
  const text = `${known} identified visits but only ${n} entrants: one of the two counts is wrong.`;
  const surplus = known > n ? reason("more-identified-than-entrants", text) : null;
  return figure(question, { ...answer, value: known / n, reason: noted(sight, surplus) });
}

/** Share of the identified visits whose customer had come on an earlier trading day within so many days. */
export function repeatRateWithin(windowDays: number): Figure {
  return (sources, question) =>
    aboutCustomers(sources, question, (visits, answer, withheld) => {
      // Visits of one customer say the same over and over.
      const sorted = [...visits].sort((a, b) => (a.customer < b.customer ? -1 : 1));
      const customers = new Map(sorted.map(({ customer }, place) => [customer, place]));
      const trials = sorted.map((visit) => ({
        cluster: customers.get(visit.customer) ?? 0,
        weight: 1,
        isHit: isReturn(visit, windowDays),
      }));
      const n = trials.length;
      const spread = spreadShare(clusterSums(trials), n);
      const { effectiveN = n, ci95 = null } = spread ?? {};
      const known = { ...answer, n, effectiveN, ci95 };
      const parameters = { ...answer.parameters, windowDays };
      if (n < RULES.minN)
        return figure(question, { ...known, parameters, value: null, reason: tooFew(n) });
      return figure(question, {
        ...known,
        parameters,
        value: spread?.share ?? null,
        reason: joinedReasons(shortMemory(sources, question, windowDays), withheld),
      });
    });
}

/** Median number of days since the visit before, over identified visits that had one. */
export function visitRecency(sources: Sources, question: Question): MetricValue {
  return aboutCustomers(sources, question, (visits, answer, withheld) => {
    const gaps = visits
      .map(({ earlier, day }) => daysSince(earlier.at(-1), day))
      .filter(Number.isFinite);
    const returning = new Set(
      visits.filter((one) => one.earlier.length > 0).map((v) => v.customer),
    );
    if (returning.size < answer.parameters.minPathCell)
      return tooFewCustomers(question, answer, returning.size === 0);
    return median(question, answer, gaps, joinedReasons(withheld, remembered("is new")));
  });
}

/** Visits per customer over the days of the window that ends with the interval. */
export function visitFrequency(sources: Sources, question: Question): MetricValue {
  const missing = outOfReach(sources, question);
  if (missing !== null) return missing;
  const { minPathCell } = sources.measures;
  const { frequencyDays } = CUSTOMER_RULES;
  const begin = epochMs(question.to - frequencyDays * DAY_MS);
  const told = toldDays(sources, { from: begin, to: question.to }, windowOf, minPathCell);
  const visits: number[] = [];
  for (const [customer] of sources.customers.entries()) {
    let came = 0;
    for (const day of sources.customers.visitsOf(customer))
      if (told.starts.has(day.dayStart)) came += day.visits;
    if (came > 0) visits.push(came);
  }
  const parameters = { minPathCell, frequencyDays, ...withheldDates(sources, told) };
  const answer = { coverage: 1, n: visits.length, parameters };
  const isNobody = visits.length === 0 && told.withheld.length === 0;
  if (visits.length < minPathCell) return tooFewCustomers(question, answer, isNobody);
  const mean = visits.reduce((sum, one) => sum + one, 0) / visits.length;
  const squares = visits.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const half = Z95 * Math.sqrt(squares / (visits.length - 1) / visits.length);
  return figure(question, {
    ...answer,
    value: mean,
    ci95: visits.length > 1 ? [Math.max(1, mean - half), mean + half] : null,
    reason: joinedReasons(
      shortMemory(sources, question, frequencyDays),
      daysWithheld(told, minPathCell),
    ),
  });
}

/** Median number of days since the first known visit, over the customers who came. */
export function customerTenure(sources: Sources, question: Question): MetricValue {
  return aboutCustomers(sources, question, (visits, answer, withheld) => {
    const latest = new Map(visits.map((visit) => [visit.customer, visit]));
    const days = [...latest.values()].map(({ earlier, day }) =>
      earlier[0] === undefined ? 0 : daysSince(earlier[0], day),
    );
    const sinceThen = remembered("has been coming since then");
    return median(question, answer, days, joinedReasons(withheld, sinceThen));
  });
}

type CustomerAnswer = Pick<Answer, "coverage" | "revision"> & {
  readonly parameters: { readonly minPathCell: number; readonly withheldDays?: string };
};

/** Answers from the identified visits of the whole trading days that may be told of an interval. */
function aboutCustomers(
  sources: Sources,
  question: Question,
  read: (
    visits: readonly KnownVisit[],
    answer: CustomerAnswer,
    withheld: MetricReason | null,
  ) => MetricValue,
): MetricValue {
  const missing = outOfReach(sources, question);
  if (missing !== null) return missing;
  const told = toldDays(sources, question, windowOf, sources.measures.minPathCell);
  const covered = sources.book
    .parts(question.from, question.to)
    .filter(({ day }) => told.starts.has(day.span.start));
  const visits: KnownVisit[] = [];
  for (const { day, range } of covered) {
    const { start } = day.span;
    for (const { customer } of visitsIn(sources, { day, range })) {
      const days = sources.customers.daysOf(customer);
      visits.push({ customer, day: start, earlier: days.filter((one) => one < start) });
    }
  }
  const { minPathCell } = sources.measures;
  const answer = {
    coverage: 1,
    revision: totalOf(covered, ({ day, range }) => day.visits.revision(range)),
    parameters: { minPathCell, ...withheldDates(sources, told) },
  };
  const customers = new Set(visits.map(({ customer }) => customer)).size;
  const isNobody = customers === 0 && told.withheld.length === 0;
  if (customers < minPathCell) return tooFewCustomers(question, answer, isNobody);
  return read(visits, answer, daysWithheld(told, minPathCell));
}

/** Says of how many days nothing is told; null when all are. */
function daysWithheld({ starts, withheld }: ToldDays, minPathCell: number): MetricReason | null {
  if (withheld.length === 0) return null;
  const text = `Told of ${starts.size} of ${starts.size + withheld.length} days with identified visits: the others wait until at least ${minPathCell} customers are on each side of the figure.`;
  return reason("days-withheld", text);
}

/** The dates of the days that a value is not about, so that others can know what it is about. */
function withheldDates({ calendar }: Sources, { withheld }: ToldDays): Record<string, string> {
  if (withheld.length === 0) return {};
  const dates = withheld.map((day) => dateText(Math.floor(calendar.wallOf(day) / DAY_MS)));
  return { withheldDays: dates.join(" ") };
}

/**
 * The shortest window of a figure that holds a customer's visit before. The same for every figure about customers: all
 * of them tell of the same days then, and subtracting one window from another leaves no fewer customers either.
 */
const windowOf: SideOf = (one) =>
  String(CUSTOMER_RULES.windows.find((days) => isReturn(one, days)) ?? "new");

const isReturn = ({ earlier, day }: KnownVisit, windowDays: number): boolean =>
  daysSince(earlier.at(-1), day) <= windowDays;

/** The identified visits that began in these slots of a day. */
function visitsIn(
  { measures }: Sources,
  { day, range }: Pick<DayPart, "day" | "range">,
): readonly IdentifiedVisit[] {
  const { reentryGapMs } = measures;
  const all = day.memo(
    "identified visits",
    () => identifiedVisits(day.visits.rows(), reentryGapMs),
    String(reentryGapMs),
  );
  return all.filter((visit) => {
    const slot = slotOf(day, visit.enteredAt);
    return slot >= range.from && slot < range.to;
  });
}

/** Trading days between two starts of trading days; they are 23 to 25 hours long. Infinity without the earlier. */
const daysSince = (earlier: EpochMs | undefined, day: EpochMs): number =>
  earlier === undefined ? Number.POSITIVE_INFINITY : Math.round((day - earlier) / DAY_MS);

function tooFewCustomers(
  question: Question,
  answer: Omit<Answer, "value" | "reason">,
  isNobody: boolean,
): MetricValue {
  const { minPathCell = "" } = answer.parameters ?? {};
  const why = isNobody
    ? reason(
        "no-identified",
        "No customer was identified in this interval: a registered card, or a member who opted in, has to be recognised.",
      )
    : reason("small-cell", `Withheld: it is about fewer than ${minPathCell} customers.`);
  return figure(question, { ...answer, n: 0, value: null, reason: why });
}

function median(
  question: Question,
  answer: CustomerAnswer,
  days: readonly number[],
  note: MetricReason | null,
): MetricValue {
  const sorted = [...days].sort((a, b) => a - b);
  const n = sorted.length;
  const middle = ((sorted[Math.floor((n - 1) / 2)] ?? 0) + (sorted[Math.floor(n / 2)] ?? 0)) / 2;
  return figure(question, {
    ...answer,
    n,
    value: middle,
    ci95: medianInterval(sorted),
    reason: note,
  });
}

/** 95 % interval of a median by ranks; null below six values, which no two ranks enclose surely enough. */
function medianInterval(sorted: readonly number[]): Interval | null {
  const n = sorted.length;
  if (n < 6) return null;
  const rank = Math.max(0, Math.floor(n / 2 - (Z95 * Math.sqrt(n)) / 2 - 0.5));
  return [sorted[rank] ?? 0, sorted[n - 1 - rank] ?? 0];
}

/** Says what becomes of customers who came longer ago than is remembered. */
function remembered(who: string): MetricReason {
  const text = `Visits are remembered for ${CUSTOMER_RULES.memoryDays} days: who came longer ago ${who}, as far as is known.`;
  return reason("short-memory", text);
}

/** Says so when known visits do not reach back as far as a window does. */
function shortMemory(
  sources: Sources,
  question: Question,
  windowDays: number,
): MetricReason | null {
  let oldest = Number.POSITIVE_INFINITY;
  for (const [, days] of sources.customers.entries()) oldest = Math.min(oldest, days[0] ?? oldest);
  const known = Math.round((question.from - oldest) / DAY_MS);
  if (known >= windowDays) return null;
  const text = `Visits are known for ${Math.max(0, known)} days before this interval, not for ${windowDays}: more customers may have come before.`;
  return reason("short-memory", text);
}

function outOfReach(sources: Sources, question: Question): MetricValue | null {
  if (question.scope.kind !== "store")
    return unknown(question, 0, "unknown-scope", "This is not measured here.");
  if (!sources.book.isForgotten(question.from)) return null;
  return unknown(question, 0, "not-kept", "This interval is older than what is kept here.");
}

/** Figures by metric. */
export const CUSTOMER_FIGURES = {
  ...BASKET_FIGURES,
  "identification-coverage": identificationCoverage,
  "repeat-rate": repeatRateWithin(CUSTOMER_RULES.windowDays),
  "repeat-rate-30": repeatRateWithin(30),
  "repeat-rate-60": repeatRateWithin(60),
  "visit-recency": visitRecency,
  "visit-frequency": visitFrequency,
  "customer-tenure": customerTenure,
} as const satisfies Partial<Record<MetricId, Figure>>;
