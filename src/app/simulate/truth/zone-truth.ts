import type { MetricId } from "../../../core/metric-value.ts";
import { DEFAULT_MEASURES } from "../../../metrics/rules.ts";
import {
  entrantsOf,
  mean,
  overDays,
  parameterOf,
  quantile,
  ratio,
  rowsOf,
  type TrueFigure,
  type TrueQuestion,
  zoneAsked,
} from "./question.ts";
import type { TrueRow } from "./true-rows.ts";

const HOUR_MS = 3_600_000;

/** A figure of one zone; null elsewhere. */
const ofZone =
  (read: (question: TrueQuestion, zone: number) => number | null): TrueFigure =>
  (question) => {
    const zone = zoneAsked(question);
    return zone < 0 ? null : read(question, zone);
  };

const dwells = ({ days }: TrueQuestion, zone: number): number[] =>
  days.flatMap((day) => (day.zoneStops[zone] ?? []).map(({ from, to }) => to - from));

const presenceMs = (question: TrueQuestion, zone: number): number =>
  overDays(question, (day) => day.zoneMs[zone] ?? 0);

const visitsWith = (question: TrueQuestion, zone: number): TrueRow[] =>
  rowsOf(question).filter(({ stops }) => stops.some((stop) => stop.zone === zone));

const engagement = ofZone((question, zone) => {
  const engagedMs = parameterOf(question, "engagedMs", DEFAULT_MEASURES.engagedMs);
  const all = dwells(question, zone);
  return ratio(all.filter((ms) => ms >= engagedMs).length, all.length);
});

/** Purchases with goods of the zone over visits that were engaged with it. */
const conversion = ofZone((question, zone) => {
  const engagedMs = parameterOf(question, "engagedMs", DEFAULT_MEASURES.engagedMs);
  const department = question.layout.zones[zone]?.department ?? null;
  if (department === null) return null;
  const baskets = overDays(
    question,
    ({ receipts }) =>
      receipts.filter(
        ({ kind, lines }) =>
          kind === "sale" && lines.some((line) => line.department === department),
      ).length,
  );
  const engaged = rowsOf(question).filter(({ stops }) =>
    stops.some((stop) => stop.zone === zone && stop.to - stop.from >= engagedMs),
  );
  return ratio(baskets, engaged.length);
});

const holdingPower = ofZone((question, zone) => {
  const median = quantile(dwells(question, zone), 0.5);
  const reference = parameterOf(question, "referenceDwellMs", 0);
  return median === null || reference === 0 ? null : median / reference;
});

/** Places of a visit in order: zone ids, the entry before them, the way out behind. */
function waysOf({ stops, hasBought }: TrueRow, { layout }: TrueQuestion): string[] {
  const ways = ["entry"];
  for (const { zone } of stops) {
    const id = layout.zones[zone]?.id ?? "";
    if (ways.at(-1) !== id) ways.push(id);
  }
  return [...ways, hasBought ? "exit-with-tx" : "exit-without"];
}

const transition: TrueFigure = (question) => {
  const { scope } = question;
  if (scope.kind !== "zone-pair") return null;
  let departures = 0;
  let hits = 0;
  for (const row of rowsOf(question)) {
    const ways = waysOf(row, question);
    ways.forEach((place, i) => {
      if (place !== scope.from || i + 1 >= ways.length) return;
      departures += 1;
      if (ways[i + 1] === scope.to) hits += 1;
    });
  }
  return ratio(hits, departures);
};

const lift: TrueFigure = (question) => {
  const { scope, layout } = question;
  if (scope.kind !== "zone-pair") return null;
  const place = (id: string): number => layout.zones.findIndex((zone) => zone.id === id);
  const [a, b] = [visitsWith(question, place(scope.from)), visitsWith(question, place(scope.to))];
  const inB = new Set(b.map(({ id }) => id));
  const both = a.filter(({ id }) => inB.has(id)).length;
  return ratio(both * rowsOf(question).length, a.length * b.length);
};

/** People in a queue, each with what became of it. */
const queued = (question: TrueQuestion, zone: number): readonly TrueRow[] =>
  zone === question.layout.queue ? rowsOf(question).filter(({ queue }) => queue !== null) : [];

const withOutcome = (rows: readonly TrueRow[], ...outcomes: readonly string[]): TrueRow[] =>
  rows.filter(({ queue }) => queue !== null && outcomes.includes(queue.outcome));

const openMs = (question: TrueQuestion): number =>
  overDays(question, ({ opensAt, closesAt }) => closesAt - opensAt);

/** True figures of zones and queues. */
export const ZONE_TRUTH: Readonly<Partial<Record<MetricId, TrueFigure>>> = {
  "zone-visits": ofZone((q, zone) => dwells(q, zone).length),
  "zone-unique-visits": ofZone((q, zone) => visitsWith(q, zone).length),
  "zone-dwell-mean": ofZone((q, zone) => mean(dwells(q, zone))),
  "zone-dwell-median": ofZone((q, zone) => quantile(dwells(q, zone), 0.5)),
  "zone-dwell-p90": ofZone((q, zone) => quantile(dwells(q, zone), 0.9)),
  "zone-dwell-total": ofZone(presenceMs),
  "zone-seconds-per-entrant": ofZone((q, zone) => ratio(presenceMs(q, zone), entrantsOf(q))),
  "zone-draw": ofZone((q, zone) => ratio(visitsWith(q, zone).length, rowsOf(q).length)),
  "zone-engagement": engagement,
  "zone-conversion": conversion,
  "zone-holding-power": holdingPower,
  "zone-transition": transition,
  "zone-lift": lift,
  "queue-length": ofZone((q, zone) =>
    zone === q.layout.queue ? ratio(presenceMs(q, zone), openMs(q)) : null,
  ),
  "queue-wait-mean": ofZone((q, zone) =>
    mean(
      withOutcome(queued(q, zone), "served").flatMap(({ queue }) =>
        queue === null ? [] : [queue.leftAt - queue.joinedAt],
      ),
    ),
  ),
  "queue-service-rate": ofZone((q, zone) => {
    const served = withOutcome(queued(q, zone), "served").length;
    return zone === q.layout.queue ? ratio(served * HOUR_MS, openMs(q)) : null;
  }),
  "queue-abandonment": ofZone((q, zone) => {
    const rows = withOutcome(queued(q, zone), "served", "abandoned");
    return ratio(withOutcome(rows, "abandoned").length, rows.length);
  }),
  "queue-balking": ofZone((q, zone) => {
    const rows = queued(q, zone);
    return ratio(withOutcome(rows, "balked").length, rows.length);
  }),
};
