import type { SubjectRef } from "../../core/brand.ts";
import {
  type Catalogue,
  catalogueDigest,
  type PartName,
  type RollPart,
  SEGMENT_MEMBERS,
  SEGMENTS_CAP,
} from "./table-layout.ts";
import {
  type Made,
  type MadeIds,
  type MemberKeys,
  makeIds,
  makeRoll,
  type TableTerms,
} from "./table-rows.ts";

/** Epochs that gateways take identifiers of, beside the present one. */
const BESIDE = [0, 1, -1] as const;

interface Segment {
  readonly members: (MemberKeys | null)[];
  roll: Made<RollPart> | null;
  /** By epoch; at most three. */
  readonly ids: Map<number, MadeIds>;
}

/** A whole set of tables. */
export interface Shelf {
  readonly digest: string;
  readonly catalogue: Catalogue;
}

/** A part as it is handed out. */
export type ShelfPart = Made<RollPart> | MadeIds;

/**
 * The tables of one group of stores at the centre. Members have positions; what one of them changes is made anew for
 * that segment only. Nothing is made at once: `work` makes one segment at a time, so that the centre goes on meanwhile,
 * and `shelf` is what can be handed out, as soon as all is made. Pure: no clock, no I/O. Keys are the caller's.
 */
export class TableShelf {
  readonly #terms: TableTerms;
  readonly #segments: Segment[] = [];
  readonly #positions = new Map<SubjectRef, number>();
  /** Positions that members left; the last is taken first. */
  readonly #vacant: number[] = [];
  #used = 0;
  #epoch: number | null = null;
  #shelf: Shelf | null = null;

  constructor(terms: TableTerms) {
    this.#terms = terms;
  }

  /** Members in the tables. */
  get members(): number {
    return this.#positions.size;
  }

  /** Tags of members that are in no table of the present epoch; their clocks must be found again. */
  get tagsLeftOut(): number {
    const epoch = this.#epoch;
    if (epoch === null) return 0;
    return this.#segments.reduce((sum, { ids }) => sum + (ids.get(epoch)?.tagsLeftOut ?? 0), 0);
  }

  /** Puts a member in, or what the member carries now. False when there is no room (261,120 members). */
  put(member: MemberKeys): boolean {
    const position = this.#positions.get(member.subject) ?? this.#vacant.pop() ?? this.#used;
    if (position >= SEGMENTS_CAP * SEGMENT_MEMBERS) return false;
    this.#used = Math.max(this.#used, position + 1);
    const segment = this.#segmentAt(position);
    const place = position % SEGMENT_MEMBERS;
    const isSame = segment.members[place]?.subject === member.subject;
    segment.members[place] = member;
    this.#positions.set(member.subject, position);
    this.#change(segment, !isSame);
    return true;
  }

  /** Takes a member out: no identifier of hers is in what is handed out from here on. False when she was not in. */
  remove(subject: SubjectRef): boolean {
    const position = this.#positions.get(subject);
    if (position === undefined) return false;
    const segment = this.#segmentAt(position);
    segment.members[position % SEGMENT_MEMBERS] = null;
    this.#positions.delete(subject);
    this.#vacant.push(position);
    this.#change(segment, true);
    return true;
  }

  /** Says which epoch it is; tables of others are given up. */
  turnTo(epoch: number): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#shelf = null;
    for (const { ids } of this.#segments)
      for (const made of ids.keys()) if (Math.abs(made - epoch) > 1) ids.delete(made);
  }

  /** Makes one thing that is missing; false when nothing is. */
  work(): boolean {
    const epoch = this.#epoch;
    if (epoch === null || this.#shelf !== null) return false;
    for (const [number, segment] of this.#segments.entries())
      if (this.#make(number, segment, epoch)) return true;
    this.#shelf = this.#whole(epoch);
    return false;
  }

  /** What can be handed out; null while something is being made. */
  get shelf(): Shelf | null {
    return this.#shelf;
  }

  /** A part of what can be handed out; null when there is none of that name. */
  part({ segment, epoch }: PartName): ShelfPart | null {
    const found = this.#segments[segment];
    if (found === undefined || this.#shelf === null) return null;
    return epoch === null ? found.roll : (found.ids.get(epoch) ?? null);
  }

  #segmentAt(position: number): Segment {
    const number = Math.floor(position / SEGMENT_MEMBERS);
    const segment: Segment = this.#segments[number] ?? {
      members: [],
      roll: null,
      ids: new Map(),
    };
    this.#segments[number] = segment;
    while (segment.members.length < SEGMENT_MEMBERS) segment.members.push(null);
    return segment;
  }

  #change(segment: Segment, isOther: boolean): void {
    if (isOther) segment.roll = null;
    segment.ids.clear();
    this.#shelf = null;
  }

  #make(number: number, segment: Segment, epoch: number): boolean {
    if (segment.roll === null) {
      segment.roll = makeRoll(this.#terms, number, segment.members);
      return true;
    }
    for (const by of BESIDE) {
      const name = { segment: number, epoch: epoch + by, roll: segment.roll.digest };
      if (segment.ids.has(name.epoch)) continue;
      segment.ids.set(name.epoch, makeIds(this.#terms.storeGroup, name, segment.members));
      return true;
    }
    return false;
  }

  #whole(epoch: number): Shelf {
    const rolls = this.#segments.map(({ roll }) => roll?.digest ?? "");
    const ids = BESIDE.map((by) => ({
      epoch: epoch + by,
      digests: this.#segments.map((segment) => segment.ids.get(epoch + by)?.digest ?? ""),
    }));
    const catalogue = { rolls, ids };
    return { digest: catalogueDigest(this.#terms.storeGroup, catalogue), catalogue };
  }
}
