import { createHash } from "node:crypto";
import type { EpochMs, GatewayId } from "../../core/brand.ts";
import type { Link } from "../../io/mqtt/link.ts";
import type { ErasureAddressee, OpenErasure } from "../../privacy/consent/erasure-book.ts";
import { memberPseudonym, pseudonymTag } from "../../privacy/loyalty/pseudonym.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import type { EraseMessage } from "../../wire/consent-messages.ts";
import { plainTopic } from "../../wire/topics.ts";
import type { Homes } from "./homes.ts";
import { CENTRE, hookOf, type TenantConsents } from "./tenant-consents.ts";
import type { HookJob, WebhookQueue } from "./webhook-queue.ts";

export interface ErasureRoundTerms {
  readonly root: string;
  readonly link: Pick<Link, "publish" | "state">;
  readonly consents: TenantConsents;
  readonly homes: Homes;
  readonly pseudonymKey: Uint8Array;
  /** Receivers of webhooks are told by this. */
  readonly queue: Pick<WebhookQueue, "add">;
}

/** Everybody should have answered by then; later it is shown to people. @source the privacy rules, P2 */
export const OVERDUE_MS = 86_400_000;

type Open = OpenErasure & ErasureAddressee;

const erasureJobId = (erasureId: string, name: string): string =>
  createHash("sha256").update(`${erasureId}\u0000${name}`).digest("base64url").slice(0, 22);

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
  /** Open for more than a day. */
  readonly isOverdue: boolean;
}

/**
 * Asks everyone who has not answered to erase, again and again until they did: gateways by `down/erase`, receivers of
 * webhooks by a message that is tried until it is taken. Rounds begin where the one
 * before ended, so that many requests that nobody answers keep no other from its turn.
 */
export class ErasureRound {
  readonly #terms: ErasureRoundTerms;
  readonly #asked = new Set<string>();
  /** Requests whose messages to receivers are in their queue; as many as are open. */
  readonly #queued = new Set<string>();
  #from = 0;

  constructor(terms: ErasureRoundTerms) {
    this.#terms = terms;
  }

  /** Asks for one request, at once; returns how many gateways were asked. */
  ask(erasureId: string): number {
    const { consents, link } = this.#terms;
    const open = consents.erasure(erasureId);
    if (open === null) return 0;
    this.#tellReceivers(open);
    if (link.state.kind !== "connected") return 0;
    const isGateway = (name: string): boolean => name !== CENTRE && hookOf(name) === null;
    const gateways = open.waiting.filter(isGateway) as GatewayId[];
    for (const gateway of gateways) this.#send(gateway, erasureId);
    return gateways.length;
  }

  /** Asks at once for what was never asked for in this life of the centre. */
  askNew(): void {
    const open = this.#terms.consents.openErasures().map(({ erasureId }) => erasureId);
    const present = new Set(open);
    for (const asked of [this.#asked, this.#queued])
      for (const id of asked) if (!present.has(id)) asked.delete(id);
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
        isOverdue: now - askedAt > OVERDUE_MS,
      }));
  }

  /** Until all are in the queue, and once in each life of the centre: the queue knows what is in it already. */
  #tellReceivers({
    erasureId,
    tenantId,
    subjectRef: subject,
    purposes,
    waiting,
    askedAt,
  }: Open): void {
    if (this.#queued.has(erasureId)) return;
    const body = JSON.stringify({ erasureId, purposes, occurredAt: isoTime(askedAt) });
    const jobs = waiting.flatMap((name): readonly HookJob[] => {
      const hookId = hookOf(name);
      const id = erasureJobId(erasureId, name);
      return hookId === null
        ? []
        : [{ id, tenantId, hookId, event: "member.erased", subject, body, at: askedAt }];
    });
    if (this.#terms.queue.add(jobs).length === 0) this.#queued.add(erasureId);
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
