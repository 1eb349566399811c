import { type EpochMs, lineId, zoneId } from "../../core/brand.ts";
import { type LedgerRecord, SLOT_MS, type SlotLedger } from "../calendar/slots.ts";
import type { PurchaseFloor } from "../estimate/purchase-floor.ts";
import type { BasketRecord } from "./basket-day.ts";
import type { ChangeRecord } from "./coverage.ts";
import { type Day, type LineDay, slotOf } from "./day-book.ts";
import type { DoorTimesRecord } from "./door-times.ts";
import type { QueueRecord } from "./queue-day.ts";
import type { SalesRecord } from "./sales.ts";
import type { VisitColumnsRecord } from "./visit-columns.ts";
import { ZoneDay, type ZoneRecord } from "./zone-day.ts";
import type { EndedStay } from "./zone-stays.ts";

/** Version of the records that are written; others are not read. */
export const DAY_RECORD_VERSION = 1;

/** What stands in a record by the id of a line or zone. */
type ById<T> = Readonly<Record<string, T>>;

/**
 * Everything that is kept of one trading day as plain JSON: with it alone, every question about the day has the answer
 * it had when the record was taken. Lines and zones are by id, so a plan that changed finds what is left of it.
 */
export interface DayRecord {
  readonly v: typeof DAY_RECORD_VERSION;
  /** Half-open trading day [start, end). */
  readonly start: EpochMs;
  readonly end: EpochMs;
  /** Time of the newest event when it was taken, at most `end`: what comes for earlier slots later is a correction. */
  readonly knownUntil: EpochMs;
  /**
   * Up to which number the events of each source are in it. Told again, they change nothing; those with higher numbers
   * count.
   */
  readonly through: readonly (readonly [source: string, seq: number])[];
  /** Whether the till had ever sent a receipt, and whether people had ever been seen crossing together. */
  readonly hasReceipts: boolean;
  readonly hasGroups: boolean;
  /** Beginning of the first trading day with a receipt; absent where there was none, and in records of before. */
  readonly receiptsSince?: EpochMs;
  /** Per line its ledgers by name. */
  readonly lines: ById<Readonly<Record<string, LedgerRecord>>>;
  readonly repeatPasses: LedgerRecord;
  readonly corrections: LedgerRecord;
  readonly doorTimes: DoorTimesRecord;
  readonly sales: SalesRecord;
  readonly visits: VisitColumnsRecord;
  readonly queues: ById<QueueRecord>;
  readonly baskets: BasketRecord;
  readonly zones: ById<ZoneRecord>;
  readonly tagZones: ById<ZoneRecord>;
  /** Per sensor its changes of state during the day and the one before it. */
  readonly sensors: ById<readonly ChangeRecord[]>;
  /** What had been learned from payments, month by month. */
  readonly floors: readonly PurchaseFloor[];
}

/** Lines and zones of a record that the plan does not know; they are written again with the day. */
export interface StrangeParts {
  readonly lines: DayRecord["lines"];
  readonly queues: DayRecord["queues"];
  readonly zones: DayRecord["zones"];
  readonly tagZones: DayRecord["tagZones"];
}

/** Ended stays that are not final yet. */
export interface PendingStays {
  readonly zones: readonly EndedStay[];
  readonly tagZones: readonly EndedStay[];
}

/** What of a record does not stand in the day. */
export interface DayContext
  extends Pick<
    DayRecord,
    "knownUntil" | "hasReceipts" | "receiptsSince" | "hasGroups" | "sensors" | "floors"
  > {
  readonly strange: StrangeParts | null;
  readonly pending: PendingStays;
}

/**
 * Plain JSON of a day. Stays that ended and are not final yet stand in it as if they were: their news would not be told
 * again.
 */
export function recordOfDay(day: Day, context: DayContext): DayRecord {
  const { strange, pending, ...rest } = context;
  const zonesWith = (
    zones: Day["zones"],
    stays: readonly EndedStay[],
  ): Record<string, ZoneRecord> =>
    byId(new Map([...zones].map(([id, zone]) => [id, { id, zone }])), ({ id, zone }) =>
      settledRecord(
        day,
        zone,
        stays.filter((stay) => stay.zoneId === id),
      ),
    );
  const byId = <T, R>(map: ReadonlyMap<string, T>, write: (part: T) => R): Record<string, R> =>
    Object.fromEntries([...map].map(([id, part]) => [id, write(part)]));
  return {
    v: DAY_RECORD_VERSION,
    start: day.span.start,
    end: day.span.end,
    ...rest,
    through: day.origins.entries(),
    lines: { ...strange?.lines, ...byId(day.lines, recordOfLine) },
    repeatPasses: day.repeatPasses.toRecord(),
    corrections: day.changes.toRecord(),
    doorTimes: day.doorTimes.toRecord(),
    sales: day.sales.toRecord(),
    visits: day.visits.toRecord(),
    queues: { ...strange?.queues, ...byId(day.queues, (queue) => queue.toRecord()) },
    baskets: day.baskets.toRecord(),
    zones: { ...strange?.zones, ...zonesWith(day.zones, pending.zones) },
    tagZones: { ...strange?.tagZones, ...zonesWith(day.tagZones, pending.tagZones) },
  };
}

/**
 * Fills an empty day from its record; what the plan does not know is handed back. Throws a RangeError when the record
 * does not hold together.
 */
export function fillDay(day: Day, record: DayRecord): StrangeParts {
  day.origins.restore(record.through);
  day.repeatPasses.restore(record.repeatPasses);
  day.doorTimes.restore(record.doorTimes);
  day.sales.restore(record.sales);
  day.visits.restore(record.visits);
  day.baskets.restore(record.baskets);
  const strange = {
    lines: fill(record.lines, (id, part) => {
      const line = day.lines.get(lineId(id));
      if (line !== undefined) fillLine(line, part);
      return line !== undefined;
    }),
    queues: fill(record.queues, (id, part) => restored(day.queues.get(zoneId(id)), part)),
    zones: fill(record.zones, (id, part) => restored(day.zones.get(zoneId(id)), part)),
    tagZones: fill(record.tagZones, (id, part) => restored(day.tagZones.get(zoneId(id)), part)),
  };
  // Last, since filling the day counts as no change of it.
  day.changes.restore(record.corrections);
  return strange;
}

/** Whether plain JSON looks like a record that can be read here. Pure. */
export function isDayRecord(record: DayRecord): boolean {
  return (
    record.v === DAY_RECORD_VERSION &&
    Number.isFinite(record.start) &&
    Number.isFinite(record.end) &&
    Array.isArray(record.through)
  );
}

/** Takes the part of an ended stay that lies in the day into a zone of that day. */
export function settleInto(day: Day, zone: ZoneDay, stay: EndedStay): void {
  const { start, end } = day.span;
  if (stay.start >= start && stay.start < end) {
    const duration = { ms: stay.end - stay.start, isCensored: stay.isCensored };
    zone.addStay(slotOf(day, stay.start), duration, stay.isLate);
  }
  const until = Math.min(stay.end, end);
  for (let at = Math.max(stay.start, start); at < until; ) {
    const slot = Math.floor((at - start) / SLOT_MS);
    const next = Math.min(until, start + (slot + 1) * SLOT_MS);
    zone.addPresence(slot, next - at, stay.isLate);
    at = next;
  }
}

function settledRecord(day: Day, zone: ZoneDay, stays: readonly EndedStay[]): ZoneRecord {
  const record = zone.toRecord();
  if (stays.length === 0) return record;
  const copy = new ZoneDay(day.slots);
  copy.restore(record);
  for (const stay of stays) settleInto(day, copy, stay);
  return copy.toRecord();
}

function fill<T>(parts: ById<T>, take: (id: string, part: T) => boolean): ById<T> {
  return Object.fromEntries(Object.entries(parts).filter(([id, part]) => !take(id, part)));
}

function restored<R>(part: { restore(record: R): void } | undefined, record: R): boolean {
  part?.restore(record);
  return part !== undefined;
}

/** Ledgers of a line by name. */
function ledgersOf(line: LineDay): readonly (readonly [name: string, ledger: SlotLedger])[] {
  const { staff, ...plain } = line;
  return [...Object.entries(plain), ["staff.in", staff.in], ["staff.out", staff.out]];
}

const recordOfLine = (line: LineDay): Record<string, LedgerRecord> =>
  Object.fromEntries(ledgersOf(line).map(([name, ledger]) => [name, ledger.toRecord()]));

function fillLine(line: LineDay, record: Readonly<Record<string, LedgerRecord>>): void {
  for (const [name, ledger] of ledgersOf(line)) ledger.restore(record[name] ?? {});
}
