import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { MetricId } from "../../core/metric-value.ts";
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
  /** What later days look back on is different now: they have to be made again. */
  readonly isPastChanged: boolean;
}

const RECORD = "day-record";
/** Rows of one transaction, a slot or more: commits wait for it where there is one writer. */
const ROWS_AT_ONCE = 200;
const DAY_MS = 86_400_000;
/** As far back as metrics look, and a day for the clocks. */
const RECORDS_MS = 43 * DAY_MS;

/**
 * Makes the figures of one trading day from its events, after the records of the days before, and saves what is
 * different, with the last of it the hours that are done. Events of the day are told in order of time, so the same events
 * give the same figures however they came. @throws STORE_FAILED
 */
export async function makeDay(maker: DayMaker, hours: readonly DirtyHour[]): Promise<MadeDay> {
  const { repository, site, day, arrival, now, metrics } = maker;
  const storeId = String(site.store.id);
  await restoreDays(maker);
  const times: EpochMs[] = [];
  const counting = {
    ingest: (event: Parameters<Metrics["ingest"]>[0]): void => {
      times.push(event.at);
      metrics.ingest(event);
    },
  };
  await tellEvents(repository, { storeId, from: day.start, to: day.end }, counting);
  if (times.length === 0 && hours.length === 0)
    return { rows: 0, isOver: true, isPastChanged: false };
  const gaps = await repository.gapsWithin(storeId, day.start, day.end);
  const rows = dayRows({ site, days: shopDays(site), day, metrics, arrival, times, gaps, now });
  const changed = changedRows(rows, await storedRows(maker, rows));
  await saveInParts(maker, changed, hours);
  const isTold = now >= day.end && arrival.until >= day.end;
  const isPastChanged = isTold && (await saveRecord(maker));
  const isOver = isTold || now >= day.end + FINAL_AFTER_MS;
  return { rows: changed.length, isOver, isPastChanged };
}

/** In short transactions, the hours with the last: a day of which a part was saved is just made again. */
async function saveInParts(
  { repository, site }: DayMaker,
  rows: readonly RollupRow[],
  hours: readonly DirtyHour[],
): Promise<void> {
  const storeId = String(site.store.id);
  let part: RollupRow[] = [];
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    const isNewSlot = before?.grain !== row.grain || before.from !== row.from;
    if (isNewSlot && part.length >= ROWS_AT_ONCE) {
      await repository.saveRollups(storeId, part, []);
      part = [];
    }
    part.push(row);
  }
  await repository.saveRollups(storeId, part, hours);
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

/** Keeps what later days look back on; false when it is what was kept before. */
async function saveRecord({ repository, site, day, metrics, now }: DayMaker): Promise<boolean> {
  const owner = String(site.store.id);
  const record = metrics.takeChangedDays().find(({ start }) => start === day.start);
  if (record === undefined) return false;
  const key = { kind: RECORD, owner, part: String(day.start) };
  const text = JSON.stringify(record);
  if ((await repository.document(key))?.text === text) return false;
  await repository.saveDocument(key, text, now);
  for (const { key: old } of await repository.documents(RECORD, owner))
    if (Number(old.part) < now - RECORDS_MS - 7 * DAY_MS)
      await repository.saveDocument(old, null, now);
  return true;
}

/** Every day that was made has a row of it, known or not. */
const ANY_METRIC: MetricId = "entrants";

/** Starts of the days after one that were made so far and look back on it. @throws STORE_FAILED */
export async function daysBehind(
  repository: Pick<CentralStore, "rollups">,
  storeId: string,
  day: TradingDay,
): Promise<readonly EpochMs[]> {
  const rows = await repository.rollups({
    ...{ storeIds: [storeId], grain: "day", scope: "store", metrics: [ANY_METRIC] },
    ...{ from: day.end, to: epochMs(day.end + RECORDS_MS) },
  });
  return rows.map(({ from }) => from);
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
