import type { TagImportView, TagListView } from "../../web/tags-view.ts";

/** The registered tags as commands reach them: in a file, or in a running gateway. */
export interface TagsAtHand {
  list(): Promise<TagListView>;
  /** @throws INPUT_INVALID and the faults of writing the plan; refused rows are part of the outcome */
  importCsv(
    csv: Uint8Array,
    options: { readonly isDryRun: boolean; readonly skipsInvalid: boolean },
  ): Promise<TagImportView>;
  /** False when there is no such tag. */
  remove(id: string): Promise<boolean>;
}
