import { type EpochMs, epochMs } from "../core/brand.ts";
import type { BatchRecord, CommitBatch, CommitOutcome } from "./repository.ts";

/** Where a stream stands: seq = stored + known + shed + quarantined, to the unit. */
export interface Tally {
  readonly seq: number;
  readonly stored: number;
  readonly known: number;
  readonly shed: number;
  readonly quarantined: number;
}

/** Where every stream begins. */
export const NO_TALLY: Tally = { seq: 0, stored: 0, known: 0, shed: 0, quarantined: 0 };

type EventRecord = Extract<BatchRecord, { kind: "event" }>;

/** An event behind the cursor, with its number. */
export interface PlannedEvent {
  readonly seq: number;
  readonly record: EventRecord;
}

/** Numbers behind the cursor that will never come. */
export interface PlannedGap {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  readonly why: string;
}

/** A record behind the cursor that is set aside. */
export interface PlannedAside {
  readonly seq: number;
  readonly reason: string;
  readonly body: string;
}

/** What a batch changes, given the cursor of its stream. */
export interface CommitPlan {
  /** The number waited for when the batch leaves a hole; then there is nothing to do. Else null. */
  readonly need: number | null;
  readonly events: readonly PlannedEvent[];
  readonly gaps: readonly PlannedGap[];
  readonly quarantined: readonly PlannedAside[];
  /** The account afterwards, if every event is new; `settle` corrects it for those that were known. */
  readonly after: Tally;
}

/**
 * Plans the commit of a batch: only what lies behind the cursor counts. Of a gap that overlaps numbers which arrived
 * before they were shed, only the rest is missing. A batch that begins beyond the next number changes nothing. Pure.
 */
export function planCommit(
  batch: Pick<CommitBatch, "first" | "records">,
  cursor: Tally,
): CommitPlan {
  const events: PlannedEvent[] = [];
  const gaps: PlannedGap[] = [];
  const quarantined: PlannedAside[] = [];
  if (batch.first > cursor.seq + 1) {
    return { need: cursor.seq + 1, events, gaps, quarantined, after: cursor };
  }
  let next = batch.first;
  let done = cursor.seq;
  let shed = 0;
  for (const record of batch.records) {
    const last = record.kind === "gap" ? record.to : next;
    next = last + 1;
    if (last <= done) continue;
    if (record.kind === "event") events.push({ seq: last, record });
    else if (record.kind === "gap") {
      const from = Math.max(record.from, done + 1);
      gaps.push({ from, to: last, n: last - from + 1, why: record.why });
      shed += last - from + 1;
    } else quarantined.push({ seq: last, reason: record.reason, body: record.body });
    done = last;
  }
  const after: Tally = {
    seq: done,
    stored: cursor.stored + events.length,
    known: cursor.known,
    shed: cursor.shed + shed,
    quarantined: cursor.quarantined + quarantined.length,
  };
  return { need: null, events, gaps, quarantined, after };
}

/** Corrects an account for events that turned out to be stored already. Pure. */
export function settle(after: Tally, known: number): Tally {
  return { ...after, stored: after.stored - known, known: after.known + known };
}

/** States what became of a planned batch. `positions` are the cursors of its outbox after the commit. Pure. */
export function outcomeOf(
  plan: CommitPlan,
  known: number,
  positions: Readonly<Record<string, number>>,
): CommitOutcome {
  return {
    failed: null,
    need: plan.need,
    positions,
    stored: plan.events.length - known,
    known,
    shed: plan.gaps.reduce((sum, gap) => sum + gap.n, 0),
    quarantined: plan.quarantined.length,
  };
}

/**
 * Tells which store a batch belongs to: the one it names, else that of its first event; null when it has neither. Pure.
 */
export function storeOf(batch: Pick<CommitBatch, "storeId" | "records">): string | null {
  if (batch.storeId !== undefined) return batch.storeId;
  const event = batch.records.find((record): record is EventRecord => record.kind === "event");
  return event?.storeId ?? null;
}

const HOUR_MS = 3_600_000;

/** What new events change in the accounts of one store. */
export interface StoreChange {
  readonly storeId: string;
  readonly events: number;
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
  /** Hours (UTC) in which they happened, in order. */
  readonly hours: readonly EpochMs[];
}

interface Gathering {
  events: number;
  firstAt: EpochMs;
  lastAt: EpochMs;
  readonly hours: Set<EpochMs>;
}

/** Gathers new events by store; stores and hours come in a fixed order, so that locks never cross. Pure. */
export function storeChanges(events: Iterable<PlannedEvent>): readonly StoreChange[] {
  const stores = new Map<string, Gathering>();
  // Events come by gateway and time: most belong to the store and the hour of the one before.
  let last = "";
  let current: Gathering | undefined;
  let hour = Number.NaN;
  for (const { record } of events) {
    const { storeId, at } = record;
    if (current === undefined || storeId !== last) {
      current = stores.get(storeId) ?? { events: 0, firstAt: at, lastAt: at, hours: new Set() };
      stores.set(storeId, current);
      last = storeId;
      hour = Number.NaN;
    }
    current.events += 1;
    if (at < current.firstAt) current.firstAt = at;
    if (at > current.lastAt) current.lastAt = at;
    if (at >= hour && at < hour + HOUR_MS) continue;
    hour = Math.floor(at / HOUR_MS) * HOUR_MS;
    current.hours.add(epochMs(hour));
  }
  return [...stores.keys()].sort().flatMap((storeId) => {
    const found = stores.get(storeId);
    if (found === undefined) return [];
    return [{ ...found, storeId, hours: [...found.hours].sort((a, b) => a - b) }];
  });
}
