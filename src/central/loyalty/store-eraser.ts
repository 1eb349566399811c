import { type EpochMs, epochMs, type TenantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { NAME_FORM, type NameRepository, renamed } from "../named-events.ts";
import type { BatchRecord, DocumentRepository } from "../repository.ts";
import type { GoneBook, PendingName } from "./gone-book.ts";
import type { DayOf, ShopDays } from "./shop-days.ts";

export interface StoreEraserTerms {
  readonly store: NameRepository & Pick<DocumentRepository, "documents" | "saveDocument">;
  readonly gone: GoneBook;
  readonly days: ShopDays;
  readonly now: () => EpochMs;
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

  /** Takes names out, now and of everything that comes late; returns of how many events. @throws STORE_FAILED; do it again then */
  async erase(tenant: TenantId, names: readonly StoreName[]): Promise<number> {
    const { gone, commitsDone } = this.#terms;
    for (const { name } of names) await gone.mark(tenant, name);
    // What was looked at before the mark stood may still be on its way into the store.
    await commitsDone();
    let events = 0;
    for (const { name, storeIds } of names) {
      const found = new Set<string>();
      events += await this.#eraseEvents({ tenantId: tenant, name, storeIds }, found);
      await this.#rename(tenant, name, "aside", (to) => this.#terms.store.renameAsides(name, to));
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
    if (this.#terms.gone.size === 0) return records;
    let dayOf: DayOf | null = null;
    const kept: BatchRecord[] = [];
    for (const record of records) {
      if (record.kind === "gap" || !this.#hasGone(tenant, record.body)) kept.push(record);
      else {
        dayOf ??= await this.#terms.days.of(storeId);
        const at = record.kind === "event" ? record.at : null;
        const part = at === null ? "aside" : dayPart(dayOf, storeId, at);
        kept.push({
          ...record,
          body: this.#clean(tenant, record.body, part, (name) => mayKeep(name, at)),
        });
      }
    }
    return kept;
  }

  /** A text that is set aside, without names that were taken out. */
  cleanText(tenant: TenantId, text: string, mayKeep: (name: string) => boolean): string {
    return this.#terms.gone.size === 0 ? text : this.#clean(tenant, text, "aside", mayKeep);
  }

  #hasGone(tenant: TenantId, text: string): boolean {
    const { gone } = this.#terms;
    return (text.match(NAME_FORM) ?? []).some((name) => gone.aliasOf(tenant, name, "") !== null);
  }

  #clean(tenant: TenantId, text: string, part: string, mayKeep: (name: string) => boolean): string {
    const { gone } = this.#terms;
    return text.replace(NAME_FORM, (name) => {
      const alias = gone.aliasOf(tenant, name, part);
      return alias === null || mayKeep(name) ? name : alias;
    });
  }

  /** A store's days first: while its events are there, a start after a crash finds the store again. */
  async #eraseEvents(wish: PendingName, found: Set<string>): Promise<number> {
    const { store, days } = this.#terms;
    const { tenantId, name, storeIds } = wish;
    let [events, idle] = [0, 0];
    for (;;) {
      const rows = await store.namedEvents(storeIds, name, EVENTS_AT_ONCE);
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

  async #eraseDays({ tenantId, name }: PendingName, storeId: string): Promise<void> {
    const { store, days, now } = this.#terms;
    const dayOf = await days.of(storeId);
    for (const { key, text } of await store.documents(DAY_RECORD, storeId)) {
      if (!text.includes(name)) continue;
      const part = dayPart(dayOf, storeId, epochMs(Number(key.part)));
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
