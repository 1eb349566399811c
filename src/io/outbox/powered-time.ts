import type Database from "better-sqlite3";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";

/** Numbers below these were given before a moment. */
export type Floors = Readonly<Partial<Record<StreamName, number>>>;

/** A moment of powered time and the numbers that came next then. */
export interface PoweredMark {
  readonly ms: number;
  readonly next: Floors;
}

const MARK_MS = 900_000;
/** After so long, switched on, a number was given on an earlier day, whatever time its row is stamped with. */
const STAMP_DOUBT_MS = 172_800_000;

/**
 * How long this file has been in use with the gateway switched on, and which numbers were given when. An outage of the
 * power does not make events older, nor does a wall clock that jumps. A mark is kept per quarter of an hour for as long
 * as events may wait; a life shorter than that which is cut off leaves none.
 */
export class PoweredTime {
  readonly #save: Database.Statement<[number, string]>;
  readonly #newestUpTo: Database.Statement<
    [number],
    { readonly ms: number; readonly next: string }
  >;
  readonly #forget: Database.Statement<[number]>;
  #ms: number;
  #markedMs: number;

  /** Prepares its table in the outbox file. Errors of SQLite pass through. */
  constructor(db: Database.Database) {
    db.exec("CREATE TABLE IF NOT EXISTS powered(ms INTEGER PRIMARY KEY, next TEXT NOT NULL)");
    this.#save = db.prepare("INSERT OR REPLACE INTO powered VALUES(?, ?)");
    this.#newestUpTo = db.prepare("SELECT * FROM powered WHERE ms<=? ORDER BY ms DESC LIMIT 1");
    this.#forget = db.prepare("DELETE FROM powered WHERE ms<?");
    this.#ms = Number(db.prepare("SELECT max(ms) FROM powered").pluck().get() ?? 0);
    this.#markedMs = this.#ms;
  }

  /** Time switched on since the file was made, ms. */
  get ms(): number {
    return this.#ms;
  }

  /** So much time passed. Returns whether a mark is due. */
  pass(ms: number): boolean {
    this.#ms += Math.max(0, ms);
    return this.#ms - this.#markedMs >= MARK_MS;
  }

  /** Notes which numbers come next from now on; one small durable write. */
  mark(next: Readonly<Record<StreamName, number>>): void {
    this.#markedMs = Math.floor(this.#ms);
    this.#save.run(this.#markedMs, JSON.stringify(next));
  }

  /** Goes on from marks of another file, in the caller's transaction. Errors of SQLite pass through. */
  takeOver(marks: readonly PoweredMark[]): void {
    for (const { ms, next } of marks) {
      this.#save.run(ms, JSON.stringify(next));
      this.#ms = Math.max(this.#ms, ms);
    }
    this.#markedMs = Math.max(this.#markedMs, Math.floor(this.#ms));
  }

  /** The numbers given two days of powered time ago and earlier lie below these. */
  get daysAgo(): Floors {
    const mark = this.#newestUpTo.get(Math.floor(this.#ms - STAMP_DOUBT_MS));
    return mark === undefined ? {} : floorsOf(mark.next);
  }

  /** The numbers given more than `maxAgeMs` of powered time ago lie below these; null when none is known to. */
  floors(maxAgeMs: number): Floors | null {
    const mark = this.#newestUpTo.get(Math.floor(this.#ms - maxAgeMs));
    if (mark === undefined) return null;
    const other = this.#newestUpTo.get(Math.floor(this.#ms - STAMP_DOUBT_MS));
    this.#forget.run(Math.min(mark.ms, other?.ms ?? 0));
    return floorsOf(mark.next);
  }
}

/** Reads the numbers of a mark; a stream that a mark of an earlier version does not know has no floor. Pure. */
export function floorsOf(text: string): Floors {
  const parsed = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const known = STREAMS.filter((stream) => Number.isSafeInteger(parsed[stream]));
  return Object.fromEntries(known.map((stream) => [stream, parsed[stream] as number]));
}
