import type { EpochMs } from "../../core/brand.ts";
import type { Timer } from "../../core/clock.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import { retryPauses } from "../../core/retry.ts";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import { DAYBOOK_STREAMS, dayEvents, keptFrom } from "./daybook.ts";
import { KeptFile } from "./kept-file.ts";
import { cannotWrite, type Overwriting } from "./open-database.ts";
import { type OpenedOutboxFile, openOutboxFile } from "./open-outbox-file.ts";
import type {
  OnAccepted,
  OutboxEntry,
  OutboxOptions,
  OutboxState,
  OutboxStats,
} from "./outbox-contract.ts";
import type { OutboxFile, OutboxRecord } from "./outbox-file.ts";
import { OutboxRoom } from "./outbox-room.ts";
import { statsOf } from "./outbox-stats.ts";
import { Refusals } from "./refusals.ts";
import type { SalvageTally } from "./salvage.ts";
import { isSendable, type StoredRow } from "./stream-table.ts";

interface PendingRecord extends OutboxRecord {
  readonly onAccepted: OnAccepted | null;
}

const GROUP_EVENTS = 64;
/** Events kept in memory while the disk refuses; later ones are refused and counted. */
const PENDING_CAP = 4096;
const FORGET_ROWS = 1000;
const READ_ROWS = 200;
const SHRINK_PAGES = 256;
/** How often it is asked whether there is room to take more over. */
const SALVAGE_MS = 5000;
const DISK_RETRY = { baseMs: 250, capMs: 10_000, factor: 2, jitterRatio: 0.5 };

/**
 * Durable queue of events on their way to the centre, and the day's record of them. An event is accepted when it is
 * on the disk; it is forgotten only after the centre acknowledged it and, for the day's streams, the day was purged.
 * Single-threaded and synchronous: a commit blocks for one fsync.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #kept: KeptFile;
  #pending: PendingRecord[] = [];
  readonly #refused = new Refusals();
  readonly #room: OutboxRoom;
  #timer: Timer | null = null;
  #retries: Generator<number, never>;
  #state: OutboxState = { kind: "ok" };
  #keep = { from: 0, statesFrom: 0 };
  #mayForget = true;
  #isTogether = false;
  #closed = false;
  /** Called with the duration of each commit that succeeded. */
  onCommit: (tookMs: number) => void = () => undefined;
  /** Called when the state changes. */
  onState: (state: OutboxState) => void = () => undefined;
  /** Called when this file replaced a damaged one, and when all that could be read of that one was taken over. */
  onReplaced: (tally: SalvageTally) => void = () => undefined;

  constructor(opened: OpenedOutboxFile, options: OutboxOptions) {
    this.#options = options;
    this.#kept = new KeptFile(opened, options);
    this.#kept.onChange = () => this.#followFile();
    this.#room = new OutboxRoom(this.#kept, options);
    this.#room.onShed = () => this.#setFault("OUTBOX_FULL", "the outbox is full and sheds events");
    this.#retries = retryPauses(DISK_RETRY, options.random);
    if (opened.file.isStandIn) this.#awaitDisk();
    else if (this.#kept.isSalvaging) this.#schedule(options.commitMs);
  }

  get #file(): OutboxFile {
    return this.#kept.file;
  }

  /** What this file took over of one that was set aside; null when it replaced none. */
  get replaced(): SalvageTally | null {
    return this.#kept.tally;
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
   * commit. Returns false when it was refused because disk and memory are full, or because no message could hold it; it
   * is then accounted for as shed.
   */
  append(entry: OutboxEntry, onAccepted: OnAccepted | null = null): boolean {
    if (this.#closed) throw new TypeError("the outbox is closed");
    const { stream, body, receiptId } = entry;
    if (this.#pending.length >= PENDING_CAP) {
      this.#refused.add(stream, "disk");
      return false;
    }
    if (!isSendable(body)) return this.#refuseOversized(stream, Buffer.byteLength(body));
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
    this.#kept.reopen();
    if (this.#pending.length > 0 || this.#refused.events > 0) this.#commitPending();
    else if (this.#file.isStandIn) this.#awaitDisk();
    else {
      if (this.#isDiskFull()) this.#setOk();
      this.#forgetSome();
    }
  }

  #refuseOversized(stream: StreamName, bytes: number): false {
    this.#refused.add(stream, "size");
    const fields = { event: "outbox.oversized", stream, bytes };
    this.#options.log.error(fields, "an event larger than a message was refused");
    this.#schedule(this.#options.commitMs);
    return false;
  }

  #commitPending(): void {
    const group = this.#pending;
    this.#pending = [];
    const fromMono = this.#options.clock.mono();
    let firsts: Record<StreamName, number>;
    try {
      firsts = this.#kept.run(() => this.#room.commit(group, this.#refused.all));
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
    this.#room.passTime();
    for (const { stream, onAccepted } of group) {
      onAccepted?.(stream, firsts[stream]);
      firsts[stream] += 1;
    }
  }

  /** Up to about `maxBytes` of rows above `after`, in order; at least one row when there is one. */
  read(stream: StreamName, after: number, maxBytes: number): readonly StoredRow[] {
    const rows = this.#kept.run((file) => file.table(stream).rows(after, READ_ROWS));
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
    this.#room.markSent(stream, seq);
  }

  /** Whether there is an event that cannot have been sent yet. */
  get hasUnsent(): boolean {
    return STREAMS.some((stream) => this.committed(stream) > this.#kept.sent(stream));
  }

  /** The line to the broker was opened: what is committed may leave from now on. Or it is closed. */
  noteLine(isOpen: boolean): void {
    this.#kept.noteLine(isOpen);
  }

  /**
   * The centre has committed everything up to `seq`. Returns `ahead` when it claims numbers that never left this file: it
   * is then an old copy (see `beginNewEpoch`).
   */
  acknowledge(stream: StreamName, seq: number): "new" | "known" | "ahead" {
    if (seq > Math.max(this.#kept.sent(stream), this.#file.position(stream).acked)) return "ahead";
    if (!this.#file.acknowledge(stream, seq)) return "known";
    this.#mayForget = true;
    this.#schedule(this.#options.commitMs);
    if (this.#state.kind === "fault" && this.#state.code === "OUTBOX_FULL") this.#setOk();
    return "new";
  }

  /** Starts over in a new file with a new epoch, taking all events along: for a file restored from a backup. */
  beginNewEpoch(why: string): void {
    this.flush();
    this.#kept.replace(why, true);
  }

  /** A small text kept in the file, such as what is published elsewhere; null when there is none or a new epoch began. */
  note(name: string): string | null {
    return this.#kept.run((file) => file.note(name));
  }

  /** Keeps a small text; while the disk refuses it is left out, and the one before stays. */
  saveNote(name: string, text: string): void {
    try {
      this.#kept.run((file) => file.saveNote(name, text));
    } catch (error) {
      if (!cannotWrite(error)) throw error;
    }
  }

  hasReceipt(receiptId: string): boolean {
    if (this.#pending.some((record) => record.receiptId === receiptId)) return true;
    return this.#kept.run((file) => file.hasReceipt(receiptId));
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

  /** Writes bodies that hold a text anew, files set aside removed; as `OutboxFile.rewrite`. While they are needed, it fails. */
  rewrite(
    containing: string,
    rewrite: (body: string) => string | null,
    how: Overwriting = "anew",
  ): number {
    this.flush();
    if (!this.#kept.removeCopies()) this.#awaitDisk();
    return this.#kept.run((file) => file.rewrite(containing, rewrite, how));
  }

  stats(): OutboxStats {
    const { capBytes } = this.#options;
    return statsOf(this.#file, { pending: this.#pending.length, refused: this.#refused, capBytes });
  }

  /** Commits what is pending and closes the file; on a full disk what waits in memory is given up. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.flush();
      this.#file.saveAcknowledged();
      this.#kept.noteLine(false);
      this.#room.passTime(true);
    } catch (error) {
      if (!cannotWrite(error)) throw error;
    } finally {
      this.#timer?.cancel();
      this.#kept.close();
    }
  }

  #isDiskFull(): boolean {
    return this.#state.kind === "fault" && this.#state.code === "DISK_FULL";
  }

  #waitForRoom(error: unknown): void {
    if (!cannotWrite(error)) throw error;
    this.#awaitDisk();
  }

  #awaitDisk(): void {
    this.#setFault("DISK_FULL", "the outbox cannot write");
    this.#schedule(this.#retries.next().value);
  }

  #forgetSome(): void {
    const salvaging = this.#kept.salvageSome();
    if (salvaging !== "done") this.#schedule(salvaging === "paused" ? 0 : SALVAGE_MS);
    if (!this.#mayForget) return;
    try {
      const at = this.#options.clock.now();
      const forgotten = STREAMS.map((stream) => {
        const from = keptFrom(stream, this.#keep);
        return this.#kept.runOnFullDisk((file) => file.forget(stream, from, FORGET_ROWS, at));
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

  /** Another file took the place of the one before. */
  #followFile(): void {
    this.#room.begin();
    const tally = this.#kept.tally;
    if (this.#kept.isSalvaging) this.#schedule(this.#options.commitMs);
    if (this.#file.isStandIn) this.#awaitDisk();
    else if (tally !== null) this.onReplaced(tally);
  }

  #setFault(code: FaultCode, message: string): void {
    if (this.#state.kind === "fault" && this.#state.code === code) return;
    this.#state = { kind: "fault", code, since: this.#options.clock.now() };
    this.#options.log.error({ event: "outbox.fault", code }, message);
    this.onState(this.#state);
  }

  #setOk(): void {
    if (this.#isDiskFull()) this.#kept.holdReserve();
    this.#state = { kind: "ok" };
    this.#options.log.info({ event: "outbox.ok" }, "the outbox accepts events again");
    this.onState(this.#state);
  }
}

/**
 * Opens the outbox at `path`, setting a damaged file aside. On a full disk it begins in the state DISK_FULL.
 * @throws OUTBOX_LOCKED when another process uses it, DISK_FULL when it may not be created
 */
export function openOutbox(options: OutboxOptions): Outbox {
  if (options.capBytes < 262_144) throw new GatewayError("CONFIG_INVALID", "outbox cap too small");
  return new Outbox(openOutboxFile(options), options);
}
