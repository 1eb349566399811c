import { type EpochMs, epochMs, type TenantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import {
  NAME_FORM,
  type NameChange,
  type NameRepository,
  namesIn,
  renamed,
  renamedAll,
} from "../named-events.ts";
import type { BatchRecord, DocumentRepository } from "../repository.ts";
import type { GoneBook, PendingName } from "./gone-book.ts";
import type { DayOf, ShopDays } from "./shop-days.ts";

export interface StoreEraserTerms {
  readonly store: NameRepository & Pick<DocumentRepository, "documents" | "saveDocument">;
  readonly gone: GoneBook;
  readonly days: ShopDays;
  readonly now: () => EpochMs;
  /** Since when the name may stand in what a store tells, because the member agreed (anew); null: it may not. */
  readonly keptSince: (tenant: TenantId, storeId: string, name: string) => EpochMs | null;
  /** Resolves when what is being committed at the moment is committed. */
  readonly commitsDone: () => Promise<void>;
}

/** What the stores of one group call a member. */
export interface StoreName {
  readonly name: string;
  readonly storeIds: readonly string[];
}

/** Events of one transaction: no commit waits long for it. */
const EVENTS_AT_ONCE = 500;
/** Rounds in a row in which events changed meanwhile, before it is given up until the next sweep. */
const MOVED_ROUNDS = 20;
/** Figures that were being made of events with the name are made and saved by then. */
const AGAIN_MS = 10 * 60_000;
const AGAIN_AT_ONCE = 20;
const DAY_RECORD = "day-record";

/**
 * Takes names of members out of the central store: events, what was set aside, days that figures look back on, and the log
 * of who did what. The events stay, as those of somebody of whom nothing else is known, so that no figure changes. It can
 * be stopped anywhere and done again: what is out is not found any more.
 */
export class StoreEraser {
  readonly #terms: StoreEraserTerms;

  constructor(terms: StoreEraserTerms) {
    this.#terms = terms;
  }

  /**
   * Takes names out, now and of everything that comes late; returns of how many events. The names of many members at once
   * cost one look through what was set aside. What is told since a member agreed anew keeps its name.
   * @throws STORE_FAILED; do it again then
   */
  async erase(tenant: TenantId, names: readonly StoreName[]): Promise<number> {
    const { gone, commitsDone, store } = this.#terms;
    for (const { name } of names) await gone.mark(tenant, name);
    // What was looked at before the mark stood may still be on its way into the store.
    await commitsDone();
    const asides = names.map(({ name }) => this.#change(tenant, name, "aside"));
    if (asides.length > 0) await store.renameAsides(asides);
    let events = 0;
    for (const { name, storeIds } of names) {
      const found = new Set<string>();
      events += await this.#eraseEvents({ tenantId: tenant, name, storeIds }, found);
      if (found.size > 0) await gone.found(tenant, name, [...found]);
      else await gone.settle(tenant, name);
    }
    return events;
  }

  /** Takes the name by which the tenant's programs know a member out of the log of who did what. @throws STORE_FAILED */
  async eraseAudits(tenant: TenantId, name: string): Promise<void> {
    const { gone, store } = this.#terms;
    await gone.mark(tenant, name);
    await this.#rename(tenant, name, "audit", (to) => store.renameAudits(name, to));
    await gone.settle(tenant, name);
  }

  /** What acts about an erased member are noted under; null while the member is known. */
  auditNameOf(tenant: TenantId, name: string): string | null {
    return this.#terms.gone.aliasOf(tenant, name, "audit");
  }

  /** Looks once more where names were found: figures that were being made may have written them back. @throws STORE_FAILED */
  async again(): Promise<number> {
    const { gone, now } = this.#terms;
    const due = gone.pending(epochMs(now() - AGAIN_MS), AGAIN_AT_ONCE);
    for (const pending of due) {
      for (const storeId of pending.storeIds) await this.#eraseDays(pending, storeId);
      await this.#eraseEvents(pending, new Set());
      await gone.settle(pending.tenantId, pending.name);
    }
    return due.length;
  }

  /** Records of a store as they may be kept: without names that were taken out and do not live again. @throws STORE_FAILED */
  async cleaned(
    tenant: TenantId,
    storeId: string,
    records: readonly BatchRecord[],
    mayKeep: (name: string, at: EpochMs | null) => boolean,
  ): Promise<readonly BatchRecord[]> {
    const { gone, days } = this.#terms;
    if (gone.size === 0) return records;
    let dayOf: DayOf | null = null;
    const kept: BatchRecord[] = [];
    for (const record of records) {
      const out = record.kind === "event" ? this.#goneIn(tenant, record, mayKeep) : [];
      if (record.kind === "event" && out.length > 0) {
        dayOf ??= await days.of(storeId);
        const part = dayPart(dayOf, storeId, record.at);
        const changes = out.map((name) => this.#change(tenant, name, part));
        kept.push({ ...record, body: renamedAll(record.body, changes) });
      } else if (record.kind === "quarantined") {
        const [reason = "", body = ""] = [record.reason, record.body].map((text) =>
          this.#clean(tenant, text, (name) => mayKeep(name, null)),
        );
        kept.push({ ...record, reason, body });
      } else kept.push(record);
    }
    return kept;
  }

  /** A text that is set aside, without names that were taken out. */
  cleanText(tenant: TenantId, text: string, mayKeep: (name: string) => boolean): string {
    return this.#terms.gone.size === 0 ? text : this.#clean(tenant, text, mayKeep);
  }

  /** Names in an event that were taken out and may not stand there. */
  #goneIn(
    tenant: TenantId,
    { body, at }: Extract<BatchRecord, { readonly kind: "event" }>,
    mayKeep: (name: string, at: EpochMs | null) => boolean,
  ): readonly string[] {
    const { gone } = this.#terms;
    return namesIn(body).filter(
      (name) => gone.aliasOf(tenant, name, "") !== null && !mayKeep(name, at),
    );
  }

  #change(tenant: TenantId, name: string, part: string): NameChange {
    return { name, to: this.#terms.gone.aliasOf(tenant, name, part) ?? "gone" };
  }

  #clean(tenant: TenantId, text: string, mayKeep: (name: string) => boolean): string {
    const { gone } = this.#terms;
    return text.replace(NAME_FORM, (name) => {
      const alias = gone.aliasOf(tenant, name, "aside");
      return alias === null || mayKeep(name) ? name : alias;
    });
  }

  /** A store's days first: while its events are there, a start after a crash finds the store again. */
  async #eraseEvents(wish: PendingName, found: Set<string>): Promise<number> {
    const { store, days } = this.#terms;
    const { tenantId, name, storeIds } = wish;
    let [events, idle] = [0, 0];
    for (;;) {
      const named = await store.namedEvents(storeIds, name, EVENTS_AT_ONCE);
      // The oldest come first: when all that is found was told since the member agreed anew, nothing else is there.
      const rows = named.filter(({ storeId, at }) => !this.#isKept(wish, storeId, at));
      if (rows.length === 0) return events;
      const dayOf = new Map<string, DayOf>();
      for (const { storeId } of rows) {
        if (dayOf.has(storeId)) continue;
        dayOf.set(storeId, await days.of(storeId));
        if (!found.has(storeId)) await this.#eraseDays(wish, storeId);
        found.add(storeId);
      }
      const changed = await store.changeEvents(
        rows.map(({ storeId, at, id, body }) => {
          const part = dayPart(dayOf.get(storeId) ?? ((instant) => instant), storeId, at);
          const to = this.#terms.gone.aliasOf(tenantId, name, part) ?? "gone";
          return { storeId, at, id, was: body, body: renamed(body, name, to) };
        }),
      );
      events += changed;
      idle = changed === 0 ? idle + 1 : 0;
      if (idle >= MOVED_ROUNDS)
        throw new GatewayError("STORE_FAILED", "events that name a member change all the time");
      // Commits have their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #isKept({ tenantId, name }: PendingName, storeId: string, at: EpochMs): boolean {
    const since = this.#terms.keptSince(tenantId, storeId, name);
    return since !== null && at >= since;
  }

  /** Days that began since the member agreed anew keep the name; of the day of both, all is nobody's. */
  async #eraseDays(wish: PendingName, storeId: string): Promise<void> {
    const { tenantId, name } = wish;
    const { store, days, now } = this.#terms;
    const dayOf = await days.of(storeId);
    for (const { key, text } of await store.documents(DAY_RECORD, storeId)) {
      const start = epochMs(Number(key.part));
      if (!text.includes(name) || this.#isKept(wish, storeId, start)) continue;
      const part = dayPart(dayOf, storeId, start);
      await this.#rename(tenantId, name, part, (to) =>
        store.saveDocument(key, renamed(text, name, to), now()),
      );
    }
  }

  async #rename(
    tenant: TenantId,
    name: string,
    part: string,
    run: (to: string) => Promise<unknown>,
  ): Promise<void> {
    const to = this.#terms.gone.aliasOf(tenant, name, part);
    if (to !== null) await run(to);
  }
}

const dayPart = (dayOf: DayOf, storeId: string, at: EpochMs): string => `${storeId} ${dayOf(at)}`;
