import type { EpochMs } from "../../core/brand.ts";
import type { MetricId } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { ADDITIVE } from "../../metrics/reports/archive.ts";
import type { ComparedStore } from "../../wire/central-answers.ts";
import type { CentralStore, RollupSum } from "../repository.ts";

/** Rates that are one sum over another, or over it and itself. */
const RATIOS: Readonly<
  Partial<Record<MetricId, readonly [above: MetricId, below: readonly MetricId[]]>>
> = {
  "sales-conversion": ["transactions", ["entrants"]],
  "sales-conversion-units": ["transactions", ["buying-units"]],
  "average-transaction-value": ["net-sales", ["transactions"]],
  "shopper-yield": ["net-sales", ["entrants"]],
};

export type ComparedBy = "sum" | "ratio-of-sums" | "mean-of-days";

/** One metric of every store over the trading days that begin in [from, to), made of the stored sums. */
export interface Comparison {
  readonly how: ComparedBy;
  readonly stores: readonly ComparedStore[];
}

/**
 * Compares all stores by one metric. Counts are summed, four rates are taken anew from their sums, anything else is
 * the plain mean of its days. null when no day of it is known. @throws STORE_FAILED
 */
export async function compareStores(
  repository: Pick<CentralStore, "sums">,
  plans: ReadonlyMap<string, SitePlan>,
  metric: MetricId,
  span: { readonly from: EpochMs; readonly to: EpochMs },
): Promise<Comparison> {
  const ratio = RATIOS[metric];
  const metrics = ratio === undefined ? [metric] : [metric, ratio[0], ...ratio[1]];
  const sums = await repository.sums({
    ...{ storeIds: null, grain: "day", scope: "store", metrics, ...span },
  });
  const byStore = new Map<string, Map<string, RollupSum>>();
  for (const sum of sums) {
    const own = byStore.get(sum.storeId) ?? new Map<string, RollupSum>();
    byStore.set(sum.storeId, own.set(sum.metric, sum));
  }
  const how = howOf(metric);
  const stores = [...byStore].map(([storeId, own]): ComparedStore => {
    const { sum = null, mean = null, slots = 0, completeness = 0 } = own.get(metric) ?? {};
    const name = plans.get(storeId)?.store.name ?? null;
    return { storeId, name, value: comparedValue(metric, own), sum, mean, slots, completeness };
  });
  return { how, stores };
}

const howOf = (metric: MetricId): ComparedBy => {
  if (ADDITIVE.has(metric)) return "sum";
  return RATIOS[metric] === undefined ? "mean-of-days" : "ratio-of-sums";
};

function comparedValue(metric: MetricId, sums: ReadonlyMap<string, RollupSum>): number | null {
  const ratio = RATIOS[metric];
  if (ratio === undefined) {
    const own = sums.get(metric);
    return (ADDITIVE.has(metric) ? own?.sum : own?.mean) ?? null;
  }
  const above = sums.get(ratio[0])?.sum ?? null;
  const below = ratio[1].map((id) => sums.get(id)?.sum ?? null);
  if (above === null || below.includes(null)) return null;
  const total = below.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  return total > 0 ? above / total : null;
}
