import { epochMs } from "../../core/brand.ts";
import type { SavedCustomerDay, SavedDay } from "../../io/history/history-rows.ts";
import { isoTime } from "../../wire/cloud-event.ts";

/** Where a gateway keeps visits; null: it keeps no history. */
export interface TraceSources {
  readonly outbox: { since(from: ReturnType<typeof epochMs>): Iterable<string> };
  readonly history: {
    customers(since: ReturnType<typeof epochMs>): readonly SavedCustomerDay[];
    days(before: ReturnType<typeof epochMs>, limit: number): Iterable<SavedDay>;
  } | null;
}

/** What a gateway knows of a member's visits, by the pseudonym that the shop has for the member. */
export interface MemberTraces {
  readonly pseudonym: string;
  /** Days on which the member came, and how often. */
  readonly days: readonly { readonly day: string; readonly visits: number }[];
  /** Rows of day records that name the member, as they are kept. */
  readonly records: readonly unknown[];
  /** Events that name the member, as they were told to the centre or wait for it. */
  readonly events: readonly unknown[];
  /** Rows and events beyond the limit, which are not in it. */
  readonly leftOut: number;
}

/** Rows and events of one member; some years of a daily customer. */
const CAP = 20_000;
/** Texts looked through before the gateway goes on with something else: some milliseconds. */
const SLICE = 2_000;
const LAST = epochMs(Number.MAX_SAFE_INTEGER);

/**
 * Gathers what names a member, a slice at a time: yields nothing in between, and returns what it found. Reads alone.
 * What a text says of others does not come along: rows are taken, not days.
 */
export function* gatherTraces(
  { outbox, history }: TraceSources,
  pseudonym: string,
): Generator<void, MemberTraces> {
  const found = { records: [] as unknown[], events: [] as unknown[], leftOut: 0 };
  const take = (into: unknown[], rows: readonly unknown[]): void => {
    const room = Math.max(0, CAP - found.records.length - found.events.length);
    into.push(...rows.slice(0, room));
    found.leftOut += Math.max(0, rows.length - room);
  };
  const days = (history?.customers(epochMs(0)) ?? [])
    .filter(({ customer }) => customer === pseudonym)
    .map(({ dayStart, visits }) => ({ day: isoTime(dayStart), visits }));
  yield;
  for (const { body } of history?.days(LAST, Number.MAX_SAFE_INTEGER) ?? []) {
    take(found.records, rowsNaming(body, pseudonym));
    yield;
  }
  let seen = 0;
  for (const body of outbox.since(epochMs(0))) {
    const event = body.includes(pseudonym) ? parsed(body) : null;
    if (event !== null) take(found.events, [event]);
    seen += 1;
    if (seen % SLICE === 0) yield;
  }
  return { pseudonym, days, ...found };
}

/** The innermost parts of a JSON text that name somebody. */
function rowsNaming(text: string, pseudonym: string): readonly unknown[] {
  if (!text.includes(pseudonym)) return [];
  const rows: unknown[] = [];
  const isName = (part: unknown): boolean => part === pseudonym || part === `tag/${pseudonym}`;
  const look = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    const parts: readonly unknown[] = Object.values(part);
    if (parts.some(isName)) rows.push(part);
    else for (const one of parts) look(one);
  };
  look(parsed(text));
  return rows;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Damaged on the disk: nobody can read it, and it is not used.
    return null;
  }
}
