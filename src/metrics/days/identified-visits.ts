import type { EpochMs, TagId } from "../../core/brand.ts";
import type { VisitRow } from "./visit-row.ts";

/** A visit of a customer whom a card, a code, an app or a face named. */
export interface IdentifiedVisit {
  readonly customer: TagId;
  readonly enteredAt: EpochMs;
}

type Named = VisitRow & { readonly tagId: TagId };

/** Whether a visit names a customer: by the tag of a card that is not staff's. Pure. */
export const isIdentified = (row: VisitRow): row is Named =>
  row.method === "tag" && row.tagKind === "loyalty-card" && row.tagId !== null && !row.isStaff;

/**
 * The identified visits among these, which come in order of entry. Each gateway of a shop tells of a customer what it
 * hears by itself: what overlaps, or begins within the re-entry gap after it, is one visit. Documents of one gateway are
 * further apart than that, so of them each counts. Pure.
 */
export function identifiedVisits(
  rows: Iterable<VisitRow>,
  reentryGapMs: number,
): readonly IdentifiedVisit[] {
  const until = new Map<TagId, number>();
  const visits: IdentifiedVisit[] = [];
  for (const row of rows) {
    if (!isIdentified(row)) continue;
    const { tagId: customer, enteredAt, exitedAt } = row;
    const known = until.get(customer);
    until.set(customer, Math.max(known ?? exitedAt, exitedAt));
    if (known === undefined || enteredAt > known + reentryGapMs)
      visits.push({ customer, enteredAt });
  }
  return visits;
}
