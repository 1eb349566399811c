import { dateText } from "../../../core/civil-date.ts";
import type { MetricId } from "../../../core/metric-value.ts";
import {
  entrantsOf,
  overDays,
  parameterOf,
  quantile,
  ratio,
  rowsOf,
  type TrueFigure,
  type TrueQuestion,
} from "./question.ts";
import type { TruthDay } from "./true-rows.ts";

const DEFAULT_WINDOW_DAYS = 90;
const DAY_MS = 86_400_000;

/** An identified visit: whose, on which day, and on which days before. */
interface KnownVisit {
  readonly card: number;
  readonly day: number;
  readonly earlier: readonly number[];
}

/**
 * Visits that a card identified, as the sensors heard it: figures of customers are about these only, and about none on
 * the days that a value says it is not about.
 */
function knownVisits({ days, earlier, parameters }: TrueQuestion): KnownVisit[] {
  const came = new Map<number, number[]>();
  const note = (day: TruthDay): void => {
    for (const card of cardsOf(day)) {
      const list = came.get(card) ?? [];
      if (list.at(-1) !== day.number) list.push(day.number);
      came.set(card, list);
    }
  };
  for (const day of [...earlier, ...days]) note(day);
  return days
    .filter((day) => isTold(day, parameters))
    .flatMap((day) =>
      cardsOf(day).map((card) => ({
        card,
        day: day.number,
        earlier: (came.get(card) ?? []).filter((one) => one < day.number),
      })),
    );
}

const isTold = ({ opensAt }: TruthDay, parameters: TrueQuestion["parameters"]): boolean =>
  !String(parameters["withheldDays"] ?? "")
    .split(" ")
    .includes(dateText(Math.floor(opensAt / DAY_MS)));

const cardsOf = ({ rows, identified }: TruthDay): number[] =>
  rows.flatMap(({ id, card }) => (card !== null && identified.has(id) ? [card] : []));

const sinceLast = ({ day, earlier }: KnownVisit): number =>
  day - (earlier.at(-1) ?? Number.NEGATIVE_INFINITY);

const frequency: TrueFigure = ({ days, earlier, parameters }) => {
  const visits = [...earlier, ...days].filter((day) => isTold(day, parameters)).flatMap(cardsOf);
  return ratio(visits.length, new Set(visits).size);
};

const tenure: TrueFigure = (question) => {
  const first = new Map<number, number>();
  for (const { card, day, earlier } of knownVisits(question))
    first.set(card, day - (earlier[0] ?? day));
  return quantile([...first.values()], 0.5);
};

const changes = (question: TrueQuestion, isOut: boolean): number =>
  rowsOf(question).reduce((sum, { basket }) => {
    const units = (basket?.changes ?? []).filter(({ change }) => (change !== "add") === isOut);
    return sum + units.reduce((pieces, one) => pieces + one.units, 0);
  }, 0);

const repeatRate: TrueFigure = (q) => {
  const windowDays = parameterOf(q, "windowDays", DEFAULT_WINDOW_DAYS);
  const known = knownVisits(q);
  return ratio(known.filter((visit) => sinceLast(visit) <= windowDays).length, known.length);
};

/** True figures of baskets and of customers who come again. */
export const CUSTOMER_TRUTH: Readonly<Partial<Record<MetricId, TrueFigure>>> = {
  "basket-put-back-rate": (q) => ratio(changes(q, true), changes(q, false)),
  "baskets-abandoned": (q) => {
    const filled = rowsOf(q).filter(({ basket }) =>
      (basket?.changes ?? []).some(({ change }) => change === "add"),
    );
    return ratio(filled.filter(({ hasBought }) => !hasBought).length, filled.length);
  },
  "identification-coverage": (q) =>
    ratio(
      overDays(q, (day) => cardsOf(day).length),
      entrantsOf(q),
    ),
  "repeat-rate": repeatRate,
  "repeat-rate-30": repeatRate,
  "repeat-rate-60": repeatRate,
  "visit-recency": (q) => quantile(knownVisits(q).map(sinceLast).filter(Number.isFinite), 0.5),
  "visit-frequency": frequency,
  "customer-tenure": tenure,
};
