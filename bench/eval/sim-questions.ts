import type { MetricId, MetricScope } from "../../src/core/metric-value.ts";
import type { SitePlan } from "../../src/core/site.ts";
import { DEFINITIONS } from "../../src/metrics/definitions.ts";
import { ADDITIVE } from "../../src/metrics/reports/archive.ts";

/** One figure to be compared. */
export interface SimQuestion {
  readonly metric: MetricId;
  readonly scope: MetricScope;
  /** Asked day by day as well; what needs many days is not. */
  readonly isDaily: boolean;
}

const STORE: MetricScope = { kind: "store" };
/** Figures that need weeks, or seconds of computing. */
const RUN_ONLY: readonly MetricId[] = [
  "bounce-rate",
  "bounce-rate-ga4",
  "visit-duration-median",
  "visit-duration-p90",
  "zone-lift",
  "zone-transition",
  "repeat-rate",
  "repeat-rate-30",
  "repeat-rate-60",
  "visit-recency",
  "visit-frequency",
  "customer-tenure",
];
/** Compared at instants, not over intervals. */
const INSTANTS: readonly MetricId[] = ["occupancy", "zone-people-now", "door-drift"];
const TRANSITIONS = [
  ["entry", "new-in"],
  ["entry", "denim"],
  ["denim", "shirts"],
  ["shirts", "new-in"],
  ["new-in", "exit-without"],
  ["queue", "till"],
  ["till", "exit-with-tx"],
] as const;
const LIFTS = [
  ["denim", "shirts"],
  ["shoes", "accessories"],
  ["new-in", "denim"],
] as const;

/** Everything that the product defines and that a shop with this plan can be asked. */
export function questionsFor(site: SitePlan): SimQuestion[] {
  const zones = [...site.cameras.flatMap((camera) => camera.zones), ...(site.floor?.zones ?? [])];
  const inside = zones
    .filter(({ kind, stacksBaskets }) => kind !== "outside" && stacksBaskets !== true)
    .map(({ id, kind }) => ({ id, kind }));
  const unique = inside.filter(({ id }, i) => inside.findIndex((one) => one.id === id) === i);
  const scopesOf = (metric: MetricId): readonly MetricScope[] => {
    if (metric === "zone-transition" || metric === "zone-lift") {
      const pairs = metric === "zone-lift" ? LIFTS : TRANSITIONS;
      return pairs.map(([from, to]) => ({ kind: "zone-pair", from, to }));
    }
    if (metric.startsWith("queue-"))
      return unique.filter(({ kind }) => kind === "queue").map(({ id }) => ({ kind: "zone", id }));
    if (metric.startsWith("zone-")) return unique.map(({ id }) => ({ kind: "zone", id }));
    return [STORE];
  };
  return DEFINITIONS.filter(({ metric }) => !INSTANTS.includes(metric)).flatMap(({ metric }) =>
    scopesOf(metric).map((scope) => ({ metric, scope, isDaily: !RUN_ONLY.includes(metric) })),
  );
}

/**
 * Whether a day's interval speaks of the shop's own rate or mean, of which the day is a sample: 4 buyers of 15 say that
 * 11 to 52 % buy in this shop, and not that between 2 and 8 of these 15 did. Counts speak of the day itself.
 */
export const isOfSample = (metric: MetricId): boolean =>
  !ADDITIVE.has(metric) && metric !== "occupancy-peak";

/** Text that names a metric and what it is about. */
export function questionKey({ metric, scope }: Pick<SimQuestion, "metric" | "scope">): string {
  switch (scope.kind) {
    case "store":
      return metric;
    case "zone":
    case "line":
      return `${metric}/${scope.id}`;
    case "zone-pair":
      return `${metric}/${scope.from}>${scope.to}`;
  }
}
