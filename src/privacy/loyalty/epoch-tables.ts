import { IdTable } from "./id-table.ts";
import type { MemberIdKind } from "./identifier-kinds.ts";
import { EID_BYTES, EID_ROW_BYTES, RID_BYTES, SEGMENT_MEMBERS } from "./table-layout.ts";

/** The identifiers of one epoch: those of apps by position, those of tags and cards with the position beside them. */
export class EpochTables {
  readonly epoch: number;
  readonly #rids: IdTable;
  readonly #digests: (string | null)[];
  /** As they came, by segment. */
  readonly #eids: (Uint8Array | null)[];
  #tags = new IdTable(0, EID_BYTES);
  /** Position of each row of `#tags`. */
  #owners = new Uint32Array(0);
  #isStale = false;

  constructor(epoch: number, segments: number) {
    this.epoch = epoch;
    this.#rids = new IdTable(segments * SEGMENT_MEMBERS, RID_BYTES);
    this.#digests = new Array<string | null>(segments).fill(null);
    this.#eids = new Array<Uint8Array | null>(segments).fill(null);
  }

  /** Identifiers that can be found now. */
  get count(): number {
    return this.#rids.count + this.#tags.count;
  }

  get bytes(): number {
    const eids = this.#eids.reduce((sum, rows) => sum + (rows?.byteLength ?? 0), 0);
    return this.#rids.bytes + this.#tags.bytes + this.#owners.byteLength + eids;
  }

  /** Digest of what is here of a segment; null when nothing is. */
  digest(segment: number): string | null {
    return this.#digests[segment] ?? null;
  }

  /** Takes the identifiers of a segment; the lengths were checked. */
  take(segment: number, rows: Uint8Array, eids: Uint8Array, digest: string): void {
    this.#rids.write(segment * SEGMENT_MEMBERS, rows);
    this.#eids[segment] = eids.length === 0 ? null : eids.slice();
    this.#digests[segment] = digest;
    this.#isStale = true;
  }

  /** Gives up what is here of a segment: from here on none of it is found. */
  clear(segment: number): void {
    this.#rids.clear(segment * SEGMENT_MEMBERS, SEGMENT_MEMBERS);
    this.#eids[segment] = null;
    this.#digests[segment] = null;
    for (let row = 0; row < this.#owners.length; row += 1)
      if (Math.floor((this.#owners[row] ?? 0) / SEGMENT_MEMBERS) === segment)
        this.#tags.clear(row, 1);
    this.#isStale = true;
  }

  /** Makes findable what came; false when nothing did. */
  index(): boolean {
    if (!this.#isStale) return false;
    this.#isStale = false;
    this.#rids.index();
    this.#indexTags();
    return true;
  }

  find(bytes: Uint8Array, from: number, size: number, kind: MemberIdKind): number {
    if (kind === "rid") return this.#rids.find(bytes, from, size);
    const row = this.#tags.find(bytes, from, EID_BYTES);
    return row < 0 ? -1 : (this.#owners[row] ?? -1);
  }

  #indexTags(): void {
    const rows = this.#eids.reduce((sum, eids) => sum + (eids?.length ?? 0) / EID_ROW_BYTES, 0);
    const tags = new IdTable(rows, EID_BYTES);
    const owners = new Uint32Array(rows);
    let row = 0;
    this.#eids.forEach((eids, segment) => {
      for (let at = 0; eids !== null && at < eids.length; at += EID_ROW_BYTES) {
        tags.write(row, eids.subarray(at, at + EID_BYTES));
        const place = ((eids[at + 8] ?? 0) << 8) | (eids[at + 9] ?? 0);
        owners[row] = segment * SEGMENT_MEMBERS + (place % SEGMENT_MEMBERS);
        row += 1;
      }
    });
    tags.index();
    this.#tags = tags;
    this.#owners = owners;
  }
}
