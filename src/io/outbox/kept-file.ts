import type { MonoMs } from "../../core/brand.ts";
import type { StreamName } from "../../wire/cloud-event.ts";
import { DiskReserve } from "./disk-reserve.ts";
import { LineMark } from "./line-mark.ts";
import { cannotWrite, isCorrupt } from "./open-database.ts";
import {
  type OpenedOutboxFile,
  openOutboxFile,
  replaceOutboxFile,
  tallyOf,
  tellReplacement,
} from "./open-outbox-file.ts";
import type { OutboxOptions } from "./outbox-contract.ts";
import type { OutboxFile } from "./outbox-file.ts";
import type { Salvage, SalvageState, SalvageTally } from "./salvage.ts";
import { removeAside, tidyAside } from "./set-aside.ts";

/** How long taking over may hold up everything else, and how often it asks for room. */
const SLICE_MS = 50;
const ASK_MS = 5000;

/**
 * The outbox's file over its changes: a damaged one is replaced, one that could not be made is tried again, and what a
 * replaced one held is taken over, slice by slice where there was no room at once.
 */
export class KeptFile {
  readonly #options: OutboxOptions;
  readonly #reserve: DiskReserve;
  #file: OutboxFile;
  #salvage: Salvage | null;
  #line: LineMark;
  #askedMono: MonoMs;
  /** Called when another file took the place of the one before. */
  onChange: () => void = () => undefined;

  /** `opened` is handed over: it is closed with this. */
  constructor(opened: OpenedOutboxFile, options: OutboxOptions) {
    this.#options = options;
    this.#reserve = new DiskReserve(options.path);
    this.#file = opened.file;
    this.#salvage = opened.salvage;
    this.#line = new LineMark(opened.file);
    this.#askedMono = options.clock.mono();
    this.#began(opened);
  }

  get file(): OutboxFile {
    return this.#file;
  }

  /** What this file took over of another one; null when it replaced none. */
  get tally(): SalvageTally | null {
    return this.#guarded(() => tallyOf(this.#file));
  }

  /** Whether events of a file set aside still wait to be taken over. */
  get isSalvaging(): boolean {
    return this.#salvage !== null;
  }

  /** Highest number of a stream that may have been sent. */
  sent(stream: StreamName): number {
    return this.#line.sent(stream);
  }

  /** The line to the broker was opened, or is closed. */
  noteLine(isOpen: boolean): void {
    this.run(() => (isOpen ? this.#line.open() : this.#line.close()));
  }

  /** Runs an operation; when the file turns out to be damaged, replaces it and runs the operation once more. */
  run<T>(operation: (file: OutboxFile) => T): T {
    return this.#guarded(() => operation(this.#file));
  }

  /** As `run`; where the disk takes nothing, the room held for that is used. */
  runOnFullDisk<T>(operation: (file: OutboxFile) => T): T {
    try {
      return this.run(operation);
    } catch (error) {
      if (!cannotWrite(error) || !this.#reserve.release()) throw error;
      this.#file.checkpoint();
      return this.run(operation);
    }
  }

  /** There is room again. */
  holdReserve(): void {
    this.#reserve.hold();
  }

  /** Sets the file aside and goes on with a new one. `isSound`: nothing is wrong with it but its epoch. */
  replace(why: string, isSound: boolean): void {
    if (isSound) this.#saveAcknowledged();
    this.#file.close();
    this.#takeUp(replaceOutboxFile(this.#options, why, isSound));
  }

  /** Tries again when a file in memory stands in. */
  reopen(): void {
    if (!this.#file.isStandIn) return;
    const opened = openOutboxFile(this.#options);
    if (opened.file.isStandIn) opened.file.close();
    else this.#takeUp(opened);
  }

  /** Takes over a little more of what waits; `done` when nothing does. */
  salvageSome(): SalvageState {
    const { clock } = this.#options;
    if (this.#salvage === null) return "done";
    if (clock.mono() < this.#askedMono) return "no-room";
    const untilMono = clock.mono() + SLICE_MS;
    return this.#salvageWhile(() => clock.mono() < untilMono);
  }

  /** Removes every copy of what is in the file; false when one is still needed. */
  removeCopies(): boolean {
    if (this.#salvage !== null && this.#salvageWhile(() => true) !== "done") return false;
    removeAside(this.#options.path, false);
    return true;
  }

  close(): void {
    this.#file.close();
  }

  #salvageWhile(mayGoOn: () => boolean): SalvageState {
    const state = this.#guarded(() => this.#salvage?.run(mayGoOn) ?? "done");
    if (state === "no-room") this.#askedMono = (this.#options.clock.mono() + ASK_MS) as MonoMs;
    if (state !== "done" || this.#salvage === null) return state;
    const { salvaged, unreadable } = this.#salvage.note;
    this.#salvage = null;
    const fields = { event: "outbox.salvaged", salvaged, unreadable };
    this.#options.log.info(fields, "everything readable was taken over from the file set aside");
    this.onChange();
    return state;
  }

  #guarded<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      this.replace(error.message, false);
      return operation();
    }
  }

  /** Where it cannot be written, events are sent once more. */
  #saveAcknowledged(): void {
    try {
      this.#file.saveAcknowledged();
    } catch (error) {
      if (!cannotWrite(error)) throw error;
    }
  }

  #takeUp(opened: OpenedOutboxFile): void {
    const { isOpen } = this.#line;
    this.#file = opened.file;
    this.#salvage = opened.salvage;
    this.#line = new LineMark(opened.file);
    if (isOpen) this.#line.open();
    this.#began(opened);
    this.onChange();
  }

  #began(opened: OpenedOutboxFile): void {
    const { path, log } = this.#options;
    tellReplacement(opened, log);
    if (opened.file.isStandIn) return;
    const needed = this.#salvage?.note.works.map(({ aside }) => aside) ?? [];
    tidyAside(path, log, needed);
    this.#reserve.hold();
  }
}
