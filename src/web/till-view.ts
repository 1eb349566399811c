import type { RefusedRowView } from "./tags-view.ts";

/** What is wrong with a message, part by part. */
export interface RefusedPartView {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/**
 * What became of a receipt. `known`: it was there already. `conflict`: its number was there with another content, and
 * the first stays.
 */
export type ReceiptAnswer =
  | { readonly state: "taken" | "known" | "conflict"; readonly receiptId: string }
  | { readonly state: "invalid"; readonly faults: readonly RefusedPartView[] };

/** Body of POST /api/pos/import, also when the file is refused (status 422). */
export interface ReceiptImportView {
  readonly isDryRun: boolean;
  /** Whether the file is taken as a whole; in a dry run, whether it would be. */
  readonly isAccepted: boolean;
  /** Receipts in the file that can be read. */
  readonly receipts: number;
  /** Of them: new, there already, and there with another content. All 0 when nothing was taken. */
  readonly taken: number;
  readonly known: number;
  readonly conflicting: number;
  /** The first thousand faults; `refusedRows` counts the rows behind all of them. */
  readonly refused: readonly RefusedRowView[];
  readonly refusedRows: number;
}

/** Where receipts come in over HTTP. */
export interface TillPort {
  /** What a till shows instead of a session: `authorization: Bearer ...`; null = there is none. */
  readonly token: string | null;
  /** Takes one receipt, an `in/pos` message that is parsed already. @throws DISK_FULL: to be sent again */
  take(message: unknown): ReceiptAnswer;
  /** Takes receipts of a CSV file. @throws INPUT_INVALID for bytes that are no text, DISK_FULL */
  importCsv(
    csv: Uint8Array,
    options: { readonly isDryRun: boolean; readonly skipsInvalid: boolean },
  ): Promise<ReceiptImportView>;
}
