import type { GatewayId, MonoMs, StoreId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { STREAMS, type StreamName } from "../../wire/cloud-event.ts";
import { type AckMessage, type GapData, LARGEST_PAYLOAD_BYTES } from "../../wire/envelopes.ts";
import { toGapEvent } from "../../wire/gap-event.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { byStream } from "../outbox/outbox-file.ts";
import type { StoredRow } from "../outbox/stream-table.ts";

/** What the window needs of the outbox. */
export type WindowStore = Pick<
  Outbox,
  "epoch" | "read" | "markSent" | "acknowledge" | "beginNewEpoch" | "committed" | "acked"
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
}

interface Batch {
  readonly stream: StreamName;
  readonly first: number;
  readonly last: number;
}

const BATCHES_IN_FLIGHT = 8;
const ENVELOPE_BYTES = 512;
const SHORTEST_STALL_MS = 5000;
const LONGEST_STALL_MS = 60_000;
const SHORTEST_REPEAT_MS = 1000;
const STALL_ROUND_TRIPS = 10;
/** Older events are sent as history: they must not overwrite live views. */
const HISTORY_MS = 30_000;

/**
 * Our own window over the outbox: at most 8 batches of at most 64 KiB that the centre has not acknowledged, each
 * stream in order, journeys first. Rows leave the outbox only on the centre's acknowledgement. When none comes, the
 * window goes back to what is acknowledged and tries again with growing pauses.
 */
export class SendWindow {
  readonly #options: SendWindowOptions;
  readonly #cursor = byStream(() => 0);
  readonly #wentBack = byStream(() => ({ need: 0, atMono: Number.NEGATIVE_INFINITY }));
  #inFlight: Batch[] = [];
  #epoch: string;
  #isOpen = false;
  #progressMono: MonoMs;
  #pausedUntilMono: number = Number.NEGATIVE_INFINITY;
  #roundTripMs = 0;
  #stalls = 0;
  #rewinds = 0;

  constructor(options: SendWindowOptions) {
    this.#options = options;
    this.#epoch = options.outbox.epoch;
    this.#progressMono = options.clock.mono();
  }

  /** True while the centre has let a whole stall time pass without acknowledging what was sent. */
  get isStalled(): boolean {
    return this.#stalls > 0;
  }

  /** How often the window went back to the acknowledged position since the start. */
  get rewinds(): number {
    return this.#rewinds;
  }

  /** The broker is connected: everything not acknowledged is sent again. */
  open(): void {
    this.#isOpen = true;
    this.#stalls = 0;
    this.#rewind();
    this.pump();
  }

  /** The broker is gone: nothing is in flight any more. */
  close(): void {
    this.#isOpen = false;
    this.#inFlight = [];
  }

  /** Fills the window. Call after events were accepted. */
  pump(): void {
    if (!this.#isOpen || this.#options.clock.mono() < this.#pausedUntilMono) return;
    this.#followEpoch();
    while (this.#isOpen && this.#inFlight.length < BATCHES_IN_FLIGHT) {
      const { outbox } = this.#options;
      const stream = STREAMS.find((name) => outbox.committed(name) > this.#cursor[name]);
      if (stream === undefined) return;
      this.#sendNext(stream);
    }
  }

  /** Takes the centre's word. An acknowledgement of another epoch is none of our business. Returns whether it was ours. */
  take(ack: AckMessage): boolean {
    this.#followEpoch();
    if (ack.epoch !== this.#epoch) return false;
    const mono = this.#options.clock.mono();
    if (ack.pauseMs > 0) this.#pausedUntilMono = mono + ack.pauseMs;
    let isNew = false;
    for (const stream of STREAMS) {
      const outcome = this.#options.outbox.acknowledge(stream, ack.seq[stream] ?? 0);
      if (outcome === "ahead") {
        this.#options.outbox.beginNewEpoch("the centre is ahead: this outbox is an old copy");
        this.#followEpoch();
        this.pump();
        return true;
      }
      if (outcome === "new") {
        isNew = true;
        this.#cursor[stream] = Math.max(this.#cursor[stream], this.#options.outbox.acked(stream));
      }
    }
    const sent = this.#inFlight.length;
    this.#inFlight = this.#inFlight.filter((b) => b.last > (ack.seq[b.stream] ?? 0));
    const isProgress = isNew || this.#inFlight.length < sent || sent === 0;
    for (const stream of STREAMS) this.#goBackTo(stream, ack.need?.[stream]);
    if (isProgress) {
      this.#progressMono = mono;
      this.#stalls = 0;
    }
    this.pump();
    return true;
  }

  /** Looks whether acknowledgements stalled, and resumes after a pause. Call about once a second. */
  tick(): void {
    const waitedMs = this.#options.clock.mono() - this.#progressMono;
    if (this.#isOpen && this.#inFlight.length > 0 && waitedMs > this.#stallMs()) {
      this.#stalls += 1;
      this.#rewind();
    }
    this.pump();
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

  #followEpoch(): void {
    if (this.#options.outbox.epoch === this.#epoch) return;
    this.#epoch = this.#options.outbox.epoch;
    this.#rewind();
    this.#options.onEpoch();
  }

  #goBackTo(stream: StreamName, need: number | undefined): void {
    if (need === undefined || need > this.#options.outbox.committed(stream)) return;
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
    const rows = outbox.read(stream, after, LARGEST_PAYLOAD_BYTES - ENVELOPE_BYTES);
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
    this.#inFlight.push({ stream, first: after + 1, last });
    this.#cursor[stream] = last;
    outbox.markSent(stream, last);
    const sentMono = clock.mono();
    send(`${JSON.stringify(head).slice(0, -1)},"ev":[${records}]}`, (error) => {
      if (error === null) this.#learnRoundTrip(clock.mono() - sentMono);
    });
  }

  /** Numbers that are asked for again after they were forgotten are answered by a gap, so that the stream goes on. */
  #withGone(stream: StreamName, after: number, rows: readonly StoredRow[]): readonly StoredRow[] {
    const first = rows[0]?.seq ?? this.#options.outbox.committed(stream) + 1;
    if (first === after + 1) return rows;
    const recordedAt = this.#options.clock.now();
    return [{ kind: "gap", seq: after + 1, last: first - 1, recordedAt, why: "gone" }, ...rows];
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
