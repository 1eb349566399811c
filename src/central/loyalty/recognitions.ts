import { createHash } from "node:crypto";
import { BoundedMap } from "../../core/bounded-map.ts";
import {
  type EpochMs,
  epochMs,
  monoMs,
  type StoreId,
  type SubjectRef,
  type TenantId,
} from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import { StoreAnomalies } from "../../privacy/loyalty/store-anomalies.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import type { DocumentRepository } from "../repository.ts";
import type { WishedEvent } from "./loyalty-config.ts";
import type { MemberBook } from "./member-book.ts";
import type { TenantDesk } from "./tenant-desk.ts";
import type { VisitBook } from "./visit-book.ts";
import type { HookJob, WebhookQueue } from "./webhook-queue.ts";

export interface RecognitionsTerms {
  readonly members: MemberBook;
  readonly visits: VisitBook;
  readonly queue: WebhookQueue;
  readonly store: Pick<DocumentRepository, "audit">;
  readonly distanceM: (a: string, b: string) => number | null;
  readonly now: () => EpochMs;
  readonly log: Log;
}

/** An event of a shop in which somebody may have been recognised. */
export interface ShopEvent {
  readonly id: string;
  readonly storeId: string;
  readonly storeGroup: string;
  readonly event: JourneyEvent;
}

/** Somebody was recognised in two stores at once: shown to people without saying who. */
export interface ShownAnomaly {
  readonly at: EpochMs;
  readonly member: string;
  readonly stores: readonly [string, string];
  readonly apartM: number;
  readonly withinMs: number;
}

type Completed = Extract<JourneyEvent, { readonly kind: "completed" }>;

/** A member is announced once per store, and again after so long without a sign. */
const ANNOUNCED_MS = 30 * 60_000;
const ANNOUNCED_CAP = 100_000;
const ANOMALIES_SHOWN = 100;
/** A visit that is told later than this moves no expiry on: it is no sign that the member still comes. */
const LATE_MS = 30 * 86_400_000;

/**
 * What follows when a shop recognised a member who agreed to it: the visit is kept, receivers are told, expiries move on,
 * and a member in two shops at once is raised. Of anybody else nothing is kept or told, whatever the event says.
 */
export class Recognitions {
  readonly #terms: RecognitionsTerms;
  readonly #watch: StoreAnomalies;
  readonly #announced = new BoundedMap<string, true>({ cap: ANNOUNCED_CAP, idleMs: ANNOUNCED_MS });
  #anomalies: readonly ShownAnomaly[] = [];
  readonly #untold = new Map<TenantId, number>();

  constructor(terms: RecognitionsTerms) {
    this.#terms = terms;
    this.#watch = new StoreAnomalies(terms.distanceM, terms.now);
  }

  /** The latest anomalies, newest first, at most 100. */
  get anomalies(): readonly ShownAnomaly[] {
    return this.#anomalies;
  }

  /** Anomalies of a tenant's members that were not told because there were too many. */
  untoldOf(tenant: TenantId): number {
    return this.#untold.get(tenant) ?? 0;
  }

  /** Forgets what is shown of a member who is not known any more. */
  forget(member: string): void {
    this.#anomalies = this.#anomalies.filter((one) => one.member !== member);
  }

  /** Takes an event of a tenant's shop; the same one again changes nothing. @throws STORE_FAILED and the ledger's faults */
  async take(desk: TenantDesk, shop: ShopEvent): Promise<void> {
    const tag = cardOf(shop.event);
    const subject = tag === null ? null : desk.memberNamed(shop.storeGroup, tag);
    if (subject === null) return;
    const { event } = shop;
    if (isByFace(event) && !desk.consents.gate.permit(subject, "loyalty-face").ok) return;
    if (event.kind === "completed") await this.#complete(desk, subject, shop, event);
    else await this.#recognise(desk, subject, shop);
  }

  async #recognise(desk: TenantDesk, subject: SubjectRef, shop: ShopEvent): Promise<void> {
    const { at } = shop.event;
    await this.#watchStores(desk, subject, shop.storeId, at);
    const stamp = monoMs(at);
    this.#announced.expire(stamp);
    const key = `${subject} ${shop.storeId}`;
    const isAnnounced = this.#announced.get(key, stamp) !== undefined;
    const { event } = shop;
    // Whoever shows something at a station stands there now, and is told of each time.
    const isAtStation = event.kind === "shopper-recognised";
    if (isAnnounced && !isAtStation) return;
    const where = isAtStation ? { stationId: event.stationId } : {};
    const method = isAtStation ? event.method : "beacon";
    this.#tell(desk, "shopper.recognised", subject, shop, { method, ...where });
    this.#announced.set(key, true, stamp);
  }

  async #complete(
    desk: TenantDesk,
    subject: SubjectRef,
    shop: ShopEvent,
    event: Completed,
  ): Promise<void> {
    const { members, visits, now } = this.#terms;
    const { isNew, isGone } = await visits.keep(subject, shop.storeId, event, now());
    if (isNew || isGone) await members.change(subject, (member) => counted(member, event, isNew));
    if (isNew && now() - event.exitedAt < LATE_MS) desk.consents.visited(subject);
    if (!event.isStaff) this.#tell(desk, "visit.completed", subject, shop, toldVisit(event));
    if (isNew) await this.#watchStores(desk, subject, shop.storeId, event.exitedAt);
  }

  async #watchStores(
    desk: TenantDesk,
    subject: SubjectRef,
    storeId: string,
    at: EpochMs,
  ): Promise<void> {
    const member = desk.outsideName(subject);
    const before = this.#watch.untold;
    const found = this.#watch.take({ member, storeId: storeId as StoreId, at });
    const untold = this.#watch.untold - before;
    if (untold > 0) this.#untold.set(desk.tenantId, this.untoldOf(desk.tenantId) + untold);
    if (found === null) return;
    const { stores, apartM, withinMs } = found;
    this.#anomalies = [{ at, member, stores, apartM, withinMs }, ...this.#anomalies].slice(
      0,
      ANOMALIES_SHOWN,
    );
    const fields = { event: "loyalty.two-stores", stores, apartM: Math.round(apartM), withinMs };
    this.#terms.log.warn(fields, "a member was recognised in two shops at once: a copy is about");
    const detail = `${stores.join(" and ")}, ${Math.round(apartM)} m, ${withinMs} ms`;
    await this.#terms.store.audit({
      ...{ at, actor: "centre", action: "loyalty:two-stores", target: member, detail },
    });
  }

  #tell(
    desk: TenantDesk,
    event: WishedEvent,
    subject: SubjectRef,
    { id, storeId, event: { at } }: ShopEvent,
    fields: object,
  ): void {
    const body = JSON.stringify({ storeId, occurredAt: isoTime(at), ...fields });
    const jobs: HookJob[] = desk.config.webhooks
      .filter(({ events }) => events.includes(event))
      .map(({ id: hookId }) => ({
        id: jobId(desk.tenantId, hookId, event, id),
        ...{ tenantId: desk.tenantId, hookId, event, subject, body, at },
      }));
    this.#terms.queue.add(jobs);
  }
}

/** The card that an event tells of; null: it is about no card, or somebody who left. Pure. */
export function cardOf(event: JourneyEvent): string | null {
  switch (event.kind) {
    case "completed":
    case "tag-zone-entered":
      return event.tagKind === "loyalty-card" ? event.tagId : null;
    case "shopper-recognised":
      return event.pseudonym;
    case "tag-presence":
      return event.tagKind === "loyalty-card" && event.state === "inside" ? event.tagId : null;
    default:
      return null;
  }
}

const isByFace = (event: JourneyEvent): boolean =>
  event.kind === "shopper-recognised" && event.method === "face";

const jobId = (...parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("\u0000")).digest("base64url").slice(0, 22);

/** Counts a visit in, or one that was withdrawn out. */
function counted<
  M extends { visits: number; firstVisitAt: EpochMs | null; lastVisitAt: EpochMs | null },
>(member: M, { enteredAt }: Completed, isNew: boolean): M {
  if (!isNew) return { ...member, visits: Math.max(0, member.visits - 1) };
  const { firstVisitAt, lastVisitAt } = member;
  return {
    ...member,
    visits: member.visits + 1,
    firstVisitAt: epochMs(Math.min(firstVisitAt ?? enteredAt, enteredAt)),
    lastVisitAt: epochMs(Math.max(lastVisitAt ?? enteredAt, enteredAt)),
  };
}

/** What is told of a visit: zones and receipts, nothing that names it elsewhere. */
function toldVisit(event: Completed): object {
  const { revision, isWithdrawn, enteredAt, exitedAt, stays, receipts } = event;
  return {
    visit: jobId("visit", event.visitId),
    ...{ revision, isWithdrawn, enteredAt: isoTime(enteredAt), exitedAt: isoTime(exitedAt) },
    zones: stays.map(({ zoneId, dwellMs }) => ({ zoneId, dwellMs })),
    purchases: receipts.map(({ transactionKind, netMinor, units }) => ({
      ...{ kind: transactionKind, netMinor, units },
    })),
  };
}
