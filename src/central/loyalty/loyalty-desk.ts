import { join } from "node:path";
import type { EpochMs, GatewayId, TenantId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { Disposer, type Log, type Service } from "../../core/lifecycle.ts";
import type { Link } from "../../io/mqtt/link.ts";
import { readCloudEvent } from "../../wire/cloud-event.ts";
import type { CentralStore } from "../repository.ts";
import { Homes, storeDistances } from "./homes.ts";
import type { CentralLoyaltyConfig } from "./loyalty-config.ts";
import { LoyaltyKeys } from "./loyalty-keys.ts";
import { MemberBook } from "./member-book.ts";
import { cardOf, Recognitions } from "./recognitions.ts";
import { TableDesk } from "./table-desk.ts";
import type { Tap, TappedEvent } from "./tap-commits.ts";
import { CENTRE } from "./tenant-consents.ts";
import { type ConsentTold, TenantDesk } from "./tenant-desk.ts";
import { VisitBook } from "./visit-book.ts";
import { postHook } from "./webhook-post.ts";
import { WebhookQueue } from "./webhook-queue.ts";
import { type Hook, WebhookSender } from "./webhook-sender.ts";

/** What loyalty at the centre is switched on with. */
export interface LoyaltySetting {
  readonly config: CentralLoyaltyConfig;
  readonly masterKey: Uint8Array;
  /** Secret of a webhook. */
  readonly secretOf: (tenant: TenantId, hookId: string) => string;
}

export interface LoyaltyDeskTerms extends LoyaltySetting {
  readonly store: CentralStore;
  readonly root: string;
  /** Not yet started. */
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** A gateway's lease lives on it: a quarter of it. */
const REPEAT_MS = 15_000;
const SWEEP_MS = 10_000;
/** Members whose visits are looked through in one sweep: all of 100,000 in three hours. */
const PRUNED_AT_ONCE = 100;
/** A member may stand so long without a consent: the registration is under way. */
const PENDING_MS = 600_000;
const FAULTS_A_LINE = 60;
const TOLD: readonly string[] = ["consent-recorded", "consent-applied", "erasure-answered"];
const WANTED =
  /"type":"vitrine\.(consent-|erasure-|shopper-recognised|tag-presence|tag-zone-entered|completed)/;

/**
 * Loyalty at the centre: members and their consents, what gateways are told, visits, receivers. It hears every event
 * before it is stored and acknowledged (`tapCommits`), so that no revocation of a gateway can be missed.
 */
export class LoyaltyDesk implements Service, Tap {
  readonly name = "loyalty";
  readonly members: MemberBook;
  readonly visits: VisitBook;
  readonly homes: Homes;
  readonly tables: TableDesk;
  readonly queue: WebhookQueue;
  readonly sender: WebhookSender;
  readonly recognitions: Recognitions;
  readonly #terms: LoyaltyDeskTerms;
  readonly #desks = new Map<TenantId, TenantDesk>();
  readonly #disposer = new Disposer();
  #timers: readonly Timer[] = [];
  #sweep: Promise<void> | null = null;
  #pruning: Iterator<readonly [TenantDesk, ReturnType<MemberBook["bySubject"]>]> | null = null;
  #faults = 0;

  private constructor(terms: LoyaltyDeskTerms, keys: LoyaltyKeys, members: MemberBook) {
    const { config, store, root, link, clock, log, random } = terms;
    this.#terms = terms;
    this.members = members;
    this.visits = new VisitBook(store);
    this.homes = new Homes(config);
    this.queue = new WebhookQueue(join(config.stateDir, "webhooks.db"));
    this.#disposer.add(() => this.queue.close());
    const pseudonymKeyOf = (storeGroup: string): Uint8Array | null => {
      const tenant = this.homes.tenantOfGroup(storeGroup);
      return tenant === null ? null : keys.pseudonymKey(tenant);
    };
    const groupOf = (id: GatewayId): string | null => this.homes.of(id)?.storeGroup ?? null;
    this.tables = new TableDesk({ root, groupOf, pseudonymKeyOf, clock });
    const parts = { homes: this.homes, members, visits: this.visits, queue: this.queue };
    for (const tenant of config.tenants) {
      const { stateDir } = config;
      const own = { root, stateDir, tenant, keys, link, tables: this.tables, clock, log };
      const desk = new TenantDesk({ ...own, ...parts });
      this.#desks.set(tenant.tenantId, desk);
      this.#disposer.add(() => desk.close());
    }
    this.recognitions = new Recognitions({
      ...{ members, visits: this.visits, queue: this.queue, store, log },
      ...{ distanceM: storeDistances(config.tenants), now: () => clock.now() },
    });
    this.sender = new WebhookSender({
      ...{ queue: this.queue, hooks: hooksOf(terms), post: postHook, clock, log, random },
      messageOf: (job) => {
        const desk = this.#desks.get(job.tenantId);
        if (desk === undefined || !desk.consents.mayRecognise(job.subject)) return null;
        const member = desk.outsideName(job.subject);
        const head = { id: job.id, type: job.event, tenantId: job.tenantId, member };
        return JSON.stringify({ ...head, ...(JSON.parse(job.body) as object) });
      },
    });
    this.tables.attach(link);
    link.onState(({ kind }) => {
      if (kind === "connected") for (const desk of this.#desks.values()) desk.repeat();
    });
  }

  /**
   * Opens everything and checks it. Call before the link starts.
   * @throws LOYALTY_KEY_WRONG, CONSENT_LEDGER_DAMAGED, CONSENT_LEDGER_UNAVAILABLE, STORE_FAILED
   */
  static async open(terms: LoyaltyDeskTerms): Promise<LoyaltyDesk> {
    const { config, masterKey, store, clock } = terms;
    const keys = new LoyaltyKeys(masterKey);
    const tenants = config.tenants.map(({ tenantId }) => tenantId);
    const members = await MemberBook.open({ store, keys, now: () => clock.now() }, tenants);
    const desk = new LoyaltyDesk(terms, keys, members);
    for (const { gatewayId, storeId } of await store.gateways())
      if (storeId !== null) desk.homes.note(gatewayId as GatewayId, storeId);
    return desk;
  }

  /** null: there is no such tenant here. */
  desk(tenant: TenantId): TenantDesk | null {
    return this.#desks.get(tenant) ?? null;
  }

  desks(): Iterable<TenantDesk> {
    return this.#desks.values();
  }

  async start(signal: AbortSignal): Promise<void> {
    const { clock } = this.#terms;
    if (this.#timers.length > 0 || signal.aborted) return;
    this.#timers = [
      clock.every(REPEAT_MS, "loyalty.repeat", () => this.#attempt(() => this.repeat())),
      clock.every(SWEEP_MS, "loyalty.sweep", () => {
        this.#sweep ??= this.sweep().finally(() => {
          this.#sweep = null;
        });
      }),
    ];
    await this.tables.start(signal);
    await this.sender.start(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    await this.#sweep;
    await this.sender[Symbol.asyncDispose]();
    await this.tables[Symbol.asyncDispose]();
    await this.#disposer[Symbol.asyncDispose]();
  }

  onHome(gateway: GatewayId, storeId: string): void {
    if (!this.homes.note(gateway, storeId)) return;
    const home = this.homes.ofStore(storeId);
    if (home !== null) this.desk(home.tenantId)?.news.greet(gateway);
  }

  async onEvents(
    gateway: GatewayId,
    storeId: string,
    events: readonly TappedEvent[],
  ): Promise<void> {
    const home = this.homes.ofStore(storeId);
    const desk = home === null ? null : this.desk(home.tenantId);
    if (home === null || desk === null) return;
    for (const { id, body } of events) {
      if (!WANTED.test(body)) continue;
      const reading = readCloudEvent(JSON.parse(body));
      if (reading.kind !== "journey") continue;
      const { event } = reading;
      if (isTold(event)) desk.take(gateway, event);
      else if (cardOf(event) !== null)
        await this.recognitions.take(desk, { id, storeId, storeGroup: home.storeGroup, event });
    }
  }

  /** Tells everyone how consents stand, and asks everyone anew who has not erased. */
  repeat(): void {
    for (const desk of this.#desks.values()) desk.repeat();
  }

  /** What time brings: ends what is over, erases here, prunes. What fails is tried again in ten seconds. */
  async sweep(): Promise<void> {
    for (const desk of this.#desks.values()) this.#attempt(() => desk.sweep());
    try {
      for (const desk of this.#desks.values()) await desk.eraseHere(CENTRE);
      await this.#prune();
      this.#faults = 0;
    } catch (error) {
      this.#fault(error);
    }
  }

  now(): EpochMs {
    return this.#terms.clock.now();
  }

  async #prune(): Promise<void> {
    this.#pruning ??= this.#everyone();
    for (let i = 0; i < PRUNED_AT_ONCE; i += 1) {
      const next = this.#pruning.next();
      if (next.done === true) {
        this.#pruning = null;
        return;
      }
      const [desk, member] = next.value;
      if (member === null) continue;
      await this.visits.prune(member.subject, this.now());
      if (this.now() - member.registeredAt > PENDING_MS) await desk.forgetWithout(member.subject);
    }
  }

  *#everyone(): Generator<readonly [TenantDesk, ReturnType<MemberBook["bySubject"]>]> {
    for (const desk of this.#desks.values())
      for (const member of this.members.of(desk.tenantId)) yield [desk, member];
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    if (!(error instanceof GatewayError)) throw error;
    this.#faults += 1;
    if (this.#faults % FAULTS_A_LINE !== 1) return;
    const fields = { event: "loyalty.fault", code: error.code, repeated: this.#faults, err: error };
    this.#terms.log.error(fields, error.message);
  }
}

const isTold = (event: JourneyEvent): event is ConsentTold => TOLD.includes(event.kind);

function hooksOf({ config, secretOf }: LoyaltySetting): readonly Hook[] {
  return config.tenants.flatMap(({ tenantId, webhooks }) =>
    webhooks.map(({ id, url, keyId, events, allowPrivate }) => ({
      ...{ tenantId, hookId: id, url, keyId, events, allowPrivate },
      secret: secretOf(tenantId, id),
    })),
  );
}
