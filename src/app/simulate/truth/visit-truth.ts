import type { MetricId } from "../../../core/metric-value.ts";
import { SALE_RULES } from "../../../metrics/days/sales.ts";
import {
  durationsOf,
  entrantsOf,
  mean,
  overDays,
  parameterOf,
  quantile,
  ratio,
  rowsOf,
  type TrueFigure,
  type TrueQuestion,
} from "./question.ts";
import type { TrueRow, TruthDay } from "./true-rows.ts";

const MINUTE_MS = 60_000;
const DEFAULT_TAU_MS = 120_000;

const streetEntrants = (question: TrueQuestion): number =>
  rowsOf(question).reduce((sum, { stretches }) => {
    const counted = question.identity === "merged" ? stretches.slice(0, 1) : stretches;
    return sum + counted.filter(({ isStreet }) => isStreet).length;
  }, 0);

const buyingUnits = (question: TrueQuestion): number =>
  rowsOf(question).reduce((sum, row) => {
    if (!row.isFirst) return sum;
    return sum + (question.identity === "merged" ? 1 : row.stretches.length);
  }, 0);

const sales = (question: TrueQuestion): number =>
  overDays(question, (day) => day.receipts.filter(({ kind }) => SALE_RULES[kind].qualifies).length);

const netMinor = (question: TrueQuestion): number =>
  overDays(question, (day) =>
    day.receipts.reduce((sum, one) => sum + (SALE_RULES[one.kind].isRevenue ? one.netMinor : 0), 0),
  );

const units = (question: TrueQuestion): number =>
  overDays(question, (day) =>
    day.receipts.reduce((sum, one) => sum + (SALE_RULES[one.kind].qualifies ? one.units : 0), 0),
  );

const handOvers = (question: TrueQuestion): number =>
  overDays(question, (day) => day.receipts.filter(({ kind }) => kind === "click-collect").length);

/** Mean over the hand-overs of those beside which something was bought. */
const attached = (question: TrueQuestion): number =>
  overDays(
    question,
    (day) =>
      day.receipts.filter((one) => one.kind === "sale" && one.relatedReceiptId !== null).length,
  );

/** Left before anything can have been bought; a purchase is never a bounce. */
const bounceRate: TrueFigure = (question) => {
  const tauMs = parameterOf(question, "bounceMaxMs", DEFAULT_TAU_MS);
  const durations = durationsOf(question);
  return ratio(durations.filter((ms) => ms < tauMs).length, durations.length);
};

/** As web analytics has it: neither stayed, nor saw two zones, nor bought. */
const bounceGa4: TrueFigure = (question) => {
  const tauMs = parameterOf(question, "bounceMaxMs", DEFAULT_TAU_MS);
  const rows = rowsOf(question);
  const isBounce = ({ exitedAt, enteredAt, stops, hasBought }: TrueRow): boolean =>
    exitedAt - enteredAt < tauMs && new Set(stops.map(({ zone }) => zone)).size < 2 && !hasBought;
  return ratio(rows.filter(isBounce).length, rows.length);
};

/** Customers inside at an instant. Pure. */
export function insideAt(days: readonly TruthDay[], at: number): number {
  let people = 0;
  for (const { rows } of days)
    for (const { stretches } of rows)
      for (const { from, to } of stretches) if (from <= at && at < to) people += 1;
  return people;
}

/** Person-milliseconds inside per minute from the first opening less an hour. */
function peak({ days }: TrueQuestion): number | null {
  const perMinute = new Map<number, number>();
  for (const { rows } of days)
    for (const { stretches } of rows)
      for (const { from, to } of stretches) addPresence(perMinute, from, to);
  const highest = Math.max(0, ...perMinute.values());
  return highest / MINUTE_MS;
}

function addPresence(perMinute: Map<number, number>, from: number, to: number): void {
  for (let at = from; at < to; ) {
    const minute = Math.floor(at / MINUTE_MS);
    const until = Math.min(to, (minute + 1) * MINUTE_MS);
    perMinute.set(minute, (perMinute.get(minute) ?? 0) + until - at);
    at = until;
  }
}

/** True figures of the doors, of visits and of the till, for the whole store. */
export const VISIT_TRUTH: Readonly<Partial<Record<MetricId, TrueFigure>>> = {
  "passing-traffic": (q) => overDays(q, ({ passing }) => passing),
  entrants: entrantsOf,
  "entrants-raw": (q) =>
    entrantsOf({ ...q, identity: "raw" }) + overDays(q, ({ staffEntries }) => staffEntries),
  children: (q) => rowsOf(q).filter(({ isChild }) => isChild).length,
  "buying-units": buyingUnits,
  exits: (q) => entrantsOf({ ...q, identity: "raw" }),
  "shopfront-conversion": (q) =>
    ratio(
      streetEntrants(q),
      overDays(q, ({ passing }) => passing),
    ),
  "occupancy-peak": peak,
  "visit-duration-mean": (q) => mean(durationsOf(q)),
  "visit-duration-median": (q) => quantile(durationsOf(q), 0.5),
  "visit-duration-p90": (q) => quantile(durationsOf(q), 0.9),
  "bounce-rate": bounceRate,
  "bounce-rate-ga4": bounceGa4,
  transactions: sales,
  "net-sales": netMinor,
  "sales-conversion": (q) => ratio(sales(q), entrantsOf(q)),
  "sales-conversion-units": (q) => ratio(sales(q), buyingUnits(q)),
  "average-transaction-value": (q) => ratio(netMinor(q), sales(q)),
  "units-per-transaction": (q) => ratio(units(q), sales(q)),
  "shopper-yield": (q) => ratio(netMinor(q), entrantsOf(q)),
  "click-collect-arrivals": (q) =>
    rowsOf(q).filter(({ stops }) => stops.some(({ zone }) => zone === q.layout.collect)).length,
  "click-collect-handovers": handOvers,
  "click-collect-attach": (q) => ratio(attached(q), handOvers(q)),
};
