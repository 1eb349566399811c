import { type EpochMs, epochMs, lineId, tagId, type VisitId } from "../../core/brand.ts";
import type {
  JourneyCompleted,
  VisitBasket,
  VisitEnd,
  VisitQueue,
  VisitReceipt,
  VisitStay,
} from "../../core/events.ts";

/** A completed visit as the figures see it. */
export type VisitRow = Omit<JourneyCompleted, "kind" | "source" | "seq" | "atMono" | "clock">;

/** What of a visit is one of a few. */
export type VisitFacts = Pick<
  VisitRow,
  "isWithdrawn" | "method" | "isEntrySeen" | "isExitSeen" | "isStaff" | "tagKind" | "endedBy"
>;

/** What few visits have. */
export type VisitExtras = Pick<
  VisitRow,
  "reentries" | "staysDropped" | "basket" | "queues" | "receipts"
>;

/** Where a row reads what is longer than a number. */
export interface RowSource {
  staysOf(row: number, enteredAt: EpochMs): readonly VisitStay[];
  extrasOf(row: number, enteredAt: EpochMs): VisitExtras;
}

/** Names of the fields of a row, as plain copies need them. */
const FIELDS = [
  "at",
  "visitId",
  "revision",
  "isWithdrawn",
  "method",
  "tagKind",
  "tagId",
  "enteredAt",
  "exitedAt",
  "isEntrySeen",
  "isExitSeen",
  "entryLineId",
  "exitLineId",
  "endedBy",
  "reentries",
  "isStaff",
  "stays",
  "staysDropped",
  "queues",
  "basket",
  "receipts",
  "began",
] as const satisfies readonly (keyof VisitRow)[];

/**
 * A plain object with everything of a row. Rows of a table read their fields when asked for them, so spreading one
 * copies nothing. Pure.
 */
export const plainVisit = (row: VisitRow): VisitRow =>
  Object.fromEntries(FIELDS.map((field) => [field, row[field]])) as unknown as VisitRow;

/** What every visit has, as plain values. */
export interface VisitScalars extends VisitFacts {
  readonly visitId: VisitId;
  readonly revision: number;
  readonly enteredAt: EpochMs;
  readonly lengthMs: number;
  readonly tagId: string | null;
  readonly entryLineId: string | null;
  readonly exitLineId: string | null;
  readonly beganSource: string;
  readonly beganSeq: number;
}

/** A row of the table; its lists are read from the columns when they are asked for. */
export class StoredVisit implements VisitRow {
  readonly visitId: VisitId;
  readonly revision: number;
  readonly isWithdrawn: boolean;
  readonly method: VisitRow["method"];
  readonly tagKind: VisitRow["tagKind"];
  readonly tagId: VisitRow["tagId"];
  readonly enteredAt: EpochMs;
  readonly exitedAt: EpochMs;
  readonly isEntrySeen: boolean;
  readonly isExitSeen: boolean;
  readonly entryLineId: VisitRow["entryLineId"];
  readonly exitLineId: VisitRow["exitLineId"];
  readonly endedBy: VisitEnd;
  readonly isStaff: boolean;
  readonly began: VisitRow["began"];
  readonly #columns: RowSource;
  readonly #row: number;
  #stays: readonly VisitStay[] | null = null;
  #extras: VisitExtras | null = null;

  constructor(columns: RowSource, row: number, scalars: VisitScalars) {
    this.#columns = columns;
    this.#row = row;
    this.visitId = scalars.visitId;
    this.revision = scalars.revision;
    this.isWithdrawn = scalars.isWithdrawn;
    this.method = scalars.method;
    this.tagKind = scalars.tagKind;
    this.tagId = scalars.tagId === null ? null : tagId(scalars.tagId);
    this.enteredAt = scalars.enteredAt;
    this.exitedAt = epochMs(scalars.enteredAt + scalars.lengthMs);
    this.isEntrySeen = scalars.isEntrySeen;
    this.isExitSeen = scalars.isExitSeen;
    this.entryLineId = scalars.entryLineId === null ? null : lineId(scalars.entryLineId);
    this.exitLineId = scalars.exitLineId === null ? null : lineId(scalars.exitLineId);
    this.endedBy = scalars.endedBy;
    this.isStaff = scalars.isStaff;
    this.began = { source: scalars.beganSource, seq: scalars.beganSeq };
  }

  get at(): EpochMs {
    return this.exitedAt;
  }
  get reentries(): number {
    return this.#few.reentries;
  }
  get stays(): readonly VisitStay[] {
    this.#stays ??= this.#columns.staysOf(this.#row, this.enteredAt);
    return this.#stays;
  }
  get staysDropped(): number {
    return this.#few.staysDropped;
  }
  get queues(): readonly VisitQueue[] {
    return this.#few.queues;
  }
  get basket(): VisitBasket | null {
    return this.#few.basket;
  }
  get receipts(): readonly VisitReceipt[] {
    return this.#few.receipts;
  }

  get #few(): VisitExtras {
    this.#extras ??= this.#columns.extrasOf(this.#row, this.enteredAt);
    return this.#extras;
  }

  toJSON(): VisitRow {
    return plainVisit(this);
  }
}
