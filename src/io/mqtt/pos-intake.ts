import { BoundedMap } from "../../core/bounded-map.ts";
import type { GatewayId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { TransactionReceived } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import { LARGEST_PAYLOAD_BYTES, parsePosReceipt } from "../../wire/envelopes.ts";
import { plainTopic } from "../../wire/topics.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Link } from "./link.ts";

/** A receipt from the till; the caller stamps `atMono`. */
export type ReceivedReceipt = Omit<TransactionReceived, "atMono">;

export interface PosIntakeOptions {
  readonly root: string;
  readonly gatewayId: GatewayId;
  readonly boot: string;
  readonly outbox: Pick<Outbox, "hasReceipt">;
  readonly onTransaction: (receipt: ReceivedReceipt) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** What came in since the start. */
export interface PosIntakeCounts {
  readonly received: number;
  readonly repeated: number;
  readonly invalid: number;
}

/** Receipts handed on whose event may not have reached the outbox yet. Beyond the cap the oldest are forgotten. */
const RECENT = { cap: 4096, idleMs: 3_600_000 };

/**
 * Takes receipts from `in/pos`. A receipt counts once, however often it is sent: receipts are remembered in the
 * outbox file in the same transaction as their event, so a restart in between changes nothing.
 */
export class PosIntake {
  readonly #options: PosIntakeOptions;
  readonly #recent = new BoundedMap<string, true>(RECENT);
  #received = 0;
  #repeated = 0;
  #invalid = 0;

  constructor(options: PosIntakeOptions) {
    this.#options = options;
  }

  get counts(): PosIntakeCounts {
    return { received: this.#received, repeated: this.#repeated, invalid: this.#invalid };
  }

  /** Subscribes on the link; call before it starts. */
  attach(link: Pick<Link, "subscribe">): void {
    const topic = plainTopic(this.#options.root, this.#options.gatewayId, "in/pos");
    link.subscribe(topic, (message) => this.take(message.text));
  }

  /** Takes one payload. A malformed one is counted and logged without its content. */
  take(text: string): void {
    const { gatewayId, boot, clock, log, outbox, onTransaction } = this.#options;
    const outcome = text.length > LARGEST_PAYLOAD_BYTES ? null : parsePosReceipt(text);
    if (outcome === null || !outcome.ok) {
      this.#invalid += 1;
      const faults = outcome?.error.map((fault) => `${fault.path}: expected ${fault.expected}`);
      // The first, the 10th, the 100th: a broken till must not flood the log; the page shows the count.
      if (Number.isInteger(Math.log10(this.#invalid))) {
        const fields = {
          event: "pos.invalid",
          code: "MESSAGE_INVALID",
          count: this.#invalid,
          faults,
        };
        log.warn(fields, "a message on in/pos was refused");
      }
      return;
    }
    const receipt = outcome.value;
    const { receiptId } = receipt;
    if (this.#recent.peek(receiptId) || outbox.hasReceipt(receiptId)) {
      this.#repeated += 1;
      return;
    }
    const seq = this.#received;
    onTransaction({ kind: "transaction", source: `pos:${gatewayId}#${boot}`, seq, ...receipt });
    // Not acknowledged to the broker, which delivers it again: disk and memory are full.
    if (!outbox.hasReceipt(receiptId)) {
      throw new GatewayError("DISK_FULL", "a receipt could not be kept");
    }
    this.#received += 1;
    this.#recent.set(receiptId, true, clock.mono());
  }
}
