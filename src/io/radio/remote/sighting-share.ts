import type { GatewayId, MonoMs, ReceiverId, TagId } from "../../../core/brand.ts";
import type { Clock, Timer } from "../../../core/clock.ts";
import type { Log, Service } from "../../../core/lifecycle.ts";
import type { RadioMessage } from "../../../wire/radio-message.ts";
import { namedTopic } from "../../../wire/topics.ts";
import type { Link } from "../../mqtt/link.ts";
import { SecondSummary } from "./second-summary.ts";

export interface SightingShareDeps {
  readonly root: string;
  /** Gateways that get what ours hears. */
  readonly to: readonly GatewayId[];
  /** Our own receivers: what others shared with us is not passed on. */
  readonly receivers: readonly ReceiverId[];
  /** Id of a registered tag by its position in the book; null when it is registered no more. */
  readonly tagOf: (tag: number) => TagId | null;
  readonly isSeeing: (receiver: ReceiverId) => boolean;
  /** Name of this life; with the number of a message it tells a second delivery. */
  readonly run: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What became of the summaries; numbers only grow. */
export interface ShareCounts {
  /** Messages that the broker has acknowledged. */
  readonly sent: number;
  /** Messages given up because they were of no use any more. */
  readonly dropped: number;
  readonly waiting: number;
}

interface Parcel {
  readonly topic: string;
  readonly madeMono: MonoMs;
  readonly message: RadioMessage;
}

const PERIOD_MS = 1000;
/** A receiver that hears nobody says that it lives; the others wait for thirty seconds. */
const LIFE_SIGN_MS = 10_000;
/** Their readings are up to a second older; where they arrive, what is older than fifteen seconds is dropped. */
const USELESS_AFTER_MS = 14_000;
const IN_FLIGHT_CAP = 64;
const QUEUE_CAP = 4096;

/**
 * Tells other gateways once a second what our receivers heard of registered tags: tag, number of packets, mean level
 * and time; never an address and never another device. While the broker is away the last fifteen seconds wait.
 */
export class SightingShare implements Service {
  readonly name = "sighting share";
  readonly #deps: SightingShareDeps;
  readonly #summary = new SecondSummary();
  readonly #queue: Parcel[] = [];
  readonly #inFlight = new Set<Parcel>();
  readonly #own: ReadonlySet<ReceiverId>;
  /** When each receiver was last spoken for, and whether it was seeing then. */
  readonly #told = new Map<ReceiverId, { readonly atMono: number; readonly isSeeing: boolean }>();
  #link: Pick<Link, "publish" | "state"> | null = null;
  #timer: Timer | null = null;
  #seq = 0;
  #sent = 0;
  #dropped = 0;

  constructor(deps: SightingShareDeps) {
    this.#deps = deps;
    this.#own = new Set(deps.receivers);
  }

  get counts(): ShareCounts {
    const waiting = this.#queue.length + this.#inFlight.size;
    return { sent: this.#sent, dropped: this.#dropped, waiting };
  }

  /** The line to use; call once, before it starts. */
  attach(link: Pick<Link, "publish" | "state" | "onState">): void {
    this.#link = link;
    link.onState(({ kind }) => {
      if (kind === "connected") this.#flush();
      else this.#takeBack();
    });
  }

  /** Takes a reading of a registered tag; those of receivers that are not ours are left out. */
  reading(tag: number, receiver: ReceiverId, rssiDbm: number, atMono: MonoMs): void {
    if (this.#timer === null || !this.#own.has(receiver)) return;
    this.#summary.add(receiver, tag, rssiDbm, atMono);
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#timer === null && !signal.aborted)
      this.#timer = this.#deps.clock.every(PERIOD_MS, this.name, () => this.#tell());
    return Promise.resolve();
  }

  /** Tells the last second, and which receivers hear nothing any more. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== null) this.#tell();
    this.#timer?.cancel();
    this.#timer = null;
    return Promise.resolve();
  }

  #tell(): void {
    const nowMono = this.#deps.clock.mono();
    for (const receiver of this.#own) this.#tellOne(receiver, nowMono);
    this.#dropUseless(nowMono);
    this.#flush();
  }

  #tellOne(receiver: ReceiverId, nowMono: MonoMs): void {
    const isSeeing = this.#deps.isSeeing(receiver);
    const told = this.#told.get(receiver);
    const parts = this.#summary.take(receiver, nowMono, this.#deps.tagOf);
    const isNews = told?.isSeeing !== isSeeing || nowMono - told.atMono >= LIFE_SIGN_MS;
    if (parts.length === 0 && !isNews) return;
    this.#told.set(receiver, { atMono: nowMono, isSeeing });
    for (const sightings of parts.length === 0 ? [[]] : parts) {
      const { run, root, to, clock } = this.#deps;
      const seen = isSeeing ? {} : { seeing: false };
      const message = {
        v: 1,
        time: clock.now(),
        seq: this.#seq,
        session: run,
        ...seen,
        sightings,
      } as const;
      this.#seq += 1;
      for (const gateway of to) {
        const topic = namedTopic(root, gateway, "in/radio", receiver);
        this.#queue.push({ topic, madeMono: nowMono, message });
      }
    }
  }

  #dropUseless(nowMono: MonoMs): void {
    let count = Math.max(0, this.#queue.length - QUEUE_CAP);
    while (nowMono - (this.#queue[count]?.madeMono ?? nowMono) > USELESS_AFTER_MS) count += 1;
    if (count === 0) return;
    this.#queue.splice(0, count);
    if (this.#dropped === 0) {
      const fields = { event: "share.dropped", count };
      this.#deps.log.warn(fields, "what the receivers heard could not be shared in time");
    }
    this.#dropped += count;
  }

  #flush(): void {
    const link = this.#link;
    if (link === null) return;
    while (link.state.kind === "connected" && this.#inFlight.size < IN_FLIGHT_CAP) {
      const parcel = this.#queue.shift();
      if (parcel === undefined) return;
      this.#inFlight.add(parcel);
      const text = JSON.stringify({ ...parcel.message, sentAt: this.#deps.clock.now() });
      link.publish(parcel.topic, text, { qos: 1, retain: false }, (error) =>
        this.#settle(parcel, error),
      );
      // Refused at once: the line is just breaking, and will say so.
      if (this.#queue[0] === parcel) return;
    }
  }

  #settle(parcel: Parcel, error: Error | null): void {
    // Taken back before: it waits in the queue and will be sent again, under the same number.
    if (!this.#inFlight.delete(parcel)) return;
    if (error !== null) {
      this.#queue.unshift(parcel);
      return;
    }
    this.#sent += 1;
    this.#flush();
  }

  #takeBack(): void {
    this.#queue.unshift(...this.#inFlight);
    this.#inFlight.clear();
  }
}

/** The share's figures for people. Pure. */
export function shareTexts({
  sent,
  dropped,
}: ShareCounts): readonly (readonly [label: string, text: string])[] {
  const rows: (readonly [string, string])[] = [["summaries shared", String(sent)]];
  if (dropped > 0) rows.push(["summaries too late to share", String(dropped)]);
  return rows;
}
