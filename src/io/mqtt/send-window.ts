import type { GatewayId, MonoMs, StoreId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import { type AckMessage, type GapData, LARGEST_PAYLOAD_BYTES } from "../../wire/envelopes.ts";
import { toGapEvent } from "../../wire/gap-event.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { byStream } from "../outbox/outbox-file.ts";
import type { StoredRow } from "../outbox/stream-table.ts";
import { FlightBudget } from "./flight-budget.ts";

/** What the window needs of the outbox. */
export type WindowStore = Pick<
  Outbox,
  | "epoch"
  | "read"
  | "markSent"
  | "noteLine"
  | "acknowledge"
  | "beginNewEpoch"
  | "committed"
  | "acked"
>;

export interface SendWindowOptions {
  readonly outbox: WindowStore;
  readonly clock: Clock;
  readonly gatewayId: GatewayId;
  readonly storeId: StoreId;
  readonly boot: string;
  readonly hash: (text: string) => string;
  /** Sends one `up/ev` payload; `onDone` reports the broker's acknowledgement or an error. */
  readonly send: (text: string, onDone: (error: Error | null) => void) => void;
  /** Called when the outbox began a new epoch, so that the centre is told. */
  readonly onEpoch: () => void;
  /** Called when the line looks dead although it is connected: it should be given up. */
  readonly onDead: (why: DeadLine) => void;
  /** Whether the wall clock was not set yet in this life; what is recorded meanwhile waits a while. Absent = it was. */
  readonly isClockUnset?: () => boolean;
}

/** `silent`: not even the broker answers. `deaf`: the broker does, but for long nothing came from the centre. */
export type DeadLine = "silent" | "deaf";

interface Batch {
  readonly stream: StreamName;
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly sentMono: MonoMs;
}

/** Batches under way, whatever the broker allows; the last two places are kept for what is fresh. */
const BATCHES_IN_FLIGHT = 32;
const PLACES_FOR_FRESH = 2;
/** Places of the broker's quota left to other messages. */
const PLACES_FOR_OTHERS = 4;
/** More waiting than this is a backlog, which fresh events pass. */
const BACKLOG_EVENTS = 1000;
/** A connection over which nothing came from the centre for so long is begun anew: its subscription may be lost. */
const DEAF_MS = 300_000;
/** How long events told with an unset clock wait for it to be set. */
const UNSET_CLOCK_MS = 600_000;
const PASSING: readonly StreamName[] = ["journey", "zone"];
const ENVELOPE_BYTES = 512;
const SHORTEST_STALL_MS = 5000;
/** A centre that asks for a longer pause than this is tried again after it. */
const LONGEST_PAUSE_MS = 600_000;
const LONGEST_STALL_MS = 60_000;
const SHORTEST_REPEAT_MS = 1000;
const STALL_ROUND_TRIPS = 10;
/** Older events are sent as history: they must not overwrite live views. */
const HISTORY_MS = 30_000;

/**
 * Our own window over the outbox: batches of at most 64 KiB that the centre has not acknowledged, as many as the round
 * trip asks for (`FlightBudget`), each stream in order, fresh events first, then journeys. Rows leave the outbox only on
 * the centre's acknowledgement. When none comes, the window goes back to what is acknowledged and tries again with
 * growing pauses; acknowledgements, not the socket, tell whether the line lives.
 */
export class SendWindow {
  readonly #options: SendWindowOptions;
  readonly #cursor = byStream(() => 0);
  readonly #wentBack = byStream(() => ({ need: 0, atMono: Number.NEGATIVE_INFINITY }));
  readonly #budget = new FlightBudget(LARGEST_PAYLOAD_BYTES - ENVELOPE_BYTES);
  #inFlight: Batch[] = [];
  /** Batches the broker has not acknowledged. */
  #unanswered = 0;
  #places = BATCHES_IN_FLIGHT;
  #connection = 0;
  /** When the broker, and when the centre, last told anything over this connection. */
  #brokerMono: MonoMs;
  #centreMono: MonoMs;
  /** When the centre last acknowledged, over any connection. */
  #ackMono: number = Number.NEGATIVE_INFINITY;
  #epoch: string;
  #isOpen = false;
  #progressMono: MonoMs;
  #pausedUntilMono: number = Number.NEGATIVE_INFINITY;
  #roundTripMs = 0;
  /** Numbers above these wait for the wall clock; null once they need not. */
  #heldAbove: Readonly<Record<StreamName, number>> | null;
  readonly #startMono: MonoMs;
  #stalls = 0;
  #rewinds = 0;

  constructor(options: SendWindowOptions) {
    this.#options = options;
    this.#epoch = options.outbox.epoch;
    this.#progressMono = options.clock.mono();
    this.#brokerMono = this.#progressMono;
    this.#centreMono = this.#progressMono;
    this.#startMono = this.#progressMono;
    this.#heldAbove = byStream((name) => options.outbox.committed(name));
  }

  /** True while the centre has let a whole stall time pass without acknowledging what was sent. */
  get isStalled(): boolean {
    return this.#stalls > 0;
  }

  /** How often the window went back to the acknowledged position since the start. */
  get rewinds(): number {
    return this.#rewinds;
  }

  /** Bytes of backlog that may be under way. */
  get budgetBytes(): number {
    return this.#budget.bytes;
  }

  /**
   * The stream for an event of a class: its own, or `fresh` while a backlog is brought in before it. Only while the
   * centre acknowledges, or did half a minute ago: what is recorded without a line is the backlog.
   */
  streamFor(stream: StreamName): StreamName {
    if (this.#options.clock.mono() - this.#ackMono > HISTORY_MS) return stream;
    if (!PASSING.includes(stream) || this.#waiting("fresh") > BACKLOG_EVENTS) return stream;
    const behind = PASSING.reduce((sum, name) => sum + this.#waiting(name), 0);
    return behind > BACKLOG_EVENTS ? "fresh" : stream;
  }

  /** The broker is connected: everything not acknowledged is sent again. `quota` is what it takes unacknowledged. */
  open(quota: number = Number.POSITIVE_INFINITY): void {
    const mono = this.#options.clock.mono();
    this.#isOpen = true;
    this.#options.outbox.noteLine(true);
    this.#connection += 1;
    this.#stalls = 0;
    this.#unanswered = 0;
    this.#brokerMono = mono;
    this.#centreMono = mono;
    this.#places = Math.max(1, Math.min(BATCHES_IN_FLIGHT, quota - PLACES_FOR_OTHERS));
    this.#budget.reconnected();
    this.#rewind();
    this.pump();
  }

  /** The broker is gone: nothing is in flight any more. */
  close(): void {
    this.#isOpen = false;
    this.#inFlight = [];
    this.#options.outbox.noteLine(false);
  }

  /** Fills the window. Call after events were accepted. */
  pump(): void {
    if (!this.#isOpen || this.#options.clock.mono() < this.#pausedUntilMono) return;
    this.#followEpoch();
    if (this.#heldAbove !== null) this.#releaseHeld();
    while (this.#isOpen) {
      const stream = STREAMS.find((name) => this.#limit(name) > this.#cursor[name]);
      if (stream === undefined || !this.#hasPlace(stream)) return;
      this.#sendNext(stream);
    }
  }

  #waiting(stream: StreamName): number {
    return this.#options.outbox.committed(stream) - this.#options.outbox.acked(stream);
  }

  /** Highest number of a stream that may be sent now. */
  #limit(stream: StreamName): number {
    const committed = this.#options.outbox.committed(stream);
    return Math.min(committed, this.#heldAbove?.[stream] ?? committed);
  }

  /** For good, as soon as the clock is set or the time is over. */
  #releaseHeld(): void {
    const { isClockUnset, clock } = this.#options;
    const isOver = clock.mono() - this.#startMono >= UNSET_CLOCK_MS;
    if (isClockUnset === undefined || isOver || !isClockUnset()) this.#heldAbove = null;
  }

  /** A backlog keeps to the budget and leaves room; what is fresh only to the number of places. */
  #hasPlace(stream: StreamName): boolean {
    const used = Math.max(this.#inFlight.length, this.#unanswered);
    if (stream === "fresh") return used < this.#places;
    if (used >= Math.max(1, this.#places - PLACES_FOR_FRESH)) return false;
    const bytes = this.#inFlight.reduce((sum, batch) => sum + batch.bytes, 0);
    return used === 0 || bytes + this.#budget.batchBytes <= this.#budget.bytes;
  }

  /** Takes the centre's word. An acknowledgement of another epoch is none of our business. Returns whether it was ours. */
  take(ack: AckMessage): boolean {
    this.#followEpoch();
    if (ack.epoch !== this.#epoch) return false;
    const mono = this.#options.clock.mono();
    this.#brokerMono = mono;
    this.#centreMono = mono;
    if (ack.pauseMs > 0) this.#pausedUntilMono = mono + Math.min(ack.pauseMs, LONGEST_PAUSE_MS);
    if (ack.renew === true) {
      this.#beginAnew("the centre has other events under these numbers: this outbox is a copy");
      return true;
    }
    let isNew = false;
    for (const stream of STREAMS) {
      const outcome = this.#options.outbox.acknowledge(stream, ack.seq[stream] ?? 0);
      if (outcome === "ahead") {
        this.#beginAnew("the centre is ahead: this outbox is an old copy");
        return true;
      }
      if (outcome === "new") {
        isNew = true;
        this.#cursor[stream] = Math.max(this.#cursor[stream], this.#options.outbox.acked(stream));
      }
    }
    const sent = this.#inFlight.length;
    this.#settle(ack.seq);
    const isProgress = isNew || this.#inFlight.length < sent || sent === 0;
    for (const stream of STREAMS) this.#goBackTo(stream, ack.need?.[stream], ack.seq[stream]);
    if (isProgress) {
      this.#progressMono = mono;
      this.#stalls = 0;
      this.#ackMono = mono;
    }
    this.pump();
    return true;
  }

  /** Takes batches the centre has off the window and learns from the youngest of them. */
  #settle(seq: AckMessage["seq"]): void {
    const done = this.#inFlight.filter((batch) => batch.last <= (seq[batch.stream] ?? 0));
    const youngest = done.at(-1);
    if (youngest === undefined) return;
    const mono = this.#options.clock.mono();
    const wasFull = STREAMS.some((name) => this.#limit(name) > this.#cursor[name]);
    const bytes = done.reduce((sum, batch) => sum + batch.bytes, 0);
    this.#budget.acknowledged(mono - youngest.sentMono, bytes, wasFull, mono);
    this.#inFlight = this.#inFlight.filter((batch) => !done.includes(batch));
  }

  /** Looks whether acknowledgements stalled, and resumes after a pause. Call about once a second. */
  tick(): void {
    const waitedMs = this.#options.clock.mono() - this.#progressMono;
    const limitMs = this.#stallMs();
    if (this.#isOpen && this.#inFlight.length > 0 && waitedMs > limitMs) {
      this.#stalls += 1;
      this.#budget.stalled(this.#options.clock.mono());
      this.#rewind();
      const dead = this.#judgeLine(limitMs);
      if (dead !== null) {
        this.#options.onDead(dead);
        return;
      }
    }
    this.pump();
  }

  /** After a stall: a broker that does not answer either is no broker any more. */
  #judgeLine(limitMs: number): DeadLine | null {
    const mono = this.#options.clock.mono();
    if (this.#unanswered > 0 && mono - this.#brokerMono > limitMs) return "silent";
    return mono - this.#centreMono > DEAF_MS ? "deaf" : null;
  }

  #stallMs(): number {
    const baseMs = Math.max(SHORTEST_STALL_MS, STALL_ROUND_TRIPS * this.#roundTripMs);
    return Math.min(baseMs * 2 ** this.#stalls, Math.max(baseMs, LONGEST_STALL_MS));
  }

  #rewind(): void {
    if (this.#inFlight.length > 0) this.#rewinds += 1;
    this.#inFlight = [];
    this.#progressMono = this.#options.clock.mono();
    for (const stream of STREAMS) this.#cursor[stream] = this.#options.outbox.acked(stream);
  }

  #beginAnew(why: string): void {
    this.#options.outbox.beginNewEpoch(why);
    this.#followEpoch();
    this.pump();
  }

  #followEpoch(): void {
    if (this.#options.outbox.epoch === this.#epoch) return;
    this.#epoch = this.#options.outbox.epoch;
    this.#heldAbove = null;
    this.#rewind();
    this.#options.onEpoch();
  }

  /** `seq` is where the centre says it stands. */
  #goBackTo(stream: StreamName, need: number | undefined, seq: number | undefined): void {
    if (need === undefined || need > this.#options.outbox.committed(stream)) return;
    // Old numbers are wanted only by a centre that lost them. Else a batch sent twice was put off late.
    if (need <= this.#options.outbox.acked(stream) && seq !== need - 1) return;
    // Each batch under way behind a hole is refused with the same request: only the first one moves the cursor.
    const last = this.#wentBack[stream];
    const mono = this.#options.clock.mono();
    const quietMs = Math.max(SHORTEST_REPEAT_MS, STALL_ROUND_TRIPS * this.#roundTripMs);
    if (last.need === need && mono - last.atMono < quietMs) return;
    this.#wentBack[stream] = { need, atMono: mono };
    this.#inFlight = this.#inFlight.filter((b) => b.stream !== stream);
    this.#cursor[stream] = need - 1;
  }

  #sendNext(stream: StreamName): void {
    const { outbox, clock, send } = this.#options;
    const after = this.#cursor[stream];
    const most = LARGEST_PAYLOAD_BYTES - ENVELOPE_BYTES;
    const rows = outbox.read(stream, after, stream === "fresh" ? most : this.#budget.batchBytes);
    if (outbox.epoch !== this.#epoch) {
      this.#followEpoch();
      return;
    }
    const filled = this.#withGone(stream, after, rows);
    const newest = rows.at(-1)?.recordedAt ?? clock.now();
    const last = lastNumber(filled, after);
    const records = filled.map((row) => this.#recordText(stream, row)).join(",");
    const head = {
      v: 1,
      epoch: this.#epoch,
      stream,
      first: after + 1,
      hist: clock.now() - newest > HISTORY_MS,
    };
    if (this.#inFlight.length === 0) this.#progressMono = clock.mono();
    const text = `${JSON.stringify(head).slice(0, -1)},"ev":[${records}]}`;
    const sentMono = clock.mono();
    const bytes = Buffer.byteLength(text);
    this.#inFlight.push({ stream, first: after + 1, last, bytes, sentMono });
    this.#cursor[stream] = last;
    outbox.markSent(stream, last);
    this.#unanswered += 1;
    const connection = this.#connection;
    send(text, (error) => {
      if (connection !== this.#connection) return;
      this.#unanswered -= 1;
      if (error !== null) return;
      this.#brokerMono = clock.mono();
      this.#learnRoundTrip(clock.mono() - sentMono);
      this.pump();
    });
  }

  /** Numbers that are asked for again after they were forgotten are answered by a gap, so that the stream goes on. */
  #withGone(stream: StreamName, after: number, rows: readonly StoredRow[]): readonly StoredRow[] {
    const limit = this.#limit(stream);
    const sendable = rows.filter((row) => row.seq <= limit);
    const last = Math.min(limit, (rows[0]?.seq ?? Number.POSITIVE_INFINITY) - 1);
    if (last <= after) return sendable;
    const recordedAt = this.#options.clock.now();
    return [{ kind: "gap", seq: after + 1, last, recordedAt, why: "gone" }, ...sendable];
  }

  #recordText(stream: StreamName, row: StoredRow): string {
    if (row.kind === "event") return row.body;
    const { gatewayId, storeId, boot, hash, clock } = this.#options;
    const gap: GapData = {
      stream,
      from: row.seq,
      to: row.last,
      n: row.last - row.seq + 1,
      why: row.why,
    };
    const context = { gatewayId, storeId, boot, hash, epoch: this.#epoch, at: row.recordedAt };
    return JSON.stringify(toGapEvent(gap, { ...context, recordedAt: clock.now() }));
  }

  #learnRoundTrip(ms: number): void {
    this.#roundTripMs = this.#roundTripMs === 0 ? ms : 0.8 * this.#roundTripMs + 0.2 * ms;
  }
}

function lastNumber(rows: readonly StoredRow[], after: number): number {
  const last = rows.at(-1);
  if (last === undefined) return after;
  return last.kind === "gap" ? last.last : last.seq;
}
