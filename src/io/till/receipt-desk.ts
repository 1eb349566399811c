import { BoundedMap } from "../../core/bounded-map.ts";
import type { GatewayId } from "../../core/brand.ts";
import { type Clock, epochAt, type TimeAnchor } from "../../core/clock.ts";
import { GatewayError, type InputFault } from "../../core/errors.ts";
import type { TransactionReceived } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import { LARGEST_PAYLOAD_BYTES } from "../../wire/envelopes.ts";
import { LARGEST_RECEIPT_BYTES, type PosReceipt, parsePosReceipt } from "../../wire/pos-message.ts";
import { plainTopic } from "../../wire/topics.ts";
import type { Link } from "../mqtt/link.ts";
import { receiptKey } from "../outbox/journey-entry.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { type TillClockReading, TillClocks } from "./till-clock.ts";

export interface ReceiptDeskOptions {
  readonly gatewayId: GatewayId;
  readonly boot: string;
  /** Of the store; a receipt that names another is refused. */
  readonly currency: string;
  readonly outbox: Pick<Outbox, "hasReceipt" | "together">;
  readonly onTransaction: (receipt: TransactionReceived) => void;
  readonly anchor: () => TimeAnchor;
  readonly clock: Clock;
  readonly log: Log;
}

/** What came in since the start. */
export interface ReceiptCounts {
  readonly received: number;
  /** The same receipt again, with the same content. */
  readonly repeated: number;
  /** The number of a receipt again with another content; the first stays. */
  readonly conflicting: number;
  readonly invalid: number;
  /** What was wrong with the newest of those, as `field: expected ...`; null before the first. */
  readonly lastFault: string | null;
}

/** What became of a receipt. */
export type ReceiptOutcome =
  | { readonly kind: "taken" | "known" | "conflict"; readonly receiptId: string }
  | { readonly kind: "invalid"; readonly faults: readonly InputFault[] };

/** Receipts whose content is remembered, to tell a repetition from a conflict. Beyond the cap the oldest go. */
const RECENT = { cap: 4096, idleMs: 3_600_000 };
/** The till of a shop that has one and does not name it. */
const ONLY_TILL = "till";

/**
 * Where receipts come in, by MQTT, by HTTP or from a file. A receipt counts once, however often and on whatever way it
 * is sent: receipts are remembered in the outbox file in the same transaction as their event, so a restart in between
 * changes nothing.
 */
export class ReceiptDesk {
  readonly #options: ReceiptDeskOptions;
  readonly #recent = new BoundedMap<string, string>(RECENT);
  readonly #clocks = new TillClocks();
  #received = 0;
  /** Of the next receipt told; also one that could not be kept used up its number. */
  #seq = 0;
  #repeated = 0;
  #conflicting = 0;
  #invalid = 0;
  #lastFault: string | null = null;

  constructor(options: ReceiptDeskOptions) {
    this.#options = options;
  }

  get counts(): ReceiptCounts {
    return {
      received: this.#received,
      repeated: this.#repeated,
      conflicting: this.#conflicting,
      invalid: this.#invalid,
      lastFault: this.#lastFault,
    };
  }

  /** What is known of the tills' clocks. */
  clocks(): readonly TillClockReading[] {
    return this.#clocks.readings();
  }

  /** Subscribes to `in/pos`; call before the link starts. */
  attach(link: Pick<Link, "subscribe">, root: string): void {
    const topic = plainTopic(root, this.#options.gatewayId, "in/pos");
    // Asynchronous, so that a receipt that could not be kept is not acknowledged, and ends no process.
    link.subscribe(topic, async (message) => void this.takeText(message.text));
  }

  /**
   * Takes one `in/pos` message. A malformed one is counted and logged without its content.
   * @throws DISK_FULL when the receipt could not be kept: whoever sent it must send it again
   */
  takeText(text: string): ReceiptOutcome {
    const { currency } = this.#options;
    const bytes = Buffer.byteLength(text);
    if (bytes > LARGEST_PAYLOAD_BYTES) {
      const expected = `at most ${LARGEST_RECEIPT_BYTES} bytes in all: fewer lines or shorter texts, or none of the lines`;
      return this.refuse([{ path: "lines", found: `${bytes} bytes`, expected }]);
    }
    const outcome = parsePosReceipt(text, currency);
    return outcome.ok
      ? this.take(outcome.value, { isImported: false })
      : this.refuse(outcome.error);
  }

  /** Counts a receipt that could not be read. */
  refuse(faults: readonly InputFault[]): ReceiptOutcome {
    this.#invalid += 1;
    const named = faults.map(({ path, expected }) => `${path}: expected ${expected}`);
    this.#lastFault = named[0] ?? null;
    // The first, the 10th, the 100th: a broken till must not flood the log; the page shows the count.
    if (Number.isInteger(Math.log10(this.#invalid))) {
      const count = this.#invalid;
      this.#options.log.warn(
        { event: "pos.invalid", code: "MESSAGE_INVALID", count, faults: named },
        "a receipt was refused",
      );
    }
    return { kind: "invalid", faults };
  }

  /**
   * Takes receipts that were checked and are brought in afterwards, so that their arrival tells nothing. They are
   * committed together: none of them is told as taken before all are on the disk.
   * @throws DISK_FULL when not all are; the import may be repeated, since those that are, are known then
   */
  takeImported(receipts: readonly PosReceipt[]): readonly ReceiptOutcome[] {
    const outcomes: ReceiptOutcome[] = [];
    const areKept = this.#options.outbox.together(() => {
      for (const receipt of receipts) outcomes.push(this.take(receipt, { isImported: true }));
    });
    if (!areKept) throw notKept("receipts of an import could not be kept");
    return outcomes;
  }

  /**
   * Takes a receipt that was checked. `isImported`: brought in afterwards, so that its arrival tells nothing.
   * @throws DISK_FULL
   */
  take(receipt: PosReceipt, { isImported }: { readonly isImported: boolean }): ReceiptOutcome {
    const { outbox, clock, onTransaction, gatewayId, boot } = this.#options;
    const { receiptId } = receipt;
    const key = receiptKey(receipt);
    const content = JSON.stringify(receipt);
    const recent = this.#recent.peek(key);
    if (recent !== undefined || outbox.hasReceipt(key))
      return this.#again(receiptId, recent, content);
    const atMono = clock.mono();
    const ahead = isImported ? { isImported } : this.#clockOf(receipt);
    const source = `pos:${gatewayId}#${boot}`;
    const seq = this.#seq;
    this.#seq += 1;
    onTransaction({ kind: "transaction", source, seq, atMono, ...receipt, ...ahead });
    // Not acknowledged to the sender, who sends it again: disk and memory are full.
    if (!outbox.hasReceipt(key)) throw notKept("a receipt could not be kept");
    this.#received += 1;
    this.#recent.set(key, content, atMono);
    return { kind: "taken", receiptId };
  }

  #again(receiptId: string, before: string | undefined, content: string): ReceiptOutcome {
    if (before === undefined || before === content) {
      this.#repeated += 1;
      return { kind: "known", receiptId };
    }
    this.#conflicting += 1;
    return { kind: "conflict", receiptId };
  }

  /** While our own clock has not been set, nothing can be said about another. */
  #clockOf({ tillId, paidAt }: PosReceipt): { readonly clockAheadMs?: number } {
    const { anchor, clock } = this.#options;
    const now = anchor();
    if (now.clock === "unsynced") return {};
    const atMono = clock.mono();
    const aheadMs = this.#clocks.take(tillId ?? ONLY_TILL, paidAt, epochAt(now, atMono), atMono);
    return aheadMs === 0 ? {} : { clockAheadMs: aheadMs };
  }
}

const notKept = (message: string): GatewayError => new GatewayError("DISK_FULL", message);
