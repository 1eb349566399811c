import type { GatewayId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { BasketReported } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import { parseBasketMessage } from "../../wire/basket-message.ts";
import { plainTopic } from "../../wire/topics.ts";
import type { Link } from "../mqtt/link.ts";

export interface BasketIntakeOptions {
  readonly gatewayId: GatewayId;
  readonly boot: string;
  readonly onChange: (change: BasketReported) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Takes what smart baskets and hand-held scanners tell on `in/basket`. A malformed message is counted and left out. */
export class BasketIntake {
  readonly #options: BasketIntakeOptions;
  #received = 0;
  #invalid = 0;

  constructor(options: BasketIntakeOptions) {
    this.#options = options;
  }

  get counts(): { readonly received: number; readonly invalid: number } {
    return { received: this.#received, invalid: this.#invalid };
  }

  /** Subscribes to `in/basket`; call before the link starts. */
  attach(link: Pick<Link, "subscribe">, root: string): void {
    const topic = plainTopic(root, this.#options.gatewayId, "in/basket");
    link.subscribe(topic, (message) => this.take(message.text));
  }

  /** Takes one message. */
  take(text: string): void {
    const { gatewayId, boot, clock, log, onChange } = this.#options;
    const outcome = parseBasketMessage(text);
    if (!outcome.ok) {
      this.#invalid += 1;
      // The first, the 10th, the 100th: a broken scanner must not flood the log.
      if (Number.isInteger(Math.log10(this.#invalid))) {
        const faults = outcome.error.map((fault) => `${fault.path}: expected ${fault.expected}`);
        const fields = { event: "basket.invalid", code: "MESSAGE_INVALID", faults };
        log.warn({ ...fields, count: this.#invalid }, "a message on in/basket was refused");
      }
      return;
    }
    const { v: _, id, ...what } = outcome.value;
    const change = { ...what, ...(id === undefined ? {} : { changeId: id }) };
    const origin = { source: `basket:${gatewayId}#${boot}`, seq: this.#received };
    this.#received += 1;
    onChange({ kind: "basket-reported", ...origin, atMono: clock.mono(), ...change });
  }
}
