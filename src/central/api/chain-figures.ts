import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { SitePlan } from "../../core/site.ts";
import { type ShopDays, shopDays } from "../../metrics/reports/report-period.ts";
import type { StoreTile } from "../../wire/central-answers.ts";
import type { CentralStore, RollupRow } from "../repository.ts";
import type { RollupDetail } from "../rollups/day-rows.ts";

const QUARTER_MS = 900_000;
const TILE_METRICS = [
  ...(["entrants", "shopfront-conversion", "sales-conversion", "transactions"] as const),
  "net-sales" as const,
];

/** What the stored figures tell of a store's present day. */
export interface ChainFigures {
  readonly today: NonNullable<StoreTile["today"]>;
  readonly completeness: number | null;
  readonly driftingDoors: number;
}

/** Figures of the present day of all stores with a plan, from the stored rollups, a few questions per time zone. */
export async function readChainFigures(
  repository: Pick<CentralStore, "rollups" | "sums">,
  plans: ReadonlyMap<string, SitePlan>,
  now: EpochMs,
): Promise<ReadonlyMap<string, ChainFigures>> {
  const groups = new Map<string, { days: ShopDays; storeIds: string[] }>();
  for (const [storeId, site] of plans) {
    const key = `${site.store.timeZone} ${site.store.dayCutoverMin}`;
    const group = groups.get(key) ?? { days: shopDays(site), storeIds: [] };
    groups.set(key, group);
    group.storeIds.push(storeId);
  }
  const figures = new Map<string, ChainFigures>();
  for (const { days, storeIds } of groups.values())
    await readGroup(repository, { days, storeIds, now }, figures);
  return figures;
}

interface Group {
  readonly days: ShopDays;
  readonly storeIds: readonly string[];
  readonly now: EpochMs;
}

async function readGroup(
  repository: Pick<CentralStore, "rollups" | "sums">,
  { days, storeIds, now }: Group,
  into: Map<string, ChainFigures>,
): Promise<void> {
  const day = days.calendar.dayOf(now);
  const past = Math.floor((now - day.start) / QUARTER_MS) * QUARTER_MS;
  const before = days.tradingDay(days.dateOf(now) - 7);
  const ask = { storeIds, scope: "store" };
  const sums = (from: EpochMs): ReturnType<CentralStore["sums"]> => {
    const to = epochMs(from + past);
    return repository.sums({ ...ask, grain: "quarter", metrics: ["entrants"], from, to });
  };
  const [rows, drifts, soFar, weekAgo] = await Promise.all([
    repository.rollups({
      ...{ ...ask, grain: "day", metrics: TILE_METRICS, from: day.start, to: day.end },
    }),
    repository.rollups({
      ...{ storeIds, scope: null, grain: "day", metrics: ["door-drift"] },
      ...{ from: epochMs(day.start - 26 * 3_600_000), to: day.end },
    }),
    past > 0 ? sums(day.start) : [],
    past > 0 ? sums(before.start) : [],
  ]);
  const value = new Map(rows.map((row) => [`${row.storeId} ${row.metric}`, row]));
  const sumOf = (list: typeof soFar): Map<string, number | null> =>
    new Map(list.map((one) => [one.storeId, one.sum]));
  const [today, then] = [sumOf(soFar), sumOf(weekAgo)];
  const drifting = new Map<string, Set<string>>();
  for (const row of drifts) {
    const { storeId, scope } = row;
    if (isDrifting(row)) drifting.set(storeId, (drifting.get(storeId) ?? new Set()).add(scope));
  }
  for (const storeId of storeIds) {
    const of = (metric: string): number | null => value.get(`${storeId} ${metric}`)?.value ?? null;
    into.set(storeId, {
      today: {
        ...{ from: day.start, entrants: of("entrants") },
        ...{ shopfrontConversion: of("shopfront-conversion"), netSales: of("net-sales") },
        ...{ salesConversion: of("sales-conversion"), transactions: of("transactions") },
        entrantsSoFar: today.get(storeId) ?? null,
        entrantsBefore: then.get(storeId) ?? null,
      },
      completeness: value.get(`${storeId} entrants`)?.completeness ?? null,
      driftingDoors: drifting.get(storeId)?.size ?? 0,
    });
  }
}

/** From this share of its crossings on, and so many people, a door's drift bends occupancy and visits. */
const DRIFT_RATIO = 0.025;
const DRIFT_PEOPLE = 5;

function isDrifting({ value, detail }: RollupRow): boolean {
  if (value === null || Math.abs(value) < DRIFT_PEOPLE) return false;
  return Math.abs(value) > DRIFT_RATIO * (JSON.parse(detail) as RollupDetail).n;
}
