import { type EpochMs, epochMs } from "../core/brand.ts";
import type { CloudEvent } from "../wire/cloud-event.ts";
import { retimed, type TimeFix } from "../wire/time-fix.ts";
import type { EventRecord, PlannedEvent, PlannedGap } from "./plan-commit.ts";
import { MOST_AHEAD_MS } from "./read-records.ts";

/** What changes of an event whose time is mended. */
export interface Mended {
  readonly at: EpochMs;
  readonly body: string;
}

/** An event whose time changed, or that came out of what was set aside for its time. */
export interface Moved {
  readonly storeId: string;
  /** null: it was set aside. */
  readonly from: EpochMs | null;
  /** null: it stands there already, told by a clock that was set; it is one event less. */
  readonly to: EpochMs | null;
}

/**
 * The time an event really had, told with a clock that was not set; null when a fix cannot mend it: it is of another
 * life, its text was cut, or it would lie before 1970 or ahead of the centre's clock. Pure.
 */
export function mendTime(body: string, fix: TimeFix, receivedAt: EpochMs): Mended | null {
  const event = parsed(body);
  if (event === null) return null;
  const reallyAt = fix.at + Number(event.monoMs) - fix.monoMs;
  if (!(reallyAt >= 0 && reallyAt <= receivedAt + MOST_AHEAD_MS)) return null;
  const mended = retimed(event, fix);
  if (mended === null) return null;
  return { at: epochMs(Date.parse(mended.time)), body: JSON.stringify(mended) };
}

/** What was set aside of a store's gateway only because its clock ran ahead, as an event. */
export interface Rescued extends Mended {
  readonly id: string;
  readonly type: string;
}

/** Mends the time of an event set aside; null also when it names another store than its gateway's. Pure. */
export function rescueEvent(
  body: string,
  fix: TimeFix,
  receivedAt: EpochMs,
  storeId: string,
): Rescued | null {
  const mended = mendTime(body, fix, receivedAt);
  const event = mended === null ? null : parsed(body);
  if (mended === null || event === null) return null;
  if (!event.source.startsWith(`/stores/${storeId}/`)) return null;
  return { ...mended, id: event.id, type: event.type };
}

function parsed(body: string): CloudEvent | null {
  try {
    return JSON.parse(body) as CloudEvent;
  } catch {
    // JSON.parse reports a text that was cut only by throwing; nothing can be mended then.
    return null;
  }
}

/** Whether some of these events were told with a clock that was not set, or say when one was. Pure. */
export const concernsClock = (events: readonly PlannedEvent[]): boolean =>
  events.some(({ record }) => record.unsyncedBoot !== undefined || record.fix !== undefined);

/** The events with the times they really had, as far as fixes are known; those that were mended need no more. Pure. */
export function mendEvents(
  events: readonly PlannedEvent[],
  fixOf: (boot: string) => TimeFix | null,
  receivedAt: EpochMs,
): readonly PlannedEvent[] {
  return events.map((event) => {
    const { unsyncedBoot, ...record } = event.record;
    const fix = unsyncedBoot === undefined ? null : fixOf(unsyncedBoot);
    const mended = fix === null ? null : mendTime(record.body, fix, receivedAt);
    return mended === null ? event : { ...event, record: { ...record, ...mended } as EventRecord };
  });
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Days back from its end that a gap touches: metrics look no further back. */
const GAP_DAYS = 43;

/** Instants of the days in which events of a gap were lost: completeness of these days is to be told anew. Pure. */
function lostTimes({ firstAt, lastAt }: Pick<PlannedGap, "firstAt" | "lastAt">): EpochMs[] {
  const last = lastAt ?? firstAt;
  if (last === null) return [];
  const first = Math.max(firstAt ?? last, last - GAP_DAYS * DAY_MS);
  const times: EpochMs[] = [last];
  for (let at = first; at < last; at += DAY_MS) times.push(epochMs(at));
  return times;
}

/** Figures at these instants are to be made anew, though no event moved. Pure. */
export const touches = (storeId: string, gaps: readonly PlannedGap[]): readonly Moved[] =>
  gaps.flatMap(lostTimes).map((at) => ({ storeId, from: at, to: at }));

/** What moved events change in the account of one store. */
export interface MoveChange {
  readonly storeId: string;
  /** More or fewer events than before. */
  readonly events: number;
  /** Hours (UTC) they left and came into, in order. */
  readonly hours: readonly EpochMs[];
}

/** Gathers what moved by store, in a fixed order. Pure. */
export function moveChanges(moved: readonly Moved[]): readonly MoveChange[] {
  const stores = [...new Set(moved.map(({ storeId }) => storeId))].sort();
  return stores.map((storeId) => {
    const own = moved.filter((one) => one.storeId === storeId);
    const times = own.flatMap(({ from, to }) => [from, to]).filter((at) => at !== null);
    const hours = new Set(times.map((at) => epochMs(Math.floor(at / HOUR_MS) * HOUR_MS)));
    const added = own.filter(({ from }) => from === null).length;
    const lost = own.filter(({ to }) => to === null).length;
    return { storeId, events: added - lost, hours: [...hours].sort((a, b) => a - b) };
  });
}
