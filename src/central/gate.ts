import { BoundedMap } from "../core/bounded-map.ts";
import type { GatewayId } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import type { Link, LinkMessage } from "../io/mqtt/link.ts";
import { fleetFilter, parseTopic } from "../wire/topics.ts";
import { AsideDesk } from "./aside-desk.ts";
import { bugFields } from "./bug-fields.ts";
import { GatewayQuota, type QuotaOptions } from "./gateway-quota.ts";
import type { CentralStore } from "./repository.ts";

export interface GateOptions {
  readonly repository: Pick<CentralStore, "quarantine">;
  /** Not yet started. */
  readonly link: Link;
  readonly root: string;
  /** Group of a shared subscription, when several centres share what comes; absent = this one takes all. */
  readonly share?: string;
  /** How much one gateway may send, on all channels together; absent = the default. */
  readonly quota?: QuotaOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Channels that come in here. */
export type UpChannel = "up/ev" | "up/birth" | "up/health" | "up/reported";

/** A message that may be read. */
export interface Admitted {
  readonly gatewayId: GatewayId;
  readonly text: string;
  /** How long its gateway should pause; 0 = not at all. */
  readonly pauseMs: number;
}

/**
 * What the gate did since the start: messages dropped because their sender did not pause, messages under no topic of a
 * gateway, messages set aside that were only counted, and messages let go because the store or the program failed.
 */
export interface GateCounts {
  readonly flooded: number;
  readonly foreign: number;
  readonly unkept: number;
  readonly failed: number;
}

/** No id of a gateway: stands for all who send under a topic that names none. */
export const NOBODY = "?" as GatewayId;
/** Longest time a message is held at the broker. */
const HOLD_MS = 3000;
/** Gateways whose dropped messages are counted one by one; those longest without one are forgotten. */
const FLOODERS = 1000;
const SHOWN_TOPIC = 200;

/**
 * What every message of a gateway passes before it is read: the grammar of its topic, the quota of its sender, and the
 * rule that nothing a message meets may hold up those behind it. A fault of the store, or one of the program, lets the
 * message go; one that takes longer than three seconds is let go meanwhile. Gateways send again what was not
 * acknowledged.
 */
export class Gate {
  readonly aside: AsideDesk;
  readonly #options: GateOptions;
  readonly #quota: GatewayQuota;
  readonly #flooders = new BoundedMap<string, number>({
    cap: FLOODERS,
    idleMs: Number.MAX_SAFE_INTEGER,
  });
  readonly #counts = { flooded: 0, foreign: 0, failed: 0 };

  constructor(options: GateOptions) {
    this.#options = options;
    this.#quota = new GatewayQuota(options.quota);
    this.aside = new AsideDesk(options);
  }

  get counts(): GateCounts {
    return { ...this.#counts, unkept: this.aside.unkept };
  }

  /** Messages dropped by gateway, of the 1,000 that flooded last. */
  flooders(): readonly { readonly gatewayId: string; readonly messages: number }[] {
    return [...this.#flooders.entries()].map(([gatewayId, messages]) => ({ gatewayId, messages }));
  }

  /** Subscribes to a channel of all gateways. `take` may reject. */
  open(channel: UpChannel, take: (message: Admitted) => Promise<void>): void {
    const { link, root, share } = this.#options;
    const prefix = share === undefined ? "" : `$share/${share}/`;
    link.subscribe(prefix + fleetFilter(root, channel), (message) =>
      this.#held(this.#guarded(channel, () => this.#pass(channel, message, take))),
    );
  }

  async #pass(
    channel: UpChannel,
    { topic, text }: LinkMessage,
    take: (message: Admitted) => Promise<void>,
  ): Promise<void> {
    const { root, clock } = this.#options;
    const address = parseTopic(root, topic);
    const gatewayId = address?.gatewayId ?? NOBODY;
    const bytes = Buffer.byteLength(text);
    const verdict = this.#quota.charge(gatewayId, bytes, channel !== "up/ev", clock.mono());
    if (verdict.kind === "drop") {
      this.#counts.flooded += 1;
      const before = this.#flooders.peek(gatewayId) ?? 0;
      this.#flooders.set(gatewayId, before + 1, clock.mono());
      return;
    }
    if (address === null) {
      this.#counts.foreign += 1;
      const shown = JSON.stringify(topic.slice(0, SHOWN_TOPIC));
      const reason = `topic: expected levels of 1 to 64 letters, digits, - or _, found ${shown}`;
      await this.aside.note(NOBODY, { kind: "topic", reason, text });
      return;
    }
    await take({ gatewayId, text, pauseMs: verdict.pauseMs });
  }

  /** A rejection would break the connection and bring the same message again. */
  async #guarded(channel: UpChannel, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#counts.failed += 1;
      const code = error instanceof GatewayError ? error.code : null;
      const bug = bugFields(error);
      this.aside.say(`${channel} ${code ?? bug.fault}`, (suppressed) => {
        const { log } = this.#options;
        if (code !== null) {
          const fields = { event: "ingest.not-noted", code, channel, suppressed };
          log.warn(fields, "the store could not note a message");
        } else {
          const fields = { event: "ingest.broken", channel, ...bug, suppressed };
          log.error(fields, "a message met a fault of the program and was let go");
        }
      });
    }
  }

  /** Waits for the work on a message, but not for ever: one that hangs must not hold up those behind it. */
  #held(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(HOLD_MS, "ingest hold", () => resolve());
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
