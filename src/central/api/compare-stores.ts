import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { ADDITIVE, POOLED, SUM_OVER_SUM } from "../../metrics/reports/archive.ts";
import { shopDays } from "../../metrics/reports/report-period.ts";
import type { ComparedStore } from "../../wire/central-answers.ts";
import type { CentralStore, DayPairSum, RollupSum } from "../repository.ts";

export type ComparedBy = "sum" | "ratio-of-sums" | "mean-of-days";

/** One metric of every store over the trading days that begin in [from, to), made of the stored days. */
export interface Comparison {
  readonly how: ComparedBy;
  readonly stores: readonly ComparedStore[];
}

interface Span {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

const DAY_MS = 86_400_000;

/**
 * Compares all stores by one metric. Counts are summed. Rates are taken anew over the days on which both of their counts
 * are known, since a day of which one is missing would bend them. Anything else is the plain mean of its days. null when
 * no day is known. Completeness is that of all trading days which began by `now`: a day without a figure counts as
 * nothing of it. @throws STORE_FAILED
 */
export async function compareStores(
  repository: Pick<CentralStore, "sums" | "dayPairs">,
  plans: ReadonlyMap<string, SitePlan>,
  metric: MetricId,
  span: Span & { readonly now: EpochMs },
): Promise<Comparison> {
  const { from, to } = span;
  const ask = {
    storeIds: null,
    grain: "day",
    scope: "store",
    metrics: [metric],
    from,
    to,
  } as const;
  const [sums, pairs] = await Promise.all([
    repository.sums(ask),
    readRates(repository, metric, { from, to }),
  ]);
  const owns = new Map(sums.map((sum) => [sum.storeId, sum]));
  const ids = new Set([...owns.keys(), ...(pairs?.keys() ?? []), ...plans.keys()]);
  const stores = [...ids].sort().map((storeId): ComparedStore => {
    const plan = plans.get(storeId);
    const days = tradingDays(plan, { from, to: epochMs(Math.min(to, span.now)) });
    const own = owns.get(storeId);
    const rate = pairs === null ? null : rateOf(pairs.get(storeId), metric);
    const basis = rate ?? plainOf(own, metric);
    return {
      ...{ storeId, name: plan?.store.name ?? null, value: basis.value, days },
      ...{ sum: own?.sum ?? null, mean: own?.mean ?? null, slots: basis.days },
      completeness: days === 0 ? 0 : Math.min(1, basis.complete / days),
    };
  });
  return { how: howOf(metric), stores };
}

/** What a value rests on: how many days, and the sum of their completeness. */
interface Basis {
  readonly value: number | null;
  readonly days: number;
  readonly complete: number;
}

const howOf = (metric: MetricId): ComparedBy => {
  if (ADDITIVE.has(metric)) return "sum";
  return SUM_OVER_SUM[metric] === undefined && !POOLED.has(metric)
    ? "mean-of-days"
    : "ratio-of-sums";
};

/** The two counts of a rate by store; null for a metric that is no rate. */
async function readRates(
  repository: Pick<CentralStore, "dayPairs">,
  metric: MetricId,
  span: Span,
): Promise<ReadonlyMap<string, DayPairSum> | null> {
  const ratio = SUM_OVER_SUM[metric];
  if (ratio === undefined && !POOLED.has(metric)) return null;
  const [own, other] = ratio ?? [metric, "n" as const];
  const found = await repository.dayPairs({ metric: own, other, ...span });
  return new Map(found.map((pair) => [pair.storeId, pair]));
}

function rateOf(pair: DayPairSum | undefined, metric: MetricId): Basis {
  if (pair === undefined) return { value: null, days: 0, complete: 0 };
  // The value of a pooled rate times what it counts is its numerator.
  const above = SUM_OVER_SUM[metric] === undefined ? pair.product : pair.own;
  const value = pair.other > 0 ? above / pair.other : null;
  return { value, days: pair.days, complete: pair.completeness };
}

function plainOf(own: RollupSum | undefined, metric: MetricId): Basis {
  if (own === undefined) return { value: null, days: 0, complete: 0 };
  const value = ADDITIVE.has(metric) ? own.sum : own.mean;
  return { value, days: own.slots, complete: own.completeness * own.slots };
}

/** Trading days that begin in a span; of a shop without a plan, days of UTC. */
function tradingDays(plan: SitePlan | undefined, { from, to }: Span): number {
  if (to <= from) return 0;
  if (plan === undefined) return Math.ceil((to - from) / DAY_MS);
  const { calendar } = shopDays(plan);
  let count = 0;
  let day = calendar.dayOf(from);
  if (day.start < from) day = calendar.dayOf(day.end);
  for (; day.start < to; day = calendar.dayOf(day.end)) count += 1;
  return count;
}
