import { z } from "zod";
import { type EpochMs, epochMs, type SubjectRef } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { DocumentRepository } from "../repository.ts";

type Completed = Extract<JourneyEvent, { readonly kind: "completed" }>;

/** A visit of a member, without anything that names the visit elsewhere. */
export interface MemberVisit {
  readonly storeId: string;
  readonly visitId: string;
  readonly revision: number;
  readonly enteredAt: EpochMs;
  readonly exitedAt: EpochMs;
  readonly stays: readonly { readonly zoneId: string; readonly dwellMs: number }[];
  readonly basket: Completed["basket"];
  readonly receipts: readonly {
    readonly kind: string;
    readonly paidAt: EpochMs;
    readonly netMinor: number;
    readonly units: number;
  }[];
}

/** A look at what is known of a member. */
export interface ProfileLook {
  readonly at: EpochMs;
  /** Name of the API key; never a person. */
  readonly actor: string;
  readonly action: "profile" | "export";
}

export type VisitStore = Pick<DocumentRepository, "document" | "documents" | "saveDocument">;

const VISIT = "loyalty-visit";
const LOOK = "loyalty-look";
/** Pseudonymous journeys are kept so long. @source docs/privacy.md, retention */
const KEPT_MS = 90 * 86_400_000;
/** Of one member; beyond it the oldest go. */
const VISITS_CAP = 500;
const LOOKS_CAP = 200;

const visitSchema = z.object({
  ...{ storeId: z.string(), visitId: z.string(), revision: z.number() },
  ...{ enteredAt: z.number().transform(epochMs), exitedAt: z.number().transform(epochMs) },
  stays: z.array(z.object({ zoneId: z.string(), dwellMs: z.number() })),
  basket: z.object({ added: z.number(), removed: z.number(), returned: z.number() }).nullable(),
  receipts: z.array(
    z.object({
      ...{ kind: z.string(), netMinor: z.number(), units: z.number() },
      paidAt: z.number().transform(epochMs),
    }),
  ),
});
const lookSchema = z.object({
  at: z.number().transform(epochMs),
  actor: z.string(),
  action: z.enum(["profile", "export"]),
});

/**
 * Visits of members, and who looked at them: documents by the member's reference, so that everything about a member is
 * found, handed out and destroyed at once. Nothing is written of anybody else.
 */
export class VisitBook {
  readonly #store: VisitStore;

  constructor(store: VisitStore) {
    this.#store = store;
  }

  /** Keeps a visit, or a newer telling of it; `isNew`: it was not known. A withdrawn one is taken out. @throws STORE_FAILED */
  async keep(
    subject: SubjectRef,
    storeId: string,
    event: Completed,
    now: EpochMs,
  ): Promise<{ readonly isNew: boolean; readonly isGone: boolean }> {
    const key = { kind: VISIT, owner: subject, part: `${storeId} ${event.visitId}` };
    const row = await this.#store.document(key);
    const known = row === null ? null : visitOf(row.text);
    if (known !== null && known.revision > event.revision) return { isNew: false, isGone: false };
    if (event.isWithdrawn || event.isStaff) {
      if (row !== null) await this.#store.saveDocument(key, null, now);
      return { isNew: false, isGone: row !== null };
    }
    await this.#store.saveDocument(key, JSON.stringify(visitFrom(storeId, event)), now);
    return { isNew: row === null, isGone: false };
  }

  /** Visits of a member, the newest first. @throws STORE_FAILED */
  async of(subject: SubjectRef): Promise<readonly MemberVisit[]> {
    const rows = await this.#store.documents(VISIT, subject);
    return rows
      .flatMap(({ text }) => visitOf(text) ?? [])
      .sort((a, b) => b.enteredAt - a.enteredAt);
  }

  /** Notes a look; beyond 200 the oldest goes. @throws STORE_FAILED */
  async look(subject: SubjectRef, look: ProfileLook): Promise<void> {
    const rows = await this.#store.documents(LOOK, subject);
    const last = rows.at(-1)?.key.part ?? "0";
    const part = String(Number(last) + 1).padStart(12, "0");
    await this.#store.saveDocument(
      { kind: LOOK, owner: subject, part },
      JSON.stringify(look),
      look.at,
    );
    for (const { key } of rows.slice(0, Math.max(0, rows.length + 1 - LOOKS_CAP)))
      await this.#store.saveDocument(key, null, look.at);
  }

  /** Who looked, the newest first. @throws STORE_FAILED */
  async looksOf(subject: SubjectRef): Promise<readonly ProfileLook[]> {
    const rows = await this.#store.documents(LOOK, subject);
    return rows.flatMap(({ text }) => lookSchema.safeParse(JSON.parse(text)).data ?? []).reverse();
  }

  /** Drops visits that are older than ninety days or too many; returns how many. @throws STORE_FAILED */
  async prune(subject: SubjectRef, now: EpochMs): Promise<number> {
    const visits = await this.of(subject);
    const over = visits.filter((visit, i) => i >= VISITS_CAP || now - visit.exitedAt > KEPT_MS);
    for (const { storeId, visitId } of over)
      await this.#store.saveDocument(
        { kind: VISIT, owner: subject, part: `${storeId} ${visitId}` },
        null,
        now,
      );
    return over.length;
  }

  /** Destroys everything about a member; returns how many visits that were. @throws STORE_FAILED; then try again */
  async forget(subject: SubjectRef, now: EpochMs): Promise<number> {
    const visits = await this.#store.documents(VISIT, subject);
    const looks = await this.#store.documents(LOOK, subject);
    for (const { key } of [...visits, ...looks]) await this.#store.saveDocument(key, null, now);
    return visits.length;
  }
}

function visitFrom(storeId: string, event: Completed): MemberVisit {
  const { visitId, revision, enteredAt, exitedAt, basket } = event;
  return {
    ...{ storeId, visitId, revision, enteredAt, exitedAt, basket },
    stays: event.stays.map(({ zoneId, dwellMs }) => ({ zoneId, dwellMs })),
    receipts: event.receipts.map(({ transactionKind, paidAt, netMinor, units }) => ({
      ...{ kind: transactionKind, paidAt, netMinor, units },
    })),
  };
}

function visitOf(text: string): MemberVisit | null {
  return visitSchema.safeParse(JSON.parse(text)).data ?? null;
}
