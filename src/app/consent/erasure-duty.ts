import type { SubjectRef, TenantId } from "../../core/brand.ts";
import type { Purpose } from "../../core/consent.ts";
import type { ErasureOutcome } from "../../core/consent-ledger.ts";
import type { Log } from "../../core/lifecycle.ts";

/** Whose data is to go, and for which purposes. */
export interface EraseWish {
  readonly tenantId: TenantId;
  readonly subjectRef: SubjectRef;
  readonly purposes: readonly Purpose[];
  /** Pseudonyms under which visits may name the member; empty when they are not known here. */
  readonly aliases: readonly string[];
}

/** A place of this gateway that holds something about members: the template vault, tables, the history of days. */
export interface Eraser {
  /** What is counted, such as `templates`; 1 to 64 letters, digits, - or _. */
  readonly name: string;
  /** Erases what is held for one of these purposes and says how much that was; 0 when nothing. Idempotent. */
  erase(wish: EraseWish): number;
  /** Tries again what a fault of the disk left over; absent = nothing can be left. */
  tidy?(): void;
  /** Members of whom something is held that needs a live grant for a purpose; absent = found by erasing alone. */
  readonly holders?: { readonly purpose: Purpose; subjects(): readonly SubjectRef[] };
}

/** What became of a wish: counts of what there was, without a word about whose. */
export interface EraseReport {
  readonly outcome: ErasureOutcome;
  readonly erased: Readonly<Record<string, number>>;
}

/** Has every place erase; one that fails does not keep the others from it. */
export function eraseAll(erasers: readonly Eraser[], wish: EraseWish, log: Log): EraseReport {
  const erased: Record<string, number> = {};
  let isFailed = false;
  for (const eraser of erasers) {
    try {
      const count = eraser.erase(wish);
      if (count > 0) erased[eraser.name] = count;
    } catch (error) {
      isFailed = true;
      const fields = { event: "consent.erase-failed", place: eraser.name, err: error };
      log.error(fields, "data of a member could not be erased; it is tried again");
    }
  }
  if (isFailed) return { outcome: "failed", erased };
  return { outcome: Object.keys(erased).length > 0 ? "erased" : "held-nothing", erased };
}
