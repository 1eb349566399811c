import type { EpochMs, GatewayId } from "../../core/brand.ts";
import type { Link } from "../../io/mqtt/link.ts";
import { memberPseudonym, pseudonymTag } from "../../privacy/loyalty/pseudonym.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import type { EraseMessage } from "../../wire/consent-messages.ts";
import { plainTopic } from "../../wire/topics.ts";
import type { Homes } from "./homes.ts";
import { CENTRE, type TenantConsents } from "./tenant-consents.ts";

export interface ErasureRoundTerms {
  readonly root: string;
  readonly link: Pick<Link, "publish" | "state">;
  readonly consents: TenantConsents;
  readonly homes: Homes;
  readonly pseudonymKey: Uint8Array;
}

/** Messages of one round; what is beyond has its turn in the next. */
const MESSAGES = 500;

type Asked = Omit<EraseMessage, "askedAt"> & { readonly askedAt: string };

/** An open request to erase as people are shown it: names nobody. */
export interface ShownErasure {
  readonly erasureId: string;
  readonly ageMs: number;
  readonly purposes: readonly string[];
  readonly waiting: readonly string[];
  readonly failed: readonly string[];
}

/**
 * Asks everyone who has not answered to erase (`down/erase`), again and again until they did. Rounds begin where the one
 * before ended, so that many requests that nobody answers keep no other from its turn.
 */
export class ErasureRound {
  readonly #terms: ErasureRoundTerms;
  readonly #asked = new Set<string>();
  #from = 0;

  constructor(terms: ErasureRoundTerms) {
    this.#terms = terms;
  }

  /** Asks for one request, at once; returns how many were asked. */
  ask(erasureId: string): number {
    const { consents, link } = this.#terms;
    const open = consents.erasure(erasureId);
    if (open === null || link.state.kind !== "connected") return 0;
    const gateways = open.waiting.filter((name) => name !== CENTRE) as GatewayId[];
    for (const gateway of gateways) this.#send(gateway, erasureId);
    return gateways.length;
  }

  /** Asks at once for what was never asked for in this life of the centre. */
  askNew(): void {
    const open = this.#terms.consents.openErasures().map(({ erasureId }) => erasureId);
    const present = new Set(open);
    for (const id of this.#asked) if (!present.has(id)) this.#asked.delete(id);
    for (const id of open) if (!this.#asked.has(id) && this.ask(id) > 0) this.#asked.add(id);
  }

  /** Asks for all that are open, at most 500 messages at a time. */
  repeat(): void {
    const open = this.#terms.consents.openErasures();
    let sent = 0;
    let looked = 0;
    while (looked < open.length && sent < MESSAGES) {
      const { erasureId } = open[(this.#from + looked) % open.length] ?? { erasureId: "" };
      sent += this.ask(erasureId);
      looked += 1;
    }
    this.#from = open.length === 0 ? 0 : (this.#from + looked) % open.length;
  }

  /** What is open, the oldest first. */
  shown(now: EpochMs): readonly ShownErasure[] {
    return this.#terms.consents
      .openErasures()
      .map(({ erasureId, askedAt, purposes, waiting, failed }) => ({
        ...{ erasureId, ageMs: Math.max(0, now - askedAt), purposes, waiting, failed },
      }));
  }

  #send(gateway: GatewayId, id: string): void {
    const { root, link, consents, homes, pseudonymKey } = this.#terms;
    const open = consents.erasure(id);
    if (open === null) return;
    const { tenantId, subjectRef, purposes, askedAt } = open;
    const group = homes.of(gateway)?.storeGroup;
    const aliases =
      group === undefined
        ? []
        : [pseudonymTag(memberPseudonym(pseudonymKey, group, subjectRef)) as string];
    const message: Asked = {
      ...{ v: 1, erasureId: id, tenantId, subjectRef, aliases, purposes },
      askedAt: isoTime(askedAt),
    };
    const topic = plainTopic(root, gateway, "down/erase");
    link.publish(topic, JSON.stringify(message), { qos: 1, retain: false });
  }
}
