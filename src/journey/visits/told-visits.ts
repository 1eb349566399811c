import { BoundedMap } from "../../core/bounded-map.ts";
import { monoMs, type VisitId } from "../../core/brand.ts";
import type { JourneyCompleted } from "../../core/events.ts";
import type { NameAt } from "./carrier.ts";
import type { VisitBody } from "./document.ts";
import { VISIT_LIMITS } from "./rules.ts";

/** The newest document of a visit. */
export interface ToldVisit {
  readonly body: VisitBody;
  readonly revision: number;
  /** Told in an earlier life. */
  readonly isRestored: boolean;
}

/** What was told of visits that can still change. Bounded: the oldest goes first. */
export class ToldVisits {
  readonly #told = new BoundedMap<VisitId, ToldVisit>({
    cap: VISIT_LIMITS.told,
    idleMs: Number.POSITIVE_INFINITY,
  });

  get size(): number {
    return this.#told.size;
  }

  find(id: VisitId): ToldVisit | null {
    return this.#told.peek(id) ?? null;
  }

  /** Notes a document and returns its revision: 0 first, one more than the last one after that. */
  tell(body: VisitBody): number {
    const revision = (this.find(body.visitId)?.revision ?? -1) + 1;
    this.#told.set(body.visitId, { body, revision, isRestored: false }, monoMs(0));
    return revision;
  }

  /** Takes a document for the one that an earlier life told: as it is now, or as it was found to be. */
  assume(body: VisitBody): void {
    const revision = this.find(body.visitId)?.revision ?? 0;
    this.#told.set(body.visitId, { body, revision, isRestored: true }, monoMs(0));
  }

  /** A document that was told in an earlier life. */
  restore(event: JourneyCompleted): void {
    const { kind: _, source: __, seq: ___, revision, ...body } = event;
    const known = this.find(body.visitId);
    // What was told is true, whatever was assumed before it was read.
    if (known === null || known.revision <= revision)
      this.#told.set(body.visitId, { body, revision, isRestored: true }, monoMs(0));
  }

  /** A visit is told on under another name of its tag. */
  rename(id: VisitId, nameAt: NameAt): void {
    const told = this.find(id);
    if (told === null) return;
    const tagId = nameAt(told.body.enteredAt);
    this.#told.set(id, { ...told, body: { ...told.body, tagId } }, monoMs(0));
  }

  delete(id: VisitId): void {
    this.#told.delete(id);
  }
}

/** Whether two documents say the same, whatever the order of their fields. Pure. */
export function isSameBody(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) =>
    isSameBody((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
