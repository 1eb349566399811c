import type { EpochMs } from "../core/brand.ts";
import type { TagState } from "../core/events.ts";
import type { TagKind } from "../core/site.ts";

/** One registered tag for people. No identity: it is all it takes to imitate a tag. */
export interface TagView {
  readonly id: string;
  readonly name: string;
  readonly kind: TagKind;
  readonly state: TagState;
  /** Name of the zone of the floor it is in; null in none. */
  readonly zone: string | null;
  /** null when it was never heard. */
  readonly lastSeenAt: EpochMs | null;
  /** State of charge 0..1; null when it does not say. */
  readonly batteryRatio: number | null;
  readonly batteryMv: number | null;
  readonly isBatteryLow: boolean;
}

/** Body of GET /api/tags. */
export interface TagListView {
  /** Registered tags, and those of them that match the search. */
  readonly total: number;
  readonly matching: number;
  /** Whether tags can be imported and removed here. */
  readonly canChange: boolean;
  /** Whether what is imported is kept over a restart; false in the demonstration. */
  readonly isKept: boolean;
  /** Zones of the floor with the number of registered tags in them now, whatever was searched for. */
  readonly zones: readonly { readonly name: string; readonly tags: number }[];
  /** The first that match, in the order of the plan. */
  readonly tags: readonly TagView[];
}

/** A row of a CSV file that was refused, with the cell that is wrong. */
export interface RefusedRowView {
  readonly line: number;
  /** null when the row as a whole is wrong. */
  readonly column: string | null;
  readonly value: string;
  /** What was expected, as a sentence part. */
  readonly expected: string;
}

/** Body of POST /api/tags/import, also when the file is refused (status 422). */
export interface TagImportView {
  readonly isDryRun: boolean;
  /** Whether the file is taken as a whole; in a dry run, whether it would be. */
  readonly isAccepted: boolean;
  readonly added: readonly { readonly line: number; readonly id: string }[];
  readonly changed: readonly { readonly line: number; readonly id: string }[];
  /** Rows that say what is registered already. */
  readonly unchanged: number;
  /** The first thousand faults; `refusedRows` counts the rows behind all of them. */
  readonly refused: readonly RefusedRowView[];
  readonly refusedRows: number;
}

/** The registered tags of a running gateway. */
export interface TagsPort {
  /** The tags whose id, name or kind holds the text (any case; empty = all), at most `limit` of them. */
  list(search: string, limit: number): TagListView;
  /**
   * Adds and changes tags by a CSV file; in effect when it resolves.
   * @throws INPUT_INVALID, TAG_BOOK_FULL, and the faults of writing the site plan
   */
  importCsv(
    csv: Uint8Array,
    options: { readonly isDryRun: boolean; readonly skipsInvalid: boolean },
  ): Promise<TagImportView>;
  /** Takes a tag out; false when there is none. @throws the faults of writing the site plan */
  remove(id: string): Promise<boolean>;
}
