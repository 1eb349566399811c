import { statfsSync } from "node:fs";
import { join } from "node:path";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import type { GapReason } from "../../wire/envelopes.ts";
import { DamagedFile, type FoundRow, type FoundSpan } from "./damaged-file.ts";
import { cannotWrite } from "./open-database.ts";
import { byStream, type OutboxFile, type TakenRow } from "./outbox-file.ts";
import type { PoweredMark } from "./powered-time.ts";
import { isSendable, STAMPS_PER_MS } from "./stream-table.ts";

/** Name of the note that keeps how far the taking over came. */
export const SALVAGE_NOTE = "salvage";

/** What was taken over of files that were set aside, as far as it went. */
export interface SalvageTally {
  /** When the newest of them was set aside, ms since 1970, by the clock of then. */
  readonly at: number;
  readonly why: string;
  /** Events taken over; the centre knows their ids. */
  readonly salvaged: number;
  /** Events that could not be read; each stream tells them in gaps. */
  readonly unreadable: number;
  /** Whether a number had to be concluded from what was readable around it. */
  readonly isEstimated: boolean;
}

/** A file set aside from which rows are still to be taken. */
export interface SalvageWork {
  /** Its name in the outbox's folder. */
  readonly aside: string;
  /** Position in STREAMS of the stream at hand. */
  readonly stream: number;
  /** Its numbers up to this one are dealt with; null before the first. */
  readonly after: number | null;
  /** By stream, of those dealt with: what to add to a number there to get the number here, at least. */
  readonly shift: Readonly<Partial<Record<StreamName, number>>>;
  /** Numbers used here for the stream at hand. */
  readonly used: number;
  /** Where the stream at hand begins here. */
  readonly base: number;
}

/** The note as a whole. It stays when the work is done: it tells that this file replaced another one. */
export interface SalvageNote extends SalvageTally {
  readonly works: readonly SalvageWork[];
}

/** `no-room`: it goes on when there is. */
export type SalvageState = "done" | "paused" | "no-room";

/** Numbers taken in one step: fewer where the cap is small, so that the last ones fit. */
const MOST_NUMBERS = 500;
const LEAST_NUMBERS = 16;
const CHUNK_SHARE = 65_536;
/** How far behind an end that could not be read is searched for rows. */
const SEARCH_NUMBERS = 10_000;
/** Room that is left to new events. */
const SPARE_BYTES = 1_048_576;
/** With less than this the journal is emptied at each step: it would take the room that the file needs. */
const TIGHT_BYTES = 33_554_432;
/** What a row takes beside its body, and a step beside its rows. */
const ROW_BYTES = 64;
const STEP_BYTES = 16_384;

/** A file set aside of which nothing was taken yet. Pure. */
export function newWork(aside: string): SalvageWork {
  return { aside, stream: 0, after: null, shift: {}, used: 0, base: 0 };
}

/** Reads the note; null when there is none, or none that can be read. Pure. */
export function readSalvageNote(text: string | null): SalvageNote | null {
  if (text === null) return null;
  try {
    const note = JSON.parse(text) as SalvageNote;
    return Array.isArray(note.works) ? note : null;
  } catch {
    // Written by us and damaged since: what it said is not known.
    return null;
  }
}

/**
 * Takes the rows of files that were set aside over into a new one: events and gaps under the next numbers, and a gap for
 * what cannot be read. Each step is one transaction with the note of how far it came, so that it may be cut off anywhere
 * and goes on where it was. Where there is no room it waits, since what the centre acknowledges makes some.
 */
export class Salvage {
  readonly #file: OutboxFile;
  readonly #folder: string;
  readonly #capBytes: number;
  readonly #chunk: number;
  #note: SalvageNote;

  private constructor(file: OutboxFile, folder: string, capBytes: number, note: SalvageNote) {
    this.#file = file;
    this.#folder = folder;
    this.#capBytes = capBytes;
    const numbers = Math.floor(capBytes / CHUNK_SHARE);
    this.#chunk = Math.min(MOST_NUMBERS, Math.max(LEAST_NUMBERS, numbers));
    this.#note = note;
  }

  /** Null when nothing is left to take over. */
  static of(file: OutboxFile, folder: string, capBytes: number): Salvage | null {
    const note = readSalvageNote(file.note(SALVAGE_NOTE));
    return note === null || note.works.length === 0
      ? null
      : new Salvage(file, folder, capBytes, note);
  }

  /** As far as it came. */
  get note(): SalvageNote {
    return this.#note;
  }

  /** Goes on until it is done, there is no room, or `mayGoOn` says no; that is asked before each step. */
  run(mayGoOn: () => boolean): SalvageState {
    try {
      for (;;) {
        const work = this.#note.works[0];
        if (work === undefined) return "done";
        const source = DamagedFile.open(join(this.#folder, work.aside));
        try {
          const state = source === null ? "done" : this.#copy(source, mayGoOn);
          if (state !== "done") return state;
          this.#finish(source);
        } finally {
          source?.close();
        }
      }
    } catch (error) {
      if (!cannotWrite(error)) throw error;
      return "no-room";
    }
  }

  #copy(source: DamagedFile, mayGoOn: () => boolean): SalvageState {
    for (;;) {
      const stream = STREAMS[this.#work.stream];
      if (stream === undefined) return "done";
      const state = this.#copyStream(source, stream, mayGoOn);
      if (state !== "done") return state;
    }
  }

  #copyStream(source: DamagedFile, stream: StreamName, mayGoOn: () => boolean): SalvageState {
    const span = source.span(stream);
    if (this.#work.after === null) {
      const base = this.#file.position(stream).next - 1;
      this.#work = { ...this.#work, after: Math.min(span.first - 1, span.acked), base, used: 0 };
    }
    let end = span.last + (span.isEstimated ? SEARCH_NUMBERS : 0);
    for (let from = (this.#work.after ?? 0) + 1; from <= end; from += this.#chunk) {
      if (!mayGoOn()) return "paused";
      const found = source.rows(stream, from, from + this.#chunk - 1);
      const step = takenRows(found, this.#work.after ?? 0, span.acked);
      if (step.rows.length === 0 && step.after === this.#work.after) continue;
      if (!this.#hasRoom(step.rows)) return "no-room";
      this.#take(stream, step);
      if (span.isEstimated) end = Math.max(end, step.after + SEARCH_NUMBERS);
    }
    this.#endStream(stream, span);
    return "done";
  }

  /** What is missing at the end is told, and the next stream begins. */
  #endStream(stream: StreamName, span: FoundSpan): void {
    const lost = span.last - Math.max(this.#work.after ?? 0, span.acked);
    const stamp = this.#note.at * STAMPS_PER_MS;
    const rows = lost > 0 ? [lostRow(lost, stamp)] : [];
    const { work, note } = this.#after(rows, Math.max(span.last, this.#work.after ?? 0));
    const shift = { ...work.shift, [stream]: work.base + work.used - (work.after ?? 0) };
    const next = { ...work, stream: work.stream + 1, after: null, shift };
    const isEstimated = note.isEstimated || span.isEstimated;
    this.#save(stream, rows, { ...note, isEstimated, works: [next, ...note.works.slice(1)] });
  }

  #take(stream: StreamName, { rows, after }: Step): void {
    const { work, note } = this.#after(rows, after);
    this.#save(stream, rows, { ...note, works: [work, ...note.works.slice(1)] });
  }

  /** What is to be noted once rows were taken. */
  #after(
    rows: readonly TakenRow[],
    after: number,
  ): { readonly work: SalvageWork; readonly note: SalvageNote } {
    const events = rows.filter(({ kind }) => kind === "event").length;
    const gone = rows.reduce((sum, row) => sum + (row.kind === "gap" ? row.events : 0), 0);
    const news = rows.reduce(
      (sum, row) => sum + (row.kind === "gap" && row.isNews ? row.events : 0),
      0,
    );
    const { salvaged, unreadable } = this.#note;
    return {
      work: { ...this.#work, after, used: this.#work.used + events + gone },
      note: { ...this.#note, salvaged: salvaged + events, unreadable: unreadable + news },
    };
  }

  #save(stream: StreamName, rows: readonly TakenRow[], note: SalvageNote): void {
    this.#file.takeOver(stream, rows, SALVAGE_NOTE, JSON.stringify(note));
    this.#note = note;
  }

  /** A file of which nothing can be read is done with as well; how much it held is not known. */
  #finish(source: DamagedFile | null): void {
    const { works, isEstimated } = this.#note;
    const marks = (source?.marks ?? []).map((mark) => shifted(mark, this.#work.shift));
    const note = {
      ...this.#note,
      works: works.slice(1),
      isEstimated: isEstimated || source === null,
    };
    const shed = byStream(() => ({}));
    this.#file.takeAccount({ shed, marks }, SALVAGE_NOTE, JSON.stringify(note));
    this.#note = note;
  }

  get #work(): SalvageWork {
    const work = this.#note.works[0];
    if (work === undefined) throw new TypeError("nothing is left to take over");
    return work;
  }

  set #work(work: SalvageWork) {
    this.#note = { ...this.#note, works: [work, ...this.#note.works.slice(1)] };
  }

  #hasRoom(rows: readonly TakenRow[]): boolean {
    const bytes = rows.reduce(
      (sum, row) => sum + ROW_BYTES + (row.kind === "event" ? Buffer.byteLength(row.body) : 0),
      0,
    );
    const { bavail, bsize } = statfsSync(this.#folder);
    const diskBytes = bavail * bsize;
    if (diskBytes < TIGHT_BYTES) this.#file.checkpoint();
    // Once for the journal, and once for the file unless it has free pages.
    const growthBytes = Math.max(0, 2 * bytes - this.#file.freeBytes);
    const isOnDisk = diskBytes > SPARE_BYTES + 2 * bytes + growthBytes;
    const isBelowCap = this.#file.usedBytes + bytes + STEP_BYTES < this.#capBytes;
    return isOnDisk && isBelowCap;
  }
}

interface Step {
  readonly rows: readonly TakenRow[];
  /** The numbers up to this one are dealt with. */
  readonly after: number;
}

/** Rows to take of those found behind `after`; what is missing between them is lost unless the centre has it. Pure. */
function takenRows(found: readonly FoundRow[], after: number, acked: number): Step {
  const rows: TakenRow[] = [];
  let done = after;
  for (const row of found) {
    const taken = takenRow(row, acked);
    if (taken === null || row.seq <= done) continue;
    const lost = row.seq - 1 - Math.max(done, acked);
    if (lost > 0) rows.push(lostRow(lost, row.stamp));
    if (taken.kind === "event" || taken.events > 0) rows.push(taken);
    done = row.last ?? row.seq;
  }
  return { rows, after: done };
}

/** Null when the row is no event any more. */
function takenRow({ seq, last, stamp, body, why }: FoundRow, acked: number): TakenRow | null {
  if (body === null) {
    // Of a gap that the centre was told in part, the rest.
    const events = Math.max(0, (last ?? seq) - Math.max(seq - 1, acked));
    return { kind: "gap", stamp, events, why: (why ?? "cap") as GapReason, isNews: false };
  }
  if (!isSendable(body)) return { kind: "gap", stamp, events: 1, why: "size", isNews: true };
  try {
    return { kind: "event", stamp, body, receiptId: receiptOf(JSON.parse(body)) };
  } catch {
    // A body that is no longer JSON was hit by the damage; it is left behind in the file set aside.
    return null;
  }
}

const lostRow = (events: number, stamp: number): TakenRow => ({
  ...{ kind: "gap", stamp, events, why: "corrupt", isNews: true },
});

/** A mark under the numbers of this file; where that is not exact it is lower, and what lies above it counts as younger. */
function shifted({ ms, next }: PoweredMark, shift: SalvageWork["shift"]): PoweredMark {
  const known = STREAMS.filter((stream) => next[stream] !== undefined);
  return {
    ms,
    next: Object.fromEntries(
      known.map((stream) => [stream, Math.max(1, (next[stream] ?? 1) + (shift[stream] ?? 0))]),
    ),
  };
}

function receiptOf(event: unknown): string | null {
  if (typeof event !== "object" || event === null || !("data" in event)) return null;
  const data = event.data;
  if (typeof data !== "object" || data === null) return null;
  const { receiptId, transactionKind } = data as Readonly<Record<string, unknown>>;
  // A completed visit names its receipts in a list; only a transaction has one of its own.
  return typeof receiptId === "string" && typeof transactionKind === "string"
    ? `${transactionKind} ${receiptId}`
    : null;
}
