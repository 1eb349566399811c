import type { EpochMs } from "../core/brand.ts";
import type { JourneyCompleted, VisitMethod } from "../core/events.ts";
import type { TagKind } from "../core/site.ts";

/** Visits remembered per trading day; later ones are counted in `dropped`. */
const MAX_VISITS = 8_192;

/** A completed visit as the figures see it. */
export type VisitRow = Omit<JourneyCompleted, "kind" | "source" | "seq" | "atMono" | "clock">;

/** A visit going on: known since `enteredAt`, by a track or a tag. */
export interface OpenVisit {
  readonly method: VisitMethod;
  readonly tagKind: TagKind | null;
  readonly enteredAt: EpochMs;
}

/** Completed visits that began in one trading day. A later document of a visit replaces the earlier. Bounded. */
export class VisitTable {
  readonly #rows = new Map<string, VisitRow>();
  #dropped = 0;

  get size(): number {
    return this.#rows.size;
  }

  /** Visits that found no room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes in a document; an older revision than the one that is kept changes nothing. */
  put(event: JourneyCompleted): void {
    const { kind: _, source: __, seq: ___, atMono: ____, clock: _____, ...row } = event;
    const known = this.#rows.get(row.visitId);
    if (known !== undefined && known.revision >= row.revision) return;
    if (known === undefined && this.#rows.size >= MAX_VISITS) this.#dropped += 1;
    else this.#rows.set(row.visitId, row);
  }

  /** Visits that stand: those taken back are not among them; staff are. */
  *rows(): Generator<VisitRow> {
    for (const row of this.#rows.values()) if (!row.isWithdrawn) yield row;
  }
}
