import { type EpochMs, epochMs } from "../core/brand.ts";
import type { BatchRecord, CommitBatch, CommitOutcome } from "./repository.ts";

/** Where a stream stands: seq = stored + known + shed + quarantined, to the unit. */
export interface Tally {
  readonly seq: number;
  readonly stored: number;
  readonly known: number;
  readonly shed: number;
  readonly quarantined: number;
  /** Time of the last event whose clock was set; null before the first. */
  readonly lastAt: EpochMs | null;
}

/** Where every stream begins. */
export const NO_TALLY: Tally = {
  seq: 0,
  stored: 0,
  known: 0,
  shed: 0,
  quarantined: 0,
  lastAt: null,
};

/** An event of a batch. */
export type EventRecord = Extract<BatchRecord, { kind: "event" }>;

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
  /** Between the events around them in the stream, as far as those are known; see `GapRow`. */
  readonly firstAt: EpochMs | null;
  lastAt: EpochMs | null;
}

/** A record behind the cursor that is set aside. */
export interface PlannedAside {
  readonly seq: number;
  readonly reason: string;
  readonly body: string;
  /** See `BatchRecord`; null when its time is not to blame. */
  readonly unsyncedBoot: string | null;
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
  let { lastAt } = cursor;
  let openGap: PlannedGap | null = null;
  for (const record of batch.records) {
    const last = record.kind === "gap" ? record.to : next;
    next = last + 1;
    if (last <= done) continue;
    if (record.kind === "event") {
      events.push({ seq: last, record });
      if (record.unsyncedBoot === undefined) {
        lastAt = record.at;
        endGap(openGap, record.at);
        openGap = null;
      }
    } else if (record.kind === "gap") {
      const { why, shedAt = null } = record;
      const from = Math.max(record.from, done + 1);
      openGap = { from, to: last, n: last - from + 1, why, firstAt: lastAt, lastAt: shedAt };
      gaps.push(openGap);
      shed += last - from + 1;
    } else {
      const { reason, body, unsyncedBoot = null } = record;
      quarantined.push({ seq: last, reason, body, unsyncedBoot });
    }
    done = last;
  }
  const after: Tally = {
    seq: done,
    stored: cursor.stored + events.length,
    known: cursor.known,
    shed: cursor.shed + shed,
    quarantined: cursor.quarantined + quarantined.length,
    lastAt,
  };
  return { need: null, events, gaps, quarantined, after };
}

/** What was lost happened before the first event behind it. */
function endGap(gap: PlannedGap | null, at: EpochMs): void {
  if (gap === null) return;
  if (gap.lastAt === null || at < gap.lastAt) gap.lastAt = at;
}

/** Events younger than this are never dropped, so one that was taken is there. */
const SURELY_KEPT_MS = 604_800_000;

/**
 * The last event of a batch that was taken before, going by the cursor: if it is not stored, the numbers were given to
 * other events, by a copy of the outbox. Null when none can be looked up. Pure.
 */
export function lastRepeated(
  { first, records, receivedAt }: Pick<CommitBatch, "first" | "records" | "receivedAt">,
  cursor: Tally,
): EventRecord | null {
  let found: EventRecord | null = null;
  let next = first;
  for (const record of records) {
    next = record.kind === "gap" ? record.to + 1 : next + 1;
    if (next - 1 > cursor.seq) break;
    // One told with a clock that was not set may have been moved since.
    if (record.kind !== "event" || record.unsyncedBoot !== undefined) continue;
    if (receivedAt - record.at < SURELY_KEPT_MS) found = record;
  }
  return found;
}

/** What is to be done about a batch of a copy of an outbox: nothing. Pure. */
export const strayPlan = (cursor: Tally): CommitPlan => ({
  ...{ need: null, events: [], gaps: [], quarantined: [], after: cursor },
});

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
