import type { EpochMs } from "../../core/brand.ts";
import type { Timer } from "../../core/clock.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import { retryPauses } from "../../core/retry.ts";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import { DAYBOOK_STREAMS, dayEvents, keptFrom } from "./daybook.ts";
import {
  cannotWrite,
  isCorrupt,
  type OpenedOutboxFile,
  openOutboxFile,
  replaceOutboxFile,
  tellReplacement,
} from "./open-outbox-file.ts";
import type {
  OnAccepted,
  OutboxEntry,
  OutboxOptions,
  OutboxState,
  OutboxStats,
} from "./outbox-contract.ts";
import { byStream, type OutboxFile, type OutboxRecord } from "./outbox-file.ts";
import { statsOf } from "./outbox-stats.ts";
import { removeAside, tidyAside } from "./set-aside.ts";
import { freeBytes, type ShedTerms, shedAged } from "./shedding.ts";
import type { StoredRow } from "./stream-table.ts";

interface PendingRecord extends OutboxRecord {
  readonly onAccepted: OnAccepted | null;
}

const GROUP_EVENTS = 64;
/** Events kept in memory while the disk refuses; later ones are refused and counted. */
const PENDING_CAP = 4096;
const GROUP_OVERHEAD_BYTES = 16_384;
const FORGET_ROWS = 1000;
const READ_ROWS = 200;
const SHRINK_PAGES = 256;
const DISK_RETRY = { baseMs: 250, capMs: 10_000, factor: 2, jitterRatio: 0.5 };

/**
 * Durable queue of events on their way to the centre, and the day's record of them. An event is accepted when it is
 * on the disk; it is forgotten only after the centre acknowledged it and, for the day's streams, the day was purged.
 * Single-threaded and synchronous: a commit blocks for one fsync.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #file: OutboxFile;
  #pending: PendingRecord[] = [];
  readonly #refused = new Map<StreamName, number>();
  readonly #handedOut = byStream(() => 0);
  #timer: Timer | null = null;
  #retries: Generator<number, never>;
  #state: OutboxState = { kind: "ok" };
  #keep = { from: 0, statesFrom: 0 };
  /** Lower bound of the room below the cap, so that the file need not be measured at every commit. */
  #roomBytes = 0;
  #mayForget = true;
  #poweredMono: number;
  #isTogether = false;
  #closed = false;
  /** Called with the duration of each commit that succeeded. */
  onCommit: (tookMs: number) => void = () => undefined;
  /** Called when the state changes. */
  onState: (state: OutboxState) => void = () => undefined;

  constructor(opened: OpenedOutboxFile, options: OutboxOptions) {
    this.#options = options;
    this.#file = opened.file;
    this.#poweredMono = options.clock.mono();
    this.#retries = retryPauses(DISK_RETRY, options.random);
    tellReplacement(opened, this.#options.log);
  }

  /** Identity of the file's life; sequence numbers of another epoch mean nothing here. */
  get epoch(): string {
    return this.#file.epoch;
  }

  get state(): OutboxState {
    return this.#state;
  }

  /**
   * Takes an event. It is committed with the next group, or at once when it is urgent; `onAccepted` follows the
   * commit. Returns false when it was refused because disk and memory are full; it is then accounted for as shed.
   */
  append(entry: OutboxEntry, onAccepted: OnAccepted | null = null): boolean {
    if (this.#closed) throw new TypeError("the outbox is closed");
    const { stream, body, receiptId } = entry;
    if (this.#pending.length >= PENDING_CAP) {
      this.#refused.set(stream, (this.#refused.get(stream) ?? 0) + 1);
      return false;
    }
    const recordedAt = this.#options.clock.now();
    this.#pending.push({ stream, body, recordedAt, receiptId, onAccepted });
    const isNow = this.#pending.length >= GROUP_EVENTS || (entry.urgent && !this.#isTogether);
    if (isNow && !this.#isDiskFull()) this.flush();
    else this.#schedule(this.#options.commitMs);
    return true;
  }

  /**
   * Runs something that hands in many events of long ago: they are committed in groups, urgent or not, and all of them by
   * its end. False when the disk refused some, which wait in memory.
   */
  together(run: () => void): boolean {
    this.#isTogether = true;
    try {
      run();
    } finally {
      this.#isTogether = false;
      this.flush();
    }
    return this.#pending.length === 0;
  }

  /** Commits everything pending now. A full disk is a state, never thrown. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#pending.length > 0) this.#commitPending();
    else this.#forgetSome();
  }

  #commitPending(): void {
    const group = this.#pending;
    this.#pending = [];
    const fromMono = this.#options.clock.mono();
    let firsts: Record<StreamName, number>;
    try {
      firsts = this.#guarded(() => this.#commit(group));
      this.onCommit(this.#options.clock.mono() - fromMono);
    } catch (error) {
      this.#pending = group.concat(this.#pending);
      this.#waitForRoom(error);
      return;
    }
    this.#refused.clear();
    if (this.#isDiskFull()) {
      this.#retries = retryPauses(DISK_RETRY, this.#options.random);
      this.#setOk();
    }
    this.#forgetSome();
    this.#passTime();
    for (const { stream, onAccepted } of group) {
      onAccepted?.(stream, firsts[stream]);
      firsts[stream] += 1;
    }
  }

  /** Up to about `maxBytes` of rows above `after`, in order; at least one row when there is one. */
  read(stream: StreamName, after: number, maxBytes: number): readonly StoredRow[] {
    const rows = this.#guarded(() => this.#file.table(stream).rows(after, READ_ROWS));
    let bytes = 0;
    const end = rows.findIndex((row, index) => {
      bytes += row.kind === "event" ? Buffer.byteLength(row.body) + 1 : 700;
      return bytes > maxBytes && index > 0;
    });
    return end === -1 ? rows : rows.slice(0, end);
  }

  /** Highest number of a stream that is on the disk. */
  committed(stream: StreamName): number {
    return this.#file.position(stream).next - 1;
  }

  /** Highest number of a stream that the centre has acknowledged. */
  acked(stream: StreamName): number {
    return this.#file.position(stream).acked;
  }

  /** Says that rows up to `seq` may have reached the centre: they are not shed any more. */
  markSent(stream: StreamName, seq: number): void {
    this.#handedOut[stream] = Math.max(this.#handedOut[stream], seq);
  }

  /**
   * The centre has committed everything up to `seq`. Returns `ahead` when it claims numbers never given: this file
   * is then an old copy (see `beginNewEpoch`).
   */
  acknowledge(stream: StreamName, seq: number): "new" | "known" | "ahead" {
    if (seq >= this.#file.position(stream).next) return "ahead";
    if (!this.#file.acknowledge(stream, seq)) return "known";
    this.#mayForget = true;
    this.#schedule(this.#options.commitMs);
    if (this.#state.kind === "fault" && this.#state.code === "OUTBOX_FULL") this.#setOk();
    return "new";
  }

  /** Starts over in a new file with a new epoch, taking all events along: for a file restored from a backup. */
  beginNewEpoch(why: string): void {
    this.flush();
    this.#replace(why);
  }

  /** A small text kept in the file, such as what is published elsewhere; null when there is none or a new epoch began. */
  note(name: string): string | null {
    return this.#guarded(() => this.#file.note(name));
  }

  /** Keeps a small text; while the disk refuses it is left out, and the one before stays. */
  saveNote(name: string, text: string): void {
    try {
      this.#guarded(() => this.#file.saveNote(name, text));
    } catch (error) {
      if (!cannotWrite(error)) throw error;
    }
  }

  hasReceipt(receiptId: string): boolean {
    if (this.#pending.some((record) => record.receiptId === receiptId)) return true;
    return this.#guarded(() => this.#file.hasReceipt(receiptId));
  }

  /** Bodies of the day's events recorded in [from, until), in order of recording, acknowledged or not. */
  since(
    from: EpochMs,
    until: number = Number.POSITIVE_INFINITY,
    streams: ReadonlySet<StreamName> = DAYBOOK_STREAMS,
  ): Iterable<string> {
    return dayEvents(this.#file, from, until, streams);
  }

  /** Acknowledged events recorded before `from` may be forgotten; the few that tell how sensors are, before `statesFrom`. */
  purge(from: EpochMs, statesFrom: EpochMs = from): void {
    this.#keep = { from, statesFrom };
    this.#mayForget = true;
    this.#schedule(this.#options.commitMs);
  }

  /** Writes bodies that hold a text anew, files set aside removed; as `OutboxFile.rewrite`. */
  rewrite(containing: string, rewrite: (body: string) => string | null): number {
    this.flush();
    removeAside(this.#options.path, false);
    return this.#guarded(() => this.#file.rewrite(containing, rewrite));
  }

  stats(): OutboxStats {
    const { capBytes } = this.#options;
    return statsOf(this.#file, { pending: this.#pending.length, refused: this.#refused, capBytes });
  }

  /** Commits what is pending and closes the file. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#timer?.cancel();
    this.#closed = true;
    this.#file.saveAcknowledged();
    this.#passTime(true);
    this.#file.close();
  }

  #isDiskFull(): boolean {
    return this.#state.kind === "fault" && this.#state.code === "DISK_FULL";
  }

  #waitForRoom(error: unknown): void {
    if (!cannotWrite(error)) throw error;
    this.#setFault("DISK_FULL", "the outbox cannot write");
    this.#schedule(this.#retries.next().value);
  }

  /** Returns the number given to the first record of each stream. */
  #commit(group: readonly OutboxRecord[]): Record<StreamName, number> {
    this.#makeRoom(group);
    try {
      return this.#file.append(group, this.#refused);
    } catch (error) {
      if (!cannotWrite(error)) throw error;
      // Either the page cap (bodies larger than estimated) or the disk: make room once more, then wait.
      const target = this.#file.usedBytes - slackBytes(this.#options.capBytes);
      const isNearCap = target > this.#options.capBytes / 2;
      if (!isNearCap || !this.#freeBytes(target)) throw error;
      return this.#file.append(group, this.#refused);
    }
  }

  #makeRoom(group: readonly OutboxRecord[]): void {
    const { capBytes } = this.#options;
    const limit = capBytes - 2 * slackBytes(capBytes);
    const wanted = group.reduce(
      (sum, record) => sum + 2 * record.body.length,
      GROUP_OVERHEAD_BYTES,
    );
    this.#roomBytes -= wanted;
    if (this.#roomBytes > 0) return;
    this.#roomBytes = limit - this.#file.usedBytes - wanted;
    if (this.#roomBytes > 0) return;
    this.#freeBytes(limit - wanted - slackBytes(capBytes));
  }

  /** Forgets the day's acknowledged events, then sheds, until at most `targetBytes` are used; false when it freed none. */
  #freeBytes(targetBytes: number): boolean {
    const onShed = (): void => this.#setFault("OUTBOX_FULL", "the outbox is full and sheds events");
    return freeBytes(this.#file, targetBytes, { ...this.#shedTerms(), onShed });
  }

  #shedTerms(): ShedTerms {
    const at = this.#options.clock.now();
    return { handedOut: this.#handedOut, at, onShed: () => undefined };
  }

  /** Counts the time switched on, and from time to time sheds what waited too long. */
  #passTime(isLast = false): void {
    const mono = this.#options.clock.mono();
    const isDue = this.#file.powered.pass(mono - this.#poweredMono);
    this.#poweredMono = mono;
    if (!isDue && !isLast) return;
    try {
      this.#guarded(() => this.#file.powered.mark(byStream((name) => this.committed(name) + 1)));
      if (!isLast) this.#shedAged();
    } catch (error) {
      // A full disk: the next mark counts this time as well.
      if (!cannotWrite(error)) throw error;
    }
  }

  #shedAged(): void {
    const { maxAgeMs, log } = this.#options;
    if (maxAgeMs === undefined) return;
    const events = this.#guarded(() => shedAged(this.#file, maxAgeMs, this.#shedTerms()));
    if (events === 0) return;
    log.warn({ event: "outbox.aged", events }, "events that waited too long were shed");
  }

  #forgetSome(): void {
    if (!this.#mayForget) return;
    try {
      const forgotten = STREAMS.map((stream) => {
        const from = keptFrom(stream, this.#keep);
        return this.#guarded(() => this.#file.forget(stream, from, FORGET_ROWS));
      });
      if (Math.max(...forgotten) > 0) this.#file.shrink(SHRINK_PAGES);
      this.#mayForget = Math.max(...forgotten) === FORGET_ROWS;
      if (this.#mayForget) this.#schedule(0);
    } catch (error) {
      this.#waitForRoom(error);
    }
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null || this.#closed) return;
    this.#timer = this.#options.clock.after(delayMs, "outbox commit", () => {
      this.#timer = null;
      this.flush();
    });
  }

  /** Runs an operation; when the file turns out to be damaged, replaces it and runs the operation once more. */
  #guarded<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      this.#replace(error.message);
      return operation();
    }
  }

  #replace(why: string): void {
    this.#file.close();
    const opened = replaceOutboxFile(this.#options.path, this.#options.capBytes, why);
    this.#file = opened.file;
    this.#roomBytes = 0;
    for (const stream of STREAMS) this.#handedOut[stream] = 0;
    tellReplacement(opened, this.#options.log);
  }

  #setFault(code: FaultCode, message: string): void {
    if (this.#state.kind === "fault" && this.#state.code === code) return;
    this.#state = { kind: "fault", code, since: this.#options.clock.now() };
    this.#options.log.error({ event: "outbox.fault", code }, message);
    this.onState(this.#state);
  }

  #setOk(): void {
    this.#state = { kind: "ok" };
    this.#options.log.info({ event: "outbox.ok" }, "the outbox accepts events again");
    this.onState(this.#state);
  }
}

/**
 * Opens the outbox at `path`, setting a damaged file aside.
 * @throws OUTBOX_LOCKED when another process uses it, DISK_FULL when it cannot be created
 */
export function openOutbox(options: OutboxOptions): Outbox {
  if (options.capBytes < 262_144) throw new GatewayError("CONFIG_INVALID", "outbox cap too small");
  const opened = openOutboxFile(options.path, options.capBytes);
  tidyAside(options.path, options.log);
  return new Outbox(opened, options);
}

/** Room kept free below the cap, so that deletes and gap records always fit. */
function slackBytes(capBytes: number): number {
  return Math.min(Math.floor(capBytes / 50), 2_097_152);
}
