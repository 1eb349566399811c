import { BoundedMap } from "../../core/bounded-map.ts";
import type { EpochMs, GatewayId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Link, LinkMessage } from "../../io/mqtt/link.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import type { CommandMessage } from "../../wire/fleet-messages.ts";
import { fleetFilter, parseTopic, plainTopic } from "../../wire/topics.ts";
import type { CentralStore } from "../repository.ts";

export interface RollCallOptions {
  readonly repository: Pick<CentralStore, "document">;
  /** Not yet started. */
  readonly link: Link;
  readonly root: string;
  /** Group of a shared subscription; absent = this centre hears all. */
  readonly share?: string;
  /** Name of this life of the centre; requests are numbered within it. */
  readonly run: string;
  readonly clock: Clock;
}

/** Most requests to one gateway: one that takes no commands never answers. */
const MOST_CALLS = 3;
/** Gateways remembered; of those beyond it, the ones longest silent are looked up again. */
const GATEWAYS = 20_000;
const GOOD_FOR_MS = 300_000;

/**
 * Asks gateways to announce themselves when the centre may have missed how they stand: it is new, or the broker lost its
 * session. What a broker keeps does not reach every newcomer: RabbitMQ gives nothing for a filter with wildcards, and no
 * broker does for a shared subscription. But each gateway tells its health once a minute; one whose report is missing,
 * or older than the time that may have been missed, is asked, and answers with its birth and its report.
 */
export class RollCall {
  readonly #options: RollCallOptions;
  /** Requests sent by gateway; `MOST_CALLS` also stands for one that needs none. */
  #calls = noCalls();
  /** When the last connection was lost; at first, when this life began. */
  #lostAt: EpochMs;
  /** Reports from before may be out of date; null: the broker kept the session, nothing was missed. */
  #missedFrom: EpochMs | null = null;
  #asked = 0;

  constructor(options: RollCallOptions) {
    this.#options = options;
    const { link, root, share, clock } = options;
    this.#lostAt = clock.now();
    link.onState((state) => {
      if (state.kind === "offline") {
        this.#lostAt = clock.now();
        this.#calls = noCalls();
      } else if (state.isResumed !== true) this.#missedFrom = this.#lostAt;
    });
    const prefix = share === undefined ? "" : `$share/${share}/`;
    link.subscribe(prefix + fleetFilter(root, "up/reported"), ({ topic }) => {
      const gateway = parseTopic(root, topic)?.gatewayId;
      if (gateway !== undefined) this.#calls.set(gateway, MOST_CALLS, clock.mono());
    });
    link.subscribe(prefix + fleetFilter(root, "up/health"), (message) => {
      // Nothing behind it waits for the store.
      void this.#hear(message);
    });
  }

  /** Requests sent since the start. */
  get asked(): number {
    return this.#asked;
  }

  async #hear({ topic, retained }: LinkMessage): Promise<void> {
    const { root, clock } = this.#options;
    const gateway = parseTopic(root, topic)?.gatewayId;
    // What a broker kept says nothing about who is there now.
    if (gateway === undefined || retained) return;
    const calls = this.#calls.get(gateway, clock.mono()) ?? 0;
    if (calls >= MOST_CALLS) return;
    this.#calls.set(gateway, calls + 1, clock.mono());
    try {
      if (await this.#isKnown(gateway)) this.#calls.set(gateway, MOST_CALLS, clock.mono());
      else this.#ask(gateway);
    } catch (error) {
      // The store is away for a moment: the next health tries again.
      if (!(error instanceof GatewayError)) throw error;
      this.#calls.set(gateway, calls, clock.mono());
    }
  }

  async #isKnown(gateway: GatewayId): Promise<boolean> {
    const key = { kind: "reported", owner: gateway, part: "" };
    const row = await this.#options.repository.document(key);
    return row !== null && row.at >= (this.#missedFrom ?? Number.NEGATIVE_INFINITY);
  }

  #ask(gateway: GatewayId): void {
    const { link, root, run, clock } = this.#options;
    this.#asked += 1;
    const now = clock.now();
    const command: CommandMessage = {
      ...{ v: 1, id: `${run}-call-${this.#asked}`, at: isoTime(now) },
      expiresAt: isoTime((now + GOOD_FOR_MS) as EpochMs),
      ...{ command: "announce", arguments: {} },
    };
    const topic = plainTopic(root, gateway, "down/cmd");
    link.publish(topic, JSON.stringify(command), { qos: 1, retain: false });
  }
}

const noCalls = (): BoundedMap<GatewayId, number> =>
  new BoundedMap({ cap: GATEWAYS, idleMs: Number.MAX_SAFE_INTEGER });
