import { TAG_CAP } from "../../config/tag.ts";
import type { TagPlan } from "../../core/site.ts";
import { identityKey } from "../../radio/tag-registry.ts";
import type { RefusedRow } from "../csv/csv-records.ts";
import type { SiteDocument } from "./site-plan-file.ts";
import { readTagCsv, type TagRow } from "./tag-csv.ts";

/** What an import does or would do. Rows of the file by their line; nothing in it tells an identity but refused cells. */
export interface TagImport {
  readonly added: readonly { readonly line: number; readonly id: string }[];
  readonly changed: readonly { readonly line: number; readonly id: string }[];
  /** Rows that say what the plan says already. */
  readonly unchanged: number;
  /** The first faults, by line; `refusedRows` counts the rows behind all of them. */
  readonly refused: readonly RefusedRow[];
  readonly refusedRows: number;
  /** Whether the plan takes it: nothing is refused, or refused rows were to be skipped. */
  readonly isAccepted: boolean;
}

/** How to treat the rows that are refused. */
export type RefusalRule = "all-or-nothing" | "skip-invalid";

/** As many faults as a person reads; the answer stays small whatever the file. */
const TOLD_FAULTS = 1_000;

/**
 * Adds and changes tags of a plan by the rows of a CSV file; tags the file does not name stay. The document changes
 * only when the import is accepted. No two tags may have one id or one identity; of two rows that do, the later is
 * refused and names the earlier.
 */
export function importTags(document: SiteDocument, csv: string, rule: RefusalRule): TagImport {
  const table = readTagCsv(csv);
  const present = tagsOf(document);
  const { rows, refused: repeated } = refuseRepeated(table.rows, present, rule);
  const before = new Map<string, TagPlan>(present.map((tag) => [tag.id, tag]));
  const added = rows.filter(({ tag }) => !before.has(tag.id));
  const changed = rows.filter(({ tag }) => isOther(before.get(tag.id), tag));
  const refused = [...table.refused, ...repeated, ...refuseTooMany(present, added)].sort(
    (a, b) => a.line - b.line,
  );
  const isAccepted =
    refused.length === 0 ||
    (rule === "skip-invalid" && rows.length > 0 && !isTooMany(present, added));
  if (isAccepted) {
    const written = new Map(rows.map(({ tag }) => [tag.id as string, tag]));
    const kept = present.map((tag) => written.get(tag.id) ?? tag);
    document["tags"] = [...kept, ...added.map(({ tag }) => tag)];
  }
  const named = ({ line, tag }: TagRow): { line: number; id: string } => ({ line, id: tag.id });
  return {
    added: added.map(named),
    changed: changed.map(named),
    unchanged: rows.length - added.length - changed.length,
    refused: refused.slice(0, TOLD_FAULTS),
    refusedRows: new Set(refused.map(({ line }) => line)).size,
    isAccepted,
  };
}

/** Takes a tag out of a plan; whether it was there. */
export function removeTag(document: SiteDocument, id: string): boolean {
  const tags = tagsOf(document);
  const kept = tags.filter((tag) => tag.id !== id);
  if (kept.length === tags.length) return false;
  document["tags"] = kept;
  return true;
}

/** The raw document of a checked plan: its tags have the form that the schema has, for nothing in them is transformed. */
const tagsOf = (document: SiteDocument): readonly TagPlan[] =>
  (document["tags"] as readonly TagPlan[] | undefined) ?? [];

const isOther = (before: TagPlan | undefined, now: TagPlan): boolean =>
  before !== undefined &&
  (before.kind !== now.kind ||
    before.name !== now.name ||
    identityKey(before.beacon) !== identityKey(now.beacon));

function refuseRepeated(
  rows: readonly TagRow[],
  present: readonly TagPlan[],
  rule: RefusalRule,
): { readonly rows: readonly TagRow[]; readonly refused: readonly RefusedRow[] } {
  const ids = new Map<string, number>();
  // An identity may pass from tag to tag within a file; not when a row of it may be skipped.
  const isWhole = rule === "all-or-nothing";
  const named = new Set<string>(isWhole ? rows.map(({ tag }) => tag.id) : []);
  const identities = new Map<string, string>();
  for (const tag of present)
    if (!named.has(tag.id)) identities.set(identityKey(tag.beacon), tag.id);
  const refused: RefusedRow[] = [];
  const good = rows.filter(({ line, tag }) => {
    const key = identityKey(tag.beacon);
    const first = ids.get(tag.id);
    const owner = identities.get(key) ?? tag.id;
    if (first !== undefined) {
      const expected = `an id not used before (first on line ${first})`;
      refused.push({ line, column: "id", value: tag.id, expected });
    } else if (owner !== tag.id) {
      const at = ids.get(owner);
      const where = at === undefined ? `tag ${owner} of the plan` : `${owner} on line ${at}`;
      const expected = `an identity not used before (${where} has it)`;
      refused.push({ line, column: "format", value: key, expected });
    } else {
      ids.set(tag.id, line);
      identities.set(key, tag.id);
    }
    return first === undefined && owner === tag.id;
  });
  return { rows: good, refused };
}

const isTooMany = (present: readonly TagPlan[], added: readonly TagRow[]): boolean =>
  present.length + added.length > TAG_CAP;

function refuseTooMany(
  present: readonly TagPlan[],
  added: readonly TagRow[],
): readonly RefusedRow[] {
  if (!isTooMany(present, added)) return [];
  const line = added[Math.max(0, TAG_CAP - present.length)]?.line ?? 1;
  const expected = `at most ${TAG_CAP} tags, those of the plan included`;
  return [{ line, column: null, value: String(present.length + added.length), expected }];
}
