import type { EpochMs } from "../../core/brand.ts";
import { epochMs } from "../../core/brand.ts";
import type { TimeAnchor } from "../../core/clock.ts";
import type { ConsentApplied, ConsentRecorded, ErasureAnswerRecorded } from "../../core/events.ts";
import { type ConsentFile, readEntry } from "../../io/consent/consent-file.ts";
import type { EraseReport } from "./erasure-duty.ts";

/** What a gateway tells of consents. */
export type ConsentEvent = ConsentRecorded | ConsentApplied | ErasureAnswerRecorded;

/** Up to which entry the outbox has been given them. */
const TOLD_MARK = "told";
/** Entries handed over at a time. */
const AT_ONCE = 500;

interface TellerParts {
  readonly file: ConsentFile;
  /** Names this life of the process. */
  readonly boot: string;
  readonly anchor: () => TimeAnchor;
  /** Takes an event durably; false when it could not, and it is told again later. */
  readonly onEvent: (event: ConsentEvent) => boolean;
}

/**
 * Tells the centre of every entry of the ledger, also of those that staff wrote by the command line or that were written
 * just before a power cut: how far it came is kept, and an entry that is told twice is the same event.
 */
export class ConsentTeller {
  readonly #parts: TellerParts;
  #told: number;
  #applications = 0;

  constructor(parts: TellerParts) {
    this.#parts = parts;
    this.#told = Number(parts.file.mark(TOLD_MARK) ?? 0);
  }

  /** Tells entries that were not told yet, at most 500 of them; returns how many. */
  tell(): number {
    const { file, onEvent } = this.#parts;
    const rows: { readonly seq: number; readonly event: ConsentRecorded }[] = [];
    for (const { seq, text, sha256 } of file.rowsAfter(this.#told)) {
      const entry = readEntry(text);
      if (entry === null) break;
      // With the hash in its source an entry of a restored backup is another event than the one that was lost.
      const source = `consent:${entry.ledgerId}:${sha256.slice(0, 16)}`;
      const head = this.#head(source, seq, entry.at);
      rows.push({ seq, event: { kind: "consent-recorded", ...head, sha256, entry } });
      if (rows.length >= AT_ONCE) break;
    }
    let told = 0;
    for (const { event } of rows) {
      if (!onEvent(event)) break;
      told += 1;
    }
    const last = rows[told - 1];
    if (last === undefined) return 0;
    this.#told = last.seq;
    file.setMark(TOLD_MARK, String(last.seq));
    return told;
  }

  /** Tells how far the centre's register is known here; each time an event of its own, since it may fall back to 0. */
  tellApplied(register: string, applied: number): void {
    const head = this.#head(`consent-applied#${this.#parts.boot}`, this.#applications);
    this.#applications += 1;
    this.#parts.onEvent({ kind: "consent-applied", ...head, register, applied });
  }

  /** Tells what became of a request to erase; the same answer is the same event. */
  tellErased(erasureId: string, consumer: string, { outcome, erased }: EraseReport): void {
    const head = this.#head(`erasure:${erasureId}:${outcome}`, 0);
    this.#parts.onEvent({
      kind: "erasure-answered",
      ...head,
      ...{ erasureId, consumer, outcome, erased },
    });
  }

  #head(source: string, seq: number, at?: EpochMs) {
    const { mono, epoch, clock } = this.#parts.anchor();
    return { source, seq, at: epochMs(at ?? epoch), atMono: mono, clock } as const;
  }
}
