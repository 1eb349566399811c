import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import type { EpochMs, GatewayId, TenantId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { Disposer, type Log, type Service } from "../../core/lifecycle.ts";
import type { SitePlan } from "../../core/site.ts";
import type { Link } from "../../io/mqtt/link.ts";
import { LoyaltyKeys } from "../../privacy/loyalty/loyalty-keys.ts";
import { readCloudEvent } from "../../wire/cloud-event.ts";
import type { NamedEvent } from "../named-events.ts";
import type { BatchRecord, CentralStore } from "../repository.ts";
import { StorePlans } from "../rollups/store-plans.ts";
import type { ShownErasure } from "./erasure-round.ts";
import { GoneBook } from "./gone-book.ts";
import { Homes, storeDistances } from "./homes.ts";
import { KeyDesk } from "./key-desk.ts";
import type { CentralLoyaltyConfig } from "./loyalty-config.ts";
import { MemberBook } from "./member-book.ts";
import { cardOf, Recognitions } from "./recognitions.ts";
import { ShopDays } from "./shop-days.ts";
import { StoreEraser } from "./store-eraser.ts";
import { TableDesk } from "./table-desk.ts";
import type { Tap, TappedEvent } from "./tap-commits.ts";
import { type ConsentTold, TenantDesk } from "./tenant-desk.ts";
import { VisitBook } from "./visit-book.ts";
import { dropFormerJobs, erasureOf, hooksOf, messageOf } from "./webhook-message.ts";
import { postHook } from "./webhook-post.ts";
import { WebhookQueue } from "./webhook-queue.ts";
import { WebhookSender } from "./webhook-sender.ts";

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
  /** Days that the store keeps events; absent = all. */
  readonly keepDays?: number;
  /** Site plans that win over what gateways report. */
  readonly sites?: readonly SitePlan[];
}

const DAY_MS = 86_400_000;
/** How long a late event of somebody who was erased is looked for: as long as it would be kept, and a month in addition. */
const KEPT_DAYS = 400;
const LATE_DAYS = 31;
const EXPIRY =
  "consents: twelve months after the last visit, at most thirty-six after they were given";
const VISITS = "visits: older than ninety days, or beyond five hundred of a member";
const GONE = "marks of erased members: no event is kept that long";
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
  /** Keys of gateways' templates. */
  readonly templateKeys: KeyDesk;
  readonly queue: WebhookQueue;
  readonly sender: WebhookSender;
  readonly recognitions: Recognitions;
  readonly #terms: LoyaltyDeskTerms;
  readonly #desks = new Map<TenantId, TenantDesk>();
  readonly #disposer = new Disposer();
  /** Names that were taken out of the store. */
  readonly gone: GoneBook;
  readonly #eraser: StoreEraser;
  readonly #commits = new Set<Promise<void>>();
  readonly #pruned = new Map<TenantId, number>();
  #timers: readonly Timer[] = [];
  #sweep: Promise<void> | null = null;
  #pruning: Iterator<readonly [TenantDesk, ReturnType<MemberBook["bySubject"]>]> | null = null;
  #faults = 0;
  #goneTold = 0;

  private constructor(
    terms: LoyaltyDeskTerms,
    { keys, members, gone }: { keys: LoyaltyKeys; members: MemberBook; gone: GoneBook },
  ) {
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
    this.templateKeys = new KeyDesk({
      ...{ root, link, store, keys, clock, log, fill: (bytes) => void randomFillSync(bytes) },
      tenantOf: (id) => {
        const tenant = this.homes.of(id)?.tenantId;
        const found = config.tenants.find((one) => one.tenantId === tenant);
        return found === undefined || found.jurisdiction === "off" ? null : found.tenantId;
      },
    });
    this.gone = gone;
    const plans = new StorePlans({ files: terms.sites ?? [], repository: store, log });
    this.#eraser = new StoreEraser({
      ...{ store, gone, days: new ShopDays((storeId) => plans.of(storeId)) },
      now: () => clock.now(),
      keptSince: (tenant, storeId, name) => this.#keptSince(tenant, storeId, name),
      commitsDone: async () => void (await Promise.allSettled([...this.#commits])),
    });
    const onForgotten = (member: string): void => this.recognitions.forget(member);
    const stored = { visits: this.visits, queue: this.queue, eraser: this.#eraser, onForgotten };
    const parts = { homes: this.homes, members, ...stored };
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
      ...{
        queue: this.queue,
        hooks: hooksOf(config, terms.secretOf),
        post: postHook,
        clock,
        log,
        random,
      },
      messageOf: (job) => messageOf(this.#desks.get(job.tenantId) ?? null, job),
      onErased: (job) => this.#desks.get(job.tenantId)?.takeErased(erasureOf(job.body), job.hookId),
    });
    this.tables.attach(link);
    this.templateKeys.attach();
    link.onState(({ kind }) => {
      if (kind === "connected") for (const desk of this.#desks.values()) desk.repeat();
    });
  }

  /**
   * Opens everything and checks it. Call before the link starts.
   * @throws LOYALTY_KEY_WRONG, CONSENT_LEDGER_DAMAGED, CONSENT_LEDGER_UNAVAILABLE, STORE_FAILED
   */
  static async open(terms: LoyaltyDeskTerms): Promise<LoyaltyDesk> {
    const { config, masterKey, store, clock, log } = terms;
    const keys = new LoyaltyKeys(masterKey);
    const tenants = config.tenants.map(({ tenantId }) => tenantId);
    const members = await MemberBook.open({ store, keys, now: () => clock.now() }, tenants);
    const keptMs = ((terms.keepDays ?? KEPT_DAYS) + LATE_DAYS) * DAY_MS;
    const own = { store, keys, now: () => clock.now(), keptMs };
    const gone = await GoneBook.open(own, tenants);
    const desk = new LoyaltyDesk(terms, { keys, members, gone });
    dropFormerJobs(desk.queue, config, log);
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

  async cleaned(storeId: string, records: readonly BatchRecord[]): Promise<readonly BatchRecord[]> {
    const home = this.homes.ofStore(storeId);
    const desk = home === null ? null : this.desk(home.tenantId);
    if (home === null || desk === null) return records;
    return await this.#eraser.cleaned(desk.tenantId, storeId, records, (name, at) => {
      const since = desk.keptSince(home.storeGroup, name);
      return since !== null && (at === null || at >= since);
    });
  }

  cleanText(gateway: GatewayId, text: string): string {
    const home = this.homes.of(gateway);
    const desk = home === null ? null : this.desk(home.tenantId);
    if (home === null || desk === null) return text;
    const mayKeep = (name: string): boolean => desk.keptSince(home.storeGroup, name) !== null;
    return this.#eraser.cleanText(desk.tenantId, text, mayKeep);
  }

  follow(work: Promise<unknown>): void {
    const settled: Promise<void> = work.then(
      () => void this.#commits.delete(settled),
      () => void this.#commits.delete(settled),
    );
    this.#commits.add(settled);
  }

  /** Tells everyone how consents stand, and asks everyone anew who has not erased. */
  repeat(): void {
    for (const desk of this.#desks.values()) desk.repeat();
  }

  /** What time brings: ends what is over, erases here, prunes. What fails is tried again in ten seconds. */
  async sweep(): Promise<void> {
    const ended = new Map<TenantId, number>();
    for (const desk of this.#desks.values())
      this.#attempt(() => ended.set(desk.tenantId, desk.sweep()));
    // Each by itself: what fails for one member or tenant holds up nobody else's.
    const work = [
      ...[...this.#desks.values()].map((desk) => () => desk.eraseHere()),
      async () => void (await this.#eraser.again()),
      ...[...ended].map(
        ([tenant, count]) =>
          () =>
            this.#receipt(tenant, count, EXPIRY),
      ),
      () => this.#prune(),
    ];
    let hasFailed = false;
    for (const part of work)
      await part().catch((error) => {
        hasFailed = true;
        this.#fault(error);
      });
    if (!hasFailed) this.#faults = 0;
    this.#watchGone();
  }

  /** A name that falls out too early lets late events of somebody who was erased through again: people have to know. */
  #watchGone(): void {
    const { forgotten, size } = this.gone;
    if (forgotten === this.#goneTold) return;
    this.#goneTold = forgotten;
    const fields = { event: "loyalty.gone-full", forgotten, remembered: size };
    const message = "names of erased members were forgotten too early: late events may name them";
    this.#terms.log.error(fields, message);
  }

  /** Events of stores that name somebody so. @throws STORE_FAILED */
  namedEvents(
    storeIds: readonly string[],
    name: string,
    limit: number,
  ): Promise<readonly NamedEvent[]> {
    return this.#terms.store.namedEvents(storeIds, name, limit);
  }

  /** Requests to erase of all tenants that not everyone has answered; names nobody. */
  openErasures(): readonly ShownErasure[] {
    return [...this.#desks.values()].flatMap((desk) => desk.erasures.shown(this.now()));
  }

  /** How many of them are open for more than a day, by who is waited for. */
  overdue(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { waiting, isOverdue } of this.openErasures())
      for (const name of isOverdue ? waiting : []) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  }

  now(): EpochMs {
    return this.#terms.clock.now();
  }

  #keptSince(tenant: TenantId, storeId: string, name: string): EpochMs | null {
    const home = this.homes.ofStore(storeId);
    if (home?.tenantId !== tenant) return null;
    return this.desk(tenant)?.keptSince(home.storeGroup, name) ?? null;
  }

  async #prune(): Promise<void> {
    this.#pruning ??= this.#everyone();
    for (let i = 0; i < PRUNED_AT_ONCE; i += 1) {
      const next = this.#pruning.next();
      if (next.done === true) {
        this.#pruning = null;
        const gone = await this.gone.prune();
        for (const [tenant, count] of this.#pruned) await this.#receipt(tenant, count, VISITS);
        await this.#receipt("all", gone, GONE);
        this.#pruned.clear();
        return;
      }
      const [desk, member] = next.value;
      if (member === null) continue;
      const over = await this.visits.prune(member.subject, this.now());
      this.#pruned.set(desk.tenantId, (this.#pruned.get(desk.tenantId) ?? 0) + over);
      if (this.now() - member.registeredAt > PENDING_MS) await desk.forgetWithout(member.subject);
    }
  }

  /** What a rule dropped by itself: when, how many, and which rule. */
  async #receipt(target: string, count: number, rule: string): Promise<void> {
    if (count === 0) return;
    const [actor, action, detail] = ["retention", "drop:loyalty", `${count} ${rule}`];
    await this.#terms.store.audit({ at: this.now(), actor, action, target, detail });
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
