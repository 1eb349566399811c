import type { SubjectRef } from "../../core/brand.ts";
import type { Timer } from "../../core/clock.ts";
import { LoyaltyTables, type TableRefusal } from "../../privacy/loyalty/loyalty-tables.ts";
import type { PartName } from "../../privacy/loyalty/table-layout.ts";
import type { MadeIds, MemberKeys } from "../../privacy/loyalty/table-rows.ts";
import { type ShelfPart, TableShelf } from "../../privacy/loyalty/table-shelf.ts";
import type { TableSource, TableSourceTerms } from "../loyalty/table-source.ts";
import type { MemberSeal } from "./member-seal.ts";
import type { MembersAtHand, OpenMembers } from "./members-at-hand.ts";

/** What is known of a member. */
interface Known {
  readonly change: number;
  /** What is in the tables now; null: nothing, for want of a consent or of things to carry. */
  keys: MemberKeys | null;
  /** Why the gate need not be asked: there is nothing to put in, or nobody can read it. */
  lacks: "things" | "sense" | null;
}

const TICK_MS = 250;
/** Ticks between looks at the file. */
const LOOK_TICKS = 4;
/** Segments made at a tick, 4 ms each on a board. */
const SEGMENTS_PER_TICK = 4;
/** Consents asked for at a tick; all 10,000 members within four seconds. */
const ASKED_PER_TICK = 640;
/** Members who come at one tick and after whom more come: their tables are made when all are in. */
const MANY = 64;
/** Parts handed over at a time. */
const PARTS = 64;

/**
 * Tables of members' identifiers, made where they are used. An identifier is in them only while the consent gate permits
 * it: each member is asked for when the file changes and every few seconds after that, and the gate is asked again for
 * every frame that is found. Keys are in memory only of members who are in the tables, and overwritten when they go.
 */
export class LocalTables implements TableSource {
  readonly name = "loyalty-tables";
  readonly tables: LoyaltyTables;
  readonly refused = new Map<TableRefusal, number>();
  readonly #terms: TableSourceTerms;
  readonly #members: MembersAtHand;
  readonly #also: () => void;
  readonly #known = new Map<SubjectRef, Known>();
  #seal: MemberSeal | null = null;
  #shelf: TableShelf | null = null;
  #damaged = 0;
  #fed: string | null = null;
  #isStale = true;
  #ticks = 0;
  /** Members whose consent is asked for in this round. */
  #round: SubjectRef[] = [];
  #timer: Timer | null = null;

  /** `also`: what else is to be done as often. */
  constructor(terms: TableSourceTerms, members: MembersAtHand, also: () => void = () => undefined) {
    this.#terms = terms;
    this.#members = members;
    this.#also = also;
    const { storeGroup, memberCap } = terms;
    this.tables = new LoyaltyTables({
      storeGroup,
      ...(memberCap === undefined ? {} : { memberCap }),
    });
  }

  /** Tags that are in no table: their clocks must be found again. */
  get tagsLeftOut(): number {
    return this.#shelf?.tagsLeftOut ?? 0;
  }

  /** Members whose entry of the file cannot be read. */
  get damaged(): number {
    return this.#damaged;
  }

  attach(): void {
    // Nobody is asked: the tables are made here.
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#timer === null && !signal.aborted) {
      this.#timer = this.#terms.clock.every(TICK_MS, "loyalty.tables", () => this.advance());
      this.advance();
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    for (const subject of [...this.#known.keys()]) this.#takeOut(subject);
    return Promise.resolve();
  }

  /** Something was written by this process: the file is looked at with the next tick. */
  wake(): void {
    this.#isStale = true;
    this.#ticks = 0;
  }

  /** Takes a member out of the tables at once. */
  drop(subject: SubjectRef): void {
    this.#takeOut(subject);
    this.#known.delete(subject);
    this.wake();
  }

  /** Reads what is new, asks for consents, makes tables. Called every quarter of a second after `start`. */
  advance(): void {
    if (this.#ticks % LOOK_TICKS === 0) this.#members.attempt((open) => this.#look(open));
    this.#ticks += 1;
    this.#turn(this.#askSome() >= MANY);
    this.#also();
  }

  #look(open: OpenMembers): void {
    const { file, seal } = open;
    if (this.#seal !== seal) this.#begin(seal);
    if (!file.hasNews() && !this.#isStale) return;
    // Until all of it was read: a fault on the way must not make it old news.
    this.#isStale = true;
    const gone = new Set(this.#known.keys());
    for (const { subject, change } of file.changes()) {
      gone.delete(subject);
      const known = this.#known.get(subject);
      if (known?.change === change) continue;
      if (known !== undefined) this.#takeOut(subject);
      this.#known.set(subject, { change, keys: null, lacks: null });
    }
    for (const subject of gone) {
      this.#takeOut(subject);
      this.#known.delete(subject);
    }
    this.#isStale = false;
    this.#round = [...this.#known.keys()];
  }

  /** The first time, and when the file was opened anew: it may be another one with another key. */
  #begin(seal: MemberSeal): void {
    for (const subject of this.#known.keys()) this.#takeOut(subject);
    this.#known.clear();
    this.#seal = seal;
    this.#damaged = 0;
    const { storeGroup } = this.#terms;
    this.#shelf = new TableShelf({ storeGroup, pseudonymKey: seal.pseudonymKey() });
    this.#isStale = true;
  }

  /** Returns how many were put in. */
  #askSome(): number {
    let added = 0;
    if (this.#round.length === 0) this.#round = [...this.#known.keys()];
    for (const subject of this.#round.splice(-ASKED_PER_TICK)) {
      const known = this.#known.get(subject);
      if (known === undefined || known.lacks !== null) continue;
      const isPermitted = this.#terms.gate.permit(subject, "loyalty-beacon").ok;
      if (!isPermitted) this.#takeOut(subject);
      else if (known.keys === null && this.#members.attempt((open) => this.#putIn(open, subject)))
        added += 1;
    }
    return added;
  }

  #putIn({ file, seal }: OpenMembers, subject: SubjectRef): boolean {
    const row = file.bySubject(subject);
    const known = this.#known.get(subject);
    if (row === null || known === undefined) return false;
    if (row.carried === null) {
      known.lacks = "things";
      return false;
    }
    const carried = seal.openCarried(subject, row.carried);
    if (carried === null) {
      // One entry that cannot be read keeps nobody else out.
      known.lacks = "sense";
      this.#damaged += 1;
      return false;
    }
    const keys = { subject, ...carried };
    if (this.#shelf?.put(keys) !== true) return false;
    known.keys = keys;
    return true;
  }

  #takeOut(subject: SubjectRef): void {
    const known = this.#known.get(subject);
    if (known === undefined || known.keys === null) return;
    this.#shelf?.remove(subject);
    known.keys.appKey?.fill(0);
    for (const { key } of known.keys.tags) key.fill(0);
    known.keys = null;
  }

  #turn(isComing: boolean): void {
    const epoch = this.#terms.epochNow();
    this.tables.turnTo(epoch);
    const shelf = this.#shelf;
    if (epoch === null || shelf === null) return;
    shelf.turnTo(epoch);
    if (isComing) return;
    for (let i = 0; i < SEGMENTS_PER_TICK && shelf.work(); i += 1);
    const made = shelf.shelf;
    if (made === null || made.digest === this.#fed) return;
    const isTaken = this.#count(this.tables.takeCatalogue(made.catalogue));
    if (!isTaken || this.#feed(shelf)) this.#fed = made.digest;
    this.tables.index();
  }

  /** Hands all parts over; false when some are left, which are handed over with the next tick. */
  #feed(shelf: TableShelf): boolean {
    // Identifiers are asked for when their roll is there.
    for (let turn = 0; turn < 2; turn += 1)
      for (const name of this.tables.missing(PARTS)) {
        const part = shelf.part(name);
        if (part !== null) this.#count(this.#take(name, part));
      }
    return this.tables.missing(1).length === 0;
  }

  #take({ segment }: PartName, part: ShelfPart): TableRefusal | null {
    return isIds(part)
      ? this.tables.takeIds(part)
      : this.tables.takeRoll({ segment, rows: part.rows });
  }

  #count(refusal: TableRefusal | null): boolean {
    if (refusal !== null) this.refused.set(refusal, (this.refused.get(refusal) ?? 0) + 1);
    return refusal === null;
  }
}

const isIds = (part: ShelfPart): part is MadeIds => "eids" in part;
