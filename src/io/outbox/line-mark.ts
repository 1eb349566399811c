import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import { cannotWrite } from "./open-database.ts";
import { byStream, type OutboxFile } from "./outbox-file.ts";

const LINE_NOTE = "line";
const OPEN = "open";

/** Says in a file that is just made that none of its numbers was ever sent. Errors of SQLite pass through. */
export function markUnsent(file: OutboxFile): void {
  file.saveNote(LINE_NOTE, "{}");
}

/**
 * Which numbers may have left this file: all that are committed while the line to the broker is open, and those that were
 * when it closed. It is kept in the file, so that a copy of the file, brought back later, still knows what it had sent
 * itself: a centre that has more took it from another copy.
 */
export class LineMark {
  readonly #file: OutboxFile;
  #isOpen = false;
  #sent: Readonly<Record<StreamName, number>>;

  /** A file that was not closed, or is of an earlier version, may have sent all it holds. */
  constructor(file: OutboxFile) {
    this.#file = file;
    const kept = readMark(file.note(LINE_NOTE));
    this.#sent = byStream(
      (stream) => kept?.[stream] ?? (kept === null ? committed(file, stream) : 0),
    );
    if (kept === null) this.#save(JSON.stringify(this.#sent));
  }

  /** Highest number of a stream that may have been sent. */
  sent(stream: StreamName): number {
    return this.#isOpen ? committed(this.#file, stream) : this.#sent[stream];
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** From now on whatever is committed may be sent; one small durable write. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#save(OPEN);
  }

  /** What is committed from now on stays here; one small durable write. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#sent = byStream((stream) => committed(this.#file, stream));
    this.#save(JSON.stringify(this.#sent));
  }

  /** A full disk keeps what was said before: at worst events are sent once more. */
  #save(text: string): void {
    try {
      this.#file.saveNote(LINE_NOTE, text);
    } catch (error) {
      if (!cannotWrite(error)) throw error;
    }
  }
}

const committed = (file: OutboxFile, stream: StreamName): number => file.position(stream).next - 1;

/** Null when the note says nothing about numbers. */
function readMark(text: string | null): Partial<Record<StreamName, number>> | null {
  if (text === null || text === OPEN) return null;
  const found = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const known = STREAMS.filter((stream) => Number.isSafeInteger(found[stream]));
  return Object.fromEntries(known.map((stream) => [stream, found[stream] as number]));
}
