import { createHash } from "node:crypto";

/**
 * How tables of identifiers are cut into parts. Members have positions; 1024 of them are a segment, and a part is of one
 * segment: its roll (who has the positions), or its identifiers in one epoch. A position without a member is zeros.
 */
export const SEGMENT_MEMBERS = 1_024;
/** Segments that there may be: 261,120 members of one store group. */
export const SEGMENTS_CAP = 255;
export const PSEUDONYM_BYTES = 12;
export const SUBJECT_BYTES = 16;
/** A row of a roll: pseudonym 12 | reference of the member 16. */
export const ROLL_ROW_BYTES = PSEUDONYM_BYTES + SUBJECT_BYTES;
/** A row of identifiers of apps. */
export const RID_BYTES = 10;
export const EID_BYTES = 8;
/** A row of identifiers of tags and cards: identifier 8 | position in the segment 2, most significant first. */
export const EID_ROW_BYTES = EID_BYTES + 2;
/** Identifiers of tags and cards in one part. */
export const EIDS_CAP = 3_072;

/** Who has the positions of a segment. */
export interface RollPart {
  readonly segment: number;
  /** 1024 rows of `ROLL_ROW_BYTES`. */
  readonly rows: Uint8Array;
}

/** The identifiers of a segment in one epoch. */
export interface IdsPart {
  readonly epoch: number;
  readonly segment: number;
  /** Digest of the roll that says whose they are: with another roll they would be somebody else's. */
  readonly roll: string;
  /** 1024 rows of `RID_BYTES`, by position. */
  readonly rows: Uint8Array;
  /** At most `EIDS_CAP` rows of `EID_ROW_BYTES`; several of one position are usual. */
  readonly eids: Uint8Array;
}

/** What there is: the digests of all parts, of segment 0, 1, ... */
export interface Catalogue {
  readonly rolls: readonly string[];
  readonly ids: readonly { readonly epoch: number; readonly digests: readonly string[] }[];
}

/** Name of a part; `epoch` is null for a roll. */
export interface PartName {
  readonly segment: number;
  readonly epoch: number | null;
}

/** Digest of a roll: 22 characters of base64url, 128 bits of SHA-256. */
export const rollDigest = (storeGroup: string, { segment, rows }: RollPart): string =>
  digestOf(["vitrine-roll-1", storeGroup, String(segment)], [rows]);

/** Digest of the identifiers of a segment; the roll is part of it. */
export function idsDigest(storeGroup: string, part: IdsPart): string {
  const { epoch, segment, roll, rows, eids } = part;
  return digestOf(
    ["vitrine-ids-1", storeGroup, String(epoch), String(segment), roll, String(rows.length)],
    [rows, eids],
  );
}

/** Digest of a catalogue, by which a gateway and the centre know that they mean the same. */
export const catalogueDigest = (storeGroup: string, { rolls, ids }: Catalogue): string =>
  digestOf(["vitrine-catalogue-1", storeGroup, JSON.stringify({ rolls, ids })], []);

/** The texts hold no line break, so that no two lists of them are one text. */
function digestOf(texts: readonly string[], bytes: readonly Uint8Array[]): string {
  const hash = createHash("sha256").update(`${texts.join("\n")}\n`);
  for (const part of bytes) hash.update(part);
  return hash.digest().subarray(0, 16).toString("base64url");
}
