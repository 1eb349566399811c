import { BoundedMap } from "../../core/bounded-map.ts";
import type { GatewayId, MonoMs, TenantId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { Link } from "../../io/mqtt/link.ts";
import type { LoyaltyKeys } from "../../privacy/loyalty/loyalty-keys.ts";
import { type Fill, type SealedKey, sealForRequest } from "../../privacy/vault/key-handover.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { parsePeerMessage } from "../../wire/envelopes.ts";
import {
  KEY_MESSAGE_BYTES,
  type KeyRequestMessage,
  keyRequestSchema,
} from "../../wire/key-messages.ts";
import { fleetFilter, parseTopic, plainTopic } from "../../wire/topics.ts";
import { KeyShelf, type KeyStore } from "./key-shelf.ts";

export interface KeyDeskTerms {
  readonly root: string;
  readonly link: Pick<Link, "publish" | "subscribe">;
  readonly store: KeyStore;
  readonly keys: LoyaltyKeys;
  /** The tenant that a gateway belongs to and that has loyalty switched on; null: there is none. */
  readonly tenantOf: (gateway: GatewayId) => TenantId | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly fill: Fill;
}

/** What became of requests since the start. */
export interface KeyDeskCounts {
  readonly handed: number;
  /** No request of ours, or with a public key that is none. */
  readonly unreadable: number;
  /** Of a gateway of no tenant that has loyalty. */
  readonly foreign: number;
  /** Of a gateway whose key was destroyed. */
  readonly destroyed: number;
  /** Answered before. */
  readonly repeated: number;
  /** Faster than keys are handed out. */
  readonly flooded: number;
  /** The store did not do; the gateway asks again. */
  readonly failed: number;
}

/** Gateways whose requests are counted: beyond it the one that asked longest ago is forgotten and starts with a full turn. */
const GATEWAYS = 10_000;
const REMEMBERED_MS = 3_600_000;
/** Requests in a row that are answered, and how soon there is another: a gateway asks once a start. */
const TURNS = 8;
const TURN_MS = 15_000;
/** Requests that the store is busy with; what comes on top is asked again. */
const AT_ONCE = 64;
const FAULTS_A_LINE = 60;

interface Asker {
  turns: number;
  sinceMono: MonoMs;
  /** The newest that took a turn, at most TURNS. */
  readonly requests: string[];
}

/**
 * Hands gateways the keys of their templates (`up/key-request`, `down/key`): each its own, sealed for the one request, so
 * that nobody on the way can read it. That it was handed out stands in the audit log before it leaves; who cannot be
 * noted gets nothing. Whoever is refused hears nothing.
 */
export class KeyDesk {
  readonly #terms: KeyDeskTerms;
  readonly #shelf: KeyShelf;
  readonly #askers = new BoundedMap<GatewayId, Asker>({ cap: GATEWAYS, idleMs: REMEMBERED_MS });
  /** Of gateways of each tenant, and of those of none. */
  readonly #counts = new Map<
    TenantId | null,
    { -readonly [Name in keyof KeyDeskCounts]: number }
  >();
  #busy = 0;

  constructor(terms: KeyDeskTerms) {
    const { store, keys, clock, fill } = terms;
    this.#terms = terms;
    this.#shelf = new KeyShelf({ store, keys, now: () => clock.now(), fill });
  }

  /** Requests by gateways of one tenant; null: by gateways of none. */
  countsOf(tenant: TenantId | null): KeyDeskCounts {
    return { ...this.#countOf(tenant) };
  }

  /** Listens to the gateways; call once, before the link starts. */
  attach(): void {
    const { link, root } = this.#terms;
    link.subscribe(fleetFilter(root, "up/key-request"), ({ topic, text }) =>
      this.answer(topic, text),
    );
  }

  /** Takes the text of `up/key-request`. Never rejects: what fails is asked again. */
  async answer(topic: string, text: string): Promise<void> {
    const gateway = parseTopic(this.#terms.root, topic)?.gatewayId;
    const request = requestOf(text);
    const tenant = gateway === undefined ? null : this.#terms.tenantOf(gateway);
    const counts = this.#countOf(tenant);
    if (gateway === undefined || request === null) {
      counts.unreadable += 1;
      return;
    }
    if (tenant === null) {
      counts.foreign += 1;
      return;
    }
    const refusal = this.#busy < AT_ONCE ? this.#refusalOf(gateway, request) : "flooded";
    if (refusal !== null) {
      counts[refusal] += 1;
      return;
    }
    this.#busy += 1;
    try {
      await this.#hand(tenant, gateway, request);
    } catch (error) {
      this.#fault(counts, error);
    } finally {
      this.#busy -= 1;
    }
  }

  #refusalOf(gateway: GatewayId, { request }: KeyRequestMessage): "repeated" | "flooded" | null {
    const nowMono = this.#terms.clock.mono();
    this.#askers.expire(nowMono);
    const asker = this.#askers.get(gateway, nowMono) ?? {
      ...{ turns: TURNS, sinceMono: nowMono, requests: [] },
    };
    if (asker.requests.includes(request)) return "repeated";
    const more = Math.floor((nowMono - asker.sinceMono) / TURN_MS);
    asker.turns = Math.min(TURNS, asker.turns + more);
    asker.sinceMono = (asker.sinceMono + more * TURN_MS) as MonoMs;
    this.#askers.set(gateway, asker, nowMono);
    if (asker.turns === 0) return "flooded";
    asker.turns -= 1;
    asker.requests.push(request);
    if (asker.requests.length > TURNS) asker.requests.shift();
    return null;
  }

  async #hand(tenant: TenantId, gateway: GatewayId, request: KeyRequestMessage): Promise<void> {
    const counts = this.#countOf(tenant);
    const key = await this.#shelf.take(tenant, gateway);
    if (key === null) {
      counts.destroyed += 1;
      // Somebody has a gateway that was given up.
      await this.#note(tenant, gateway, "refused");
      return;
    }
    const sealed = sealForRequest(key, gateway, request, this.#terms.fill);
    key.fill(0);
    if (!sealed.ok) {
      counts.unreadable += 1;
      return;
    }
    await this.#note(tenant, gateway, "handed");
    this.#send(gateway, sealed.value);
    counts.handed += 1;
  }

  #countOf(tenant: TenantId | null): { -readonly [Name in keyof KeyDeskCounts]: number } {
    const counts = this.#counts.get(tenant) ?? {
      ...{ handed: 0, unreadable: 0, foreign: 0, destroyed: 0 },
      ...{ repeated: 0, flooded: 0, failed: 0 },
    };
    this.#counts.set(tenant, counts);
    return counts;
  }

  #send(gateway: GatewayId, sealed: SealedKey): void {
    const { root, link, clock } = this.#terms;
    const topic = plainTopic(root, gateway, "down/key");
    const text = JSON.stringify({ v: 1, at: isoTime(clock.now()), ...sealed });
    link.publish(topic, text, { qos: 1, retain: false });
  }

  #note(tenant: TenantId, gateway: GatewayId, what: "handed" | "refused"): Promise<void> {
    const { store, clock } = this.#terms;
    return store.audit({
      ...{ at: clock.now(), actor: gateway, action: `loyalty:template-key-${what}` },
      ...{ target: gateway, detail: tenant },
    });
  }

  #fault(counts: { failed: number }, error: unknown): void {
    if (!(error instanceof GatewayError)) throw error;
    counts.failed += 1;
    if (counts.failed % FAULTS_A_LINE !== 1) return;
    const fields = { event: "loyalty.fault", code: error.code, repeated: counts.failed };
    this.#terms.log.error({ ...fields, err: error }, error.message);
  }
}

function requestOf(text: string): KeyRequestMessage | null {
  if (text.length > KEY_MESSAGE_BYTES) return null;
  const parsed = parsePeerMessage(keyRequestSchema, text);
  return parsed.ok ? parsed.value : null;
}
