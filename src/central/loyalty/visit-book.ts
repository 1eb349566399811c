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
/** How far back the visits of a member were dropped because there were too many. */
const FLOOR = "loyalty-visit-floor";
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
/** What is left of a visit that was taken out: that it was, and by which telling. */
const takenOutSchema = z.strictObject({
  isTakenOut: z.literal(true),
  revision: z.number(),
  ...{ enteredAt: z.number().transform(epochMs), exitedAt: z.number().transform(epochMs) },
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

  /**
   * Keeps a visit, or a newer telling of it; `isNew`: it was not known. A withdrawn one is taken out, and stays out when
   * an older telling comes again; so does what was dropped for its age or its number. @throws STORE_FAILED
   */
  async keep(
    subject: SubjectRef,
    storeId: string,
    event: Completed,
    now: EpochMs,
  ): Promise<{ readonly isNew: boolean; readonly isGone: boolean }> {
    const key = { kind: VISIT, owner: subject, part: `${storeId} ${event.visitId}` };
    const row = await this.#store.document(key);
    const visit = row === null ? null : visitOf(row.text);
    const known = row === null ? null : (visit ?? takenOutOf(row.text));
    const unchanged = { isNew: false, isGone: false };
    if (known !== null && known.revision > event.revision) return unchanged;
    // Nothing is written of visits of staff that were never told as a customer's.
    if (event.isStaff && !event.isWithdrawn && known === null) return unchanged;
    if (event.isWithdrawn || event.isStaff) {
      const isOld = now - event.exitedAt > KEPT_MS;
      await this.#store.saveDocument(key, isOld ? null : takenOutText(event), now);
      return { isNew: false, isGone: visit !== null };
    }
    if (visit === null && known?.revision === event.revision) return unchanged;
    if (visit === null && (await this.#isPast(subject, event, now))) return unchanged;
    await this.#store.saveDocument(key, JSON.stringify(visitFrom(storeId, event)), now);
    return { isNew: visit === null, isGone: false };
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

  /**
   * Drops visits that are older than ninety days or too many; returns how many. What was taken out is forgotten by the same
   * rule, uncounted. @throws STORE_FAILED
   */
  async prune(subject: SubjectRef, now: EpochMs): Promise<number> {
    const rows = await this.#store.documents(VISIT, subject);
    const visits = over(rows, visitOf, now);
    const takenOut = over(rows, takenOutOf, now);
    const dropped = [...visits, ...takenOut];
    if (dropped.length === 0) return 0;
    // Before them: what is dropped for its number does not come back when it is told again.
    await this.#raiseFloor(subject, dropped, now);
    for (const { key } of dropped) await this.#store.saveDocument(key, null, now);
    return visits.length;
  }

  /** Destroys everything about a member; returns how many visits that were. @throws STORE_FAILED; then try again */
  async forget(subject: SubjectRef, now: EpochMs): Promise<number> {
    const visits = await this.#store.documents(VISIT, subject);
    const looks = await this.#store.documents(LOOK, subject);
    const floor = await this.#store.documents(FLOOR, subject);
    for (const { key } of [...visits, ...looks, ...floor])
      await this.#store.saveDocument(key, null, now);
    return visits.length;
  }

  /** Whether a visit that is not known was dropped, or would be at once. */
  async #isPast(
    subject: SubjectRef,
    { enteredAt, exitedAt }: Completed,
    now: EpochMs,
  ): Promise<boolean> {
    return now - exitedAt > KEPT_MS || enteredAt <= (await this.#floorOf(subject));
  }

  /** The newest entry of a visit that was dropped because there were too many. */
  async #floorOf(subject: SubjectRef): Promise<number> {
    const row = await this.#store.document(floorOf(subject));
    return row === null ? Number.NEGATIVE_INFINITY : Number(row.text);
  }

  async #raiseFloor(subject: SubjectRef, dropped: readonly Aged[], now: EpochMs): Promise<void> {
    const entries = dropped.flatMap(({ enteredAt, isTooMany }) => (isTooMany ? [enteredAt] : []));
    if (entries.length === 0) return;
    const floor = Math.max(...entries, await this.#floorOf(subject));
    await this.#store.saveDocument(floorOf(subject), String(floor), now);
  }
}

type Row = Awaited<ReturnType<VisitStore["documents"]>>[number];
type Times = { readonly enteredAt: EpochMs; readonly exitedAt: EpochMs };
type Aged = Pick<Row, "key"> & Times & { readonly isTooMany: boolean };

/** Rows of one kind that are too old, or beyond the newest five hundred. */
function over(rows: readonly Row[], read: (text: string) => Times | null, now: EpochMs): Aged[] {
  return rows
    .flatMap(({ key, text }) => {
      const times = read(text);
      return times === null ? [] : [{ ...times, key }];
    })
    .sort((a, b) => b.enteredAt - a.enteredAt)
    .map((row, i) => ({ ...row, isTooMany: i >= VISITS_CAP }))
    .filter(({ exitedAt, isTooMany }) => isTooMany || now - exitedAt > KEPT_MS);
}

const floorOf = (subject: SubjectRef) => ({ kind: FLOOR, owner: subject, part: "entry" });

const takenOutText = ({ revision, enteredAt, exitedAt }: Completed): string =>
  JSON.stringify({ isTakenOut: true, revision, enteredAt, exitedAt });

function takenOutOf(text: string): z.infer<typeof takenOutSchema> | null {
  return takenOutSchema.safeParse(JSON.parse(text)).data ?? null;
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
