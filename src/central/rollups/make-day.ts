import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { SitePlan } from "../../core/site.ts";
import type { TradingDay } from "../../metrics/calendar/trading-day.ts";
import { DAY_RECORD_VERSION, type DayRecord } from "../../metrics/days/day-record.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import { shopDays } from "../../metrics/reports/report-period.ts";
import { tellEvents } from "../day-view.ts";
import type { CentralStore, DirtyHour, RollupRow } from "../repository.ts";
import type { Arrival } from "./arrival.ts";
import { changedRows, dayRows, FINAL_AFTER_MS } from "./day-rows.ts";

/** The metrics of a shop as the worker needs them. */
export type WorkerMetrics = Pick<Metrics, "ingest" | "value" | "restore" | "takeChangedDays">;

/** One trading day of one shop to be made; the metrics are new and empty. */
export interface DayMaker {
  readonly repository: CentralStore;
  readonly site: SitePlan;
  readonly day: TradingDay;
  readonly arrival: Arrival;
  readonly now: EpochMs;
  readonly metrics: WorkerMetrics;
}

/** What became of it. */
export interface MadeDay {
  /** Rows of slots that were new or different. */
  readonly rows: number;
  /** It is told to its end, or final all the same; only a late event makes it again. */
  readonly isOver: boolean;
}

const RECORD = "day-record";
const DAY_MS = 86_400_000;
/** As far back as metrics look, and a day for the clocks. */
const RECORDS_MS = 43 * DAY_MS;

/**
 * Makes the figures of one trading day from its events, after the records of the days before, and saves what is
 * different together with the hours that are done. Events of the day are told in order of time, so the same events
 * give the same figures however they came. @throws STORE_FAILED
 */
export async function makeDay(maker: DayMaker, hours: readonly DirtyHour[]): Promise<MadeDay> {
  const { repository, site, day, arrival, now, metrics } = maker;
  const storeId = String(site.store.id);
  await restoreDays(maker);
  let stored = 0;
  const counting = {
    ingest: (event: Parameters<Metrics["ingest"]>[0]): void => {
      stored += 1;
      metrics.ingest(event);
    },
  };
  await tellEvents(repository, { storeId, from: day.start, to: day.end }, counting);
  if (stored === 0 && hours.length === 0) return { rows: 0, isOver: true };
  const rows = dayRows({ site, days: shopDays(site), day, metrics, arrival, stored, now });
  const changed = changedRows(rows, await storedRows(maker, rows));
  await repository.saveRollups(storeId, changed, hours);
  const isTold = now >= day.end && arrival.until >= day.end;
  if (isTold) await saveRecord(maker);
  return { rows: changed.length, isOver: isTold || now >= day.end + FINAL_AFTER_MS };
}

/** Puts the days before back, so that estimators know their past; what is too old for any metric is dropped. */
async function restoreDays({ repository, site, day, metrics }: DayMaker): Promise<void> {
  const rows = await repository.documents(RECORD, String(site.store.id));
  for (const { key, text } of [...rows].sort((a, b) => Number(a.key.part) - Number(b.key.part))) {
    const start = Number(key.part);
    if (start >= day.start || start < day.start - RECORDS_MS) continue;
    const record = JSON.parse(text) as DayRecord;
    if (record.v === DAY_RECORD_VERSION) metrics.restore(record);
  }
}

async function saveRecord({ repository, site, day, metrics, now }: DayMaker): Promise<void> {
  const owner = String(site.store.id);
  const record = metrics.takeChangedDays().find(({ start }) => start === day.start);
  if (record === undefined) return;
  const key = { kind: RECORD, owner, part: String(day.start) };
  await repository.saveDocument(key, JSON.stringify(record), now);
  for (const { key: old } of await repository.documents(RECORD, owner))
    if (Number(old.part) < now - RECORDS_MS - 7 * DAY_MS)
      await repository.saveDocument(old, null, now);
}

async function storedRows(
  { repository, site, day }: DayMaker,
  made: readonly RollupRow[],
): Promise<readonly RollupRow[]> {
  const query = {
    storeIds: [String(site.store.id)],
    ...{ scope: null, from: day.start, to: epochMs(day.end) },
    metrics: [...new Set(made.map(({ metric }) => metric))],
  };
  const [quarters, days] = await Promise.all([
    repository.rollups({ ...query, grain: "quarter" }),
    repository.rollups({ ...query, grain: "day" }),
  ]);
  return [...quarters, ...days];
}
