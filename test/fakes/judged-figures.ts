import assert from "node:assert/strict";
import type { EpochMs } from "../../src/core/brand.ts";
import type { MetricId, MetricScope, MetricValue } from "../../src/core/metric-value.ts";
import type { SitePlan } from "../../src/core/site.ts";
import { DEFINITIONS } from "../../src/metrics/definitions.ts";
import type { Metrics } from "../../src/metrics/metrics.ts";

const ROUNDING = 1e-9;
/** Every metric that is defined. */
export const METRICS: readonly MetricId[] = DEFINITIONS.map(({ metric }) => metric);

/** Shares of a whole: never negative, and above 1 only with one of these notes. */
const SURPLUS: Readonly<Partial<Record<MetricId, string | null>>> = {
  "shopfront-conversion": "geometry-fault",
  "bounce-rate": null,
  "bounce-rate-ga4": null,
  "sales-conversion": "more-sales-than-entrants",
  "sales-conversion-units": "more-sales-than-entrants",
  "click-collect-attach": null,
  "zone-draw": null,
  "zone-engagement": null,
  "zone-conversion": "more-baskets-than-engaged",
  "zone-transition": null,
  "queue-abandonment": "more-left-than-joined",
  "queue-balking": null,
  "basket-put-back-rate": "more-out-than-in",
  "baskets-abandoned": null,
  "identification-coverage": "more-identified-than-entrants",
  "repeat-rate": null,
  "repeat-rate-30": null,
  "repeat-rate-60": null,
};

/** The only figures that may be below 0: money given back, and the balance of a door. */
const SIGNED: ReadonlySet<MetricId> = new Set<MetricId>([
  "net-sales",
  "average-transaction-value",
  "shopper-yield",
  "door-drift",
]);

/** Every kind of scope, known and unknown, and the ends of a path. */
export function scopesOf(site: SitePlan): MetricScope[] {
  const lines = site.cameras.flatMap((camera) => camera.lines.map(({ id }) => String(id)));
  const zones = site.cameras.flatMap((camera) => camera.zones.map(({ id }) => String(id)));
  const places = ["table", "queue", "nowhere", "entry", "exit-with-tx", "exit-without"];
  return [
    { kind: "store" },
    ...[...lines, "nowhere"].map((id) => ({ kind: "line", id }) as const),
    ...[...zones, "cellar", "nowhere"].map((id) => ({ kind: "zone", id }) as const),
    ...places.flatMap((from) =>
      ["table", "shoes", "exit-with-tx", "exit-without"].map(
        (to) => ({ kind: "zone-pair", from, to }) as const,
      ),
    ),
  ];
}

/** Asks everything about everything over an interval, and judges each answer. Throws an AssertionError. */
export function judgeAll(metrics: Metrics, from: EpochMs, to: EpochMs): void {
  for (const scope of scopesOf(metrics.sources.site))
    for (const metric of METRICS) judge(metrics.value(metric, scope, from, to));
}

/** Whether an answer explains itself: finite, within its bounds, and with a reason where it is unknown. */
export function judge(answer: MetricValue): void {
  const { metric, value, n, effectiveN, coverage, imputedShare, ci95, revision } = answer;
  const told = JSON.stringify(answer);
  const numbers = [value ?? 0, n, effectiveN ?? 0, coverage, imputedShare, revision];
  assert.ok([...numbers, ...(ci95 ?? [])].every(Number.isFinite), `not finite: ${told}`);
  for (const one of Object.values(answer.definition.parameters))
    assert.ok(typeof one === "string" || Number.isFinite(one), `parameter: ${told}`);
  assert.ok(Math.min(n, effectiveN ?? 0, revision) >= 0, `negative: ${told}`);
  assert.ok(coverage >= 0 && coverage <= 1 + ROUNDING, `coverage: ${told}`);
  assert.ok(imputedShare >= 0 && imputedShare <= 1, `imputed share: ${told}`);
  assert.ok((effectiveN ?? 0) <= n + ROUNDING, `worth more than observed: ${told}`);
  if (value === null) assert.ok((answer.reason?.text ?? "") !== "", `no reason: ${told}`);
  if (ci95 !== null) judgeInterval(ci95, value, told);
  if (value !== null) judgeSize(answer, value, told);
  assert.equal(answer.method !== "none", isAnswered(answer), `method: ${told}`);
  assert.ok(coverage > 0 || value === null || imputedShare > 0, `blind: ${told}`);
  assert.equal(metric, answer.definition.id);
}

const isAnswered = ({ value, ci95 }: MetricValue): boolean => value !== null || ci95 !== null;

function judgeInterval([low, high]: readonly [number, number], value: number | null, told: string) {
  const slack = ROUNDING * Math.max(1, Math.abs(low), Math.abs(high));
  assert.ok(low <= high + slack, `turned round: ${told}`);
  if (value === null) return;
  assert.ok(low - slack <= value && value <= high + slack, `outside of its interval: ${told}`);
}

function judgeSize({ metric, reason, ci95 }: MetricValue, value: number, told: string): void {
  // Only an interval that ends between the members of a group holds less than nobody, and says so.
  const isCut = metric === "buying-units" && reason?.text.includes("members of a group") === true;
  if (!SIGNED.has(metric) && !isCut) assert.ok(value >= 0, `below nothing: ${told}`);
  const surplus = SURPLUS[metric];
  if (surplus === undefined) return;
  if (value > 1 + ROUNDING) assert.equal(reason?.code, surplus, `above one: ${told}`);
  else if (ci95 !== null && metric !== "basket-put-back-rate")
    assert.ok(ci95[0] >= -ROUNDING && ci95[1] <= 1 + ROUNDING, `no share: ${told}`);
}
