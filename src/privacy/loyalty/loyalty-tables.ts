import { EpochTables } from "./epoch-tables.ts";
import type { MemberIdKind } from "./identifier-kinds.ts";
import {
  type Catalogue,
  EID_ROW_BYTES,
  EIDS_CAP,
  type IdsPart,
  idsDigest,
  type PartName,
  PSEUDONYM_BYTES,
  RID_BYTES,
  ROLL_ROW_BYTES,
  type RollPart,
  rollDigest,
  SEGMENT_MEMBERS,
  SEGMENTS_CAP,
} from "./table-layout.ts";

/**
 * Why a part or catalogue was not taken. `cut`: not as long as it must be. `damaged`: its digest is another. `stale`: not
 * (any more) what the catalogue names, or not of now. `early`: its roll has not come yet. `crowded`: more members than
 * this gateway holds.
 */
export type TableRefusal = "cut" | "damaged" | "stale" | "early" | "crowded";

/** Who an identifier is of. */
export interface RolledMember {
  /** Base64url, 16 characters. */
  readonly pseudonym: string;
  /** Base64url, 22 characters. */
  readonly subject: string;
}

/** Sizes for people and limits. */
export interface TableFacts {
  readonly segments: number;
  readonly members: number;
  /** Parts of all tables that the catalogue names, and those that are here. */
  readonly parts: number;
  readonly partsHere: number;
  readonly bytes: number;
}

/** Epochs beside the present one whose identifiers are taken: phones' clocks differ, and so may ours. */
const BESIDE = [0, -1, 1] as const;

export interface LoyaltyTablesOptions {
  readonly storeGroup: string;
  /** Members that this gateway holds at most; absent = as many as there may be. */
  readonly memberCap?: number;
}

/**
 * The identifiers of three epochs as a gateway holds them, put together from parts. It takes only what the catalogue
 * names, so a part that is cut, damaged, old, of somebody else or not asked for changes nothing. What is here of a table
 * is used while the rest comes; identifiers are only used with the very roll that they were made for. No key is ever here.
 */
export class LoyaltyTables {
  readonly #storeGroup: string;
  readonly #segmentCap: number;
  #catalogue: Catalogue = { rolls: [], ids: [] };
  #roll = new Uint8Array(0);
  /** Digest of the roll that is here, by segment; null: none. */
  #rolls: (string | null)[] = [];
  /** Of the epochs that may be matched, at most three. */
  #epochs = new Map<number, EpochTables>();
  #epoch: number | null = null;

  constructor({ storeGroup, memberCap = Number.POSITIVE_INFINITY }: LoyaltyTablesOptions) {
    this.#storeGroup = storeGroup;
    this.#segmentCap = Math.min(SEGMENTS_CAP, Math.ceil(memberCap / SEGMENT_MEMBERS));
  }

  /** The present epoch; null while the wall clock is not to be trusted, and nothing is found then. */
  get epoch(): number | null {
    return this.#epoch;
  }

  /** Says which epoch it is. Tables of epochs that are over are given up. */
  turnTo(epoch: number | null): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    if (epoch === null) return;
    for (const held of this.#epochs.keys())
      if (Math.abs(held - epoch) > 1) this.#epochs.delete(held);
    this.#openEpochs();
  }

  /** Takes a new catalogue; parts of which it names another version are wanted anew. */
  takeCatalogue(catalogue: Catalogue): TableRefusal | null {
    const { rolls, ids } = catalogue;
    const epoch = this.#epoch;
    if (rolls.length > this.#segmentCap) return "crowded";
    if (ids.length > 3 || ids.some(({ digests }) => digests.length !== rolls.length)) return "cut";
    if (epoch === null || !ids.some((one) => Math.abs(one.epoch - epoch) <= 1)) return "stale";
    if (rolls.length !== this.#rolls.length) this.#resize(rolls.length);
    this.#catalogue = catalogue;
    this.#openEpochs();
    return null;
  }

  /** Takes a roll. Identifiers that were made for the one before are given up. */
  takeRoll(part: RollPart): TableRefusal | null {
    const { segment, rows } = part;
    if (rows.length !== SEGMENT_MEMBERS * ROLL_ROW_BYTES) return "cut";
    const digest = rollDigest(this.#storeGroup, part);
    const wanted = this.#catalogue.rolls[segment];
    if (wanted === undefined || this.#rolls[segment] === wanted) return "stale";
    if (digest !== wanted) return "damaged";
    this.#roll.set(rows, segment * SEGMENT_MEMBERS * ROLL_ROW_BYTES);
    this.#rolls[segment] = digest;
    for (const tables of this.#epochs.values()) tables.clear(segment);
    return null;
  }

  /** Takes identifiers; they are found after the next `index`. */
  takeIds(part: IdsPart): TableRefusal | null {
    const { segment, epoch, rows, eids, roll } = part;
    const isWhole = eids.length % EID_ROW_BYTES === 0 && eids.length <= EIDS_CAP * EID_ROW_BYTES;
    if (rows.length !== SEGMENT_MEMBERS * RID_BYTES || !isWhole) return "cut";
    const wanted = this.#wanted(epoch)?.[segment];
    const tables = this.#epochs.get(epoch);
    if (wanted === undefined || tables === undefined || tables.digest(segment) === wanted)
      return "stale";
    if (this.#rolls[segment] !== roll) return "early";
    if (idsDigest(this.#storeGroup, part) !== wanted) return "damaged";
    tables.take(segment, rows, eids, wanted);
    return null;
  }

  /**
   * The parts that are missing, at most `limit`: rolls first, then the present epoch, the last and the next. The next is
   * left out without `hasNext`: it is not needed for up to a quarter of an hour.
   */
  missing(limit: number, hasNext = true): readonly PartName[] {
    const wants: PartName[] = [];
    this.#catalogue.rolls.forEach((wanted, segment) => {
      if (wants.length < limit && this.#rolls[segment] !== wanted)
        wants.push({ segment, epoch: null });
    });
    for (const tables of this.#inOrder()) {
      if (!hasNext && tables.epoch === (this.#epoch ?? 0) + 1) continue;
      const digests = this.#wanted(tables.epoch) ?? [];
      digests.forEach((wanted, segment) => {
        const isReady = this.#rolls[segment] === this.#catalogue.rolls[segment];
        if (wants.length < limit && isReady && tables.digest(segment) !== wanted)
          wants.push({ segment, epoch: tables.epoch });
      });
    }
    return wants;
  }

  /** Makes findable what came since the last time; true when something had. Call about once a second. */
  index(): boolean {
    let isChanged = false;
    for (const tables of this.#epochs.values()) isChanged = tables.index() || isChanged;
    return isChanged;
  }

  /**
   * Position of the member with this identifier in the present epoch or one beside it; -1: nobody. `size` bytes from
   * `from`, 8 or 10 of kind `rid` and 8 of kind `eid`. Allocates nothing.
   */
  find(bytes: Uint8Array, from: number, size: number, kind: MemberIdKind): number {
    const epoch = this.#epoch;
    if (epoch === null) return -1;
    for (let i = 0; i < BESIDE.length; i += 1) {
      const tables = this.#epochs.get(epoch + (BESIDE[i] ?? 0));
      const position = tables?.find(bytes, from, size, kind) ?? -1;
      if (position >= 0) return position;
    }
    return -1;
  }

  /** Who has a position; null for nobody. Allocates. */
  memberAt(position: number): RolledMember | null {
    const at = position * ROLL_ROW_BYTES;
    const row = this.#roll.subarray(at, at + ROLL_ROW_BYTES);
    if (row.length < ROLL_ROW_BYTES || row.every((byte) => byte === 0)) return null;
    const text = Buffer.from(row.buffer, row.byteOffset, row.length);
    return {
      pseudonym: text.toString("base64url", 0, PSEUDONYM_BYTES),
      subject: text.toString("base64url", PSEUDONYM_BYTES),
    };
  }

  /** Position of the member with this pseudonym; -1: nobody. Looks through the whole roll. */
  positionOf(pseudonym: string): number {
    const wanted = Buffer.from(pseudonym, "base64url");
    if (wanted.length !== PSEUDONYM_BYTES) return -1;
    const roll = this.#roll;
    for (let at = 0; at < roll.length; at += ROLL_ROW_BYTES) {
      let i = 0;
      while (i < PSEUDONYM_BYTES && roll[at + i] === wanted[i]) i += 1;
      if (i === PSEUDONYM_BYTES) return at / ROLL_ROW_BYTES;
    }
    return -1;
  }

  /** Pseudonym of a member; null: not in the tables. Looks through the whole roll. */
  pseudonymOf(subject: string): string | null {
    const wanted = Buffer.from(subject, "base64url");
    if (wanted.length !== ROLL_ROW_BYTES - PSEUDONYM_BYTES) return null;
    const roll = this.#roll;
    for (let at = 0; at < roll.length; at += ROLL_ROW_BYTES) {
      let i = 0;
      while (i < wanted.length && roll[at + PSEUDONYM_BYTES + i] === wanted[i]) i += 1;
      if (i === wanted.length) return this.memberAt(at / ROLL_ROW_BYTES)?.pseudonym ?? null;
    }
    return null;
  }

  facts(): TableFacts {
    const { rolls } = this.#catalogue;
    const here = rolls.filter((wanted, segment) => this.#rolls[segment] === wanted).length;
    const held = [...this.#epochs.values()];
    const isHere = (tables: EpochTables, digest: string, segment: number): boolean =>
      tables.digest(segment) === digest;
    const idsHere = held.reduce((sum, tables) => {
      const digests = this.#wanted(tables.epoch) ?? [];
      return sum + digests.filter((digest, segment) => isHere(tables, digest, segment)).length;
    }, 0);
    const present = this.#epoch === null ? undefined : this.#epochs.get(this.#epoch);
    return {
      segments: rolls.length,
      members: present?.count ?? 0,
      parts: rolls.length * (1 + this.#catalogue.ids.length),
      partsHere: here + idsHere,
      bytes: this.#roll.byteLength + held.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  #wanted(epoch: number): readonly string[] | undefined {
    return this.#catalogue.ids.find((one) => one.epoch === epoch)?.digests;
  }

  #inOrder(): readonly EpochTables[] {
    const epoch = this.#epoch;
    return epoch === null ? [] : BESIDE.flatMap((by) => this.#epochs.get(epoch + by) ?? []);
  }

  /** Room for every epoch that the catalogue has and that may be matched now. */
  #openEpochs(): void {
    const epoch = this.#epoch;
    if (epoch === null) return;
    for (const one of this.#catalogue.ids)
      if (Math.abs(one.epoch - epoch) <= 1 && !this.#epochs.has(one.epoch))
        this.#epochs.set(one.epoch, new EpochTables(one.epoch, this.#rolls.length));
  }

  /** Members came or went by the thousand: what is here is asked for again, but for rolls that stay. */
  #resize(segments: number): void {
    const roll = new Uint8Array(segments * SEGMENT_MEMBERS * ROLL_ROW_BYTES);
    roll.set(this.#roll.subarray(0, roll.length));
    this.#roll = roll;
    this.#rolls = Array.from({ length: segments }, (_, segment) => this.#rolls[segment] ?? null);
    this.#epochs = new Map();
  }
}
