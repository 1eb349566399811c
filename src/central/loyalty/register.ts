import { type EpochMs, epochMs, type GrantId, type SubjectRef } from "../../core/brand.ts";
import type { Grant, Purpose } from "../../core/consent.ts";
import type { EntryBody } from "../../core/consent-ledger.ts";
import type { CentreChange, LeaseStore } from "../../privacy/consent/centre-grants.ts";
import { BOOK_CAP } from "../../privacy/consent/consent-book.ts";
import type { BookedGrant, GrantBook } from "../../privacy/consent/consent-gate.ts";
import { expiryOf, extendedExpiry } from "../../privacy/consent/grant-rules.ts";
import { GrantShelf } from "../../privacy/consent/grant-shelf.ts";

export interface RegisterTerms {
  /** Where it rests: the same table in which a gateway keeps what the centre told it. */
  readonly store: LeaseStore & { forgetEnded(isNeeded: (grant: GrantId) => boolean): number };
  /** Names a new register. */
  readonly newId: () => string;
  readonly now: () => EpochMs;
  /** Called after each change that is durable. */
  readonly onChange: (change: CentreChange) => void;
  readonly cap?: number;
}

/** Stale places in the order of changes that are borne before it is written anew. */
const STALE_LEAST = 1_024;

/**
 * The register of one tenant: how every consent stands, whoever wrote it down. A change gets the next number and replaces
 * what the register said of that consent before, so the numbers have holes; what was told never changes. One that has
 * ended stays so. Bounded: 200,000 live consents and as many ended ones; what finds no room is refused and counted.
 */
export class Register implements GrantBook {
  #name: string;
  readonly #terms: RegisterTerms;
  readonly #shelf: GrantShelf;
  readonly #changes = new Map<GrantId, CentreChange>();
  /** Changes by number; those that were replaced are stale. */
  #order: CentreChange[] = [];
  #seq: number;
  #refused = 0;

  /** Reads the register, or begins one. @throws the store's faults */
  constructor(terms: RegisterTerms) {
    this.#terms = terms;
    this.#shelf = new GrantShelf(terms.cap ?? BOOK_CAP);
    const { register, applied, changes } = terms.store.load();
    this.#name = register ?? terms.newId();
    this.#seq = applied;
    for (const change of changes) this.#hold(change);
  }

  /** Names the register; of another name nothing holds that was told before. */
  get name(): string {
    return this.#name;
  }

  /** Takes another name: gateways know numbers of it that are not here, since it was restored from a backup. */
  beginAnew(): void {
    const register = this.#terms.newId();
    const about = { register, from: this.#seq, to: this.#seq, upTo: this.#seq };
    this.#terms.store.save({ ...about, issuedAt: this.#terms.now(), changes: [] }, false);
    this.#name = register;
  }

  /** The newest number; 0 at first. */
  get seq(): number {
    return this.#seq;
  }

  get counts(): { readonly live: number; readonly ended: number; readonly refused: number } {
    const { live, ended } = this.#shelf.counts;
    return { live, ended, refused: this.#refused };
  }

  find(subject: SubjectRef, purpose: Purpose): BookedGrant | null {
    return this.#shelf.find(subject, purpose);
  }

  byId(grant: GrantId): BookedGrant | null {
    return this.#shelf.byId(grant);
  }

  /** The live consents of a member, one a purpose at most. */
  liveOf(subject: SubjectRef): readonly Grant[] {
    return this.#shelf.liveOf(subject);
  }

  /** Everything that the register says of a member, ended consents included. */
  of(subject: SubjectRef): readonly CentreChange[] {
    return [...this.#changes.values()].filter(({ grant }) => grant.subjectRef === subject);
  }

  /** All live consents. */
  live(): Generator<Grant> {
    return this.#shelf.live();
  }

  /** Changes above a number, in order, at most `limit`. */
  after(seq: number, limit: number): readonly CentreChange[] {
    const found: CentreChange[] = [];
    for (let i = this.#placeAfter(seq); i < this.#order.length && found.length < limit; i += 1) {
      const change = this.#order[i];
      if (change !== undefined && this.#isPresent(change)) found.push(change);
    }
    return found;
  }

  /** Takes what an entry of a ledger says of a consent; the consents that it ended. @throws the store's faults */
  take(entry: EntryBody): readonly Grant[] {
    switch (entry.kind) {
      case "granted":
        return this.#grant(entry.grant);
      case "extended":
        this.#extend(entry.grantId, entry.expiresAt);
        return [];
      case "revoked":
      case "expired":
        return this.end(entry.grantId, entry.kind);
      default:
        return [];
    }
  }

  /** Ends a consent; the consent when it was live until now. @throws the store's faults */
  end(id: GrantId, state: "revoked" | "expired"): readonly Grant[] {
    const grant = this.#shelf.isLive(id) ? this.byId(id)?.grant : undefined;
    if (grant === undefined) return [];
    this.#write([{ state, grant }]);
    return [grant];
  }

  /** A member was recognised: moves the expiries of what ledgers of gateways hold. @throws the store's faults */
  visited(subject: SubjectRef, at: EpochMs): number {
    const moved = this.liveOf(subject).flatMap((grant) => {
      const expiresAt = grant.expiresAt > at ? extendedExpiry(grant, at) : null;
      return expiresAt === null
        ? []
        : [{ state: "granted" as const, grant: { ...grant, expiresAt } }];
    });
    if (moved.length > 0) this.#write(moved);
    return moved.length;
  }

  /** Live consents whose time is over, at most `limit`. */
  due(now: EpochMs, limit: number): readonly Grant[] {
    const due: Grant[] = [];
    for (const grant of this.live()) {
      if (grant.expiresAt > now) continue;
      due.push(grant);
      if (due.length >= limit) break;
    }
    return due;
  }

  /** Forgets what has ended and would be over by the clock by now, wherever it is still believed; returns how many. */
  forgetEnded(now: EpochMs): number {
    const isOver = ({ state, grant }: CentreChange): boolean =>
      state !== "granted" && grant.expiresAt <= now;
    const over = [...this.#changes.values()].filter(isOver);
    if (over.length === 0) return 0;
    const ids = new Set(over.map(({ grant }) => grant.grantId));
    this.#terms.store.forgetEnded((id) => !ids.has(id));
    for (const id of ids) this.#changes.delete(id);
    this.#order = this.#order.filter((one) => this.#isPresent(one));
    return ids.size;
  }

  #grant(grant: Grant): readonly Grant[] {
    if (this.#changes.has(grant.grantId)) return [];
    if (this.#shelf.isFull || this.#changes.size >= 2 * (this.#terms.cap ?? BOOK_CAP)) {
      this.#refused += 1;
      return [];
    }
    // Whoever tells it may not stretch it: what is told as longer than the rules allow is cut.
    const expiresAt = epochMs(
      Math.min(grant.expiresAt, expiryOf(grant.grantedAt, this.#terms.now())),
    );
    const before = this.find(grant.subjectRef, grant.purpose)?.grant;
    const isLive = before !== undefined && this.#shelf.isLive(before.grantId);
    const isNewest = before === undefined || before.grantedAt <= grant.grantedAt;
    const changes: Omit<CentreChange, "seq">[] = [];
    if (isLive && isNewest) changes.push({ state: "revoked", grant: before });
    changes.push({ state: isNewest ? "granted" : "revoked", grant: { ...grant, expiresAt } });
    this.#write(changes);
    return [];
  }

  #extend(id: GrantId, expiresAt: EpochMs): void {
    const grant = this.#shelf.isLive(id) ? this.byId(id)?.grant : undefined;
    if (grant === undefined || expiresAt <= grant.expiresAt) return;
    this.#write([{ state: "granted", grant: { ...grant, expiresAt } }]);
  }

  #write(bodies: readonly Omit<CentreChange, "seq">[]): void {
    const changes = bodies.map((body, index) => ({ seq: this.#seq + 1 + index, ...body }));
    const to = this.#seq + changes.length;
    const about = { register: this.name, from: this.#seq, to, upTo: to };
    this.#terms.store.save({ ...about, issuedAt: this.#terms.now(), changes }, false);
    this.#seq = to;
    for (const change of changes) this.#hold(change);
    for (const change of changes) this.#terms.onChange(change);
  }

  #hold(change: CentreChange): void {
    const { grant, state } = change;
    this.#changes.set(grant.grantId, change);
    this.#order.push(change);
    const stale = this.#order.length - this.#changes.size;
    if (stale > STALE_LEAST && stale > this.#changes.size)
      this.#order = this.#order.filter((one) => this.#isPresent(one));
    this.#shelf.put(grant);
    if (state === "granted") this.#shelf.extend(grant.grantId, grant.expiresAt);
    else this.#shelf.end(grant.grantId, state === "revoked", grant.expiresAt);
  }

  #isPresent({ grant, seq }: CentreChange): boolean {
    return this.#changes.get(grant.grantId)?.seq === seq;
  }

  #placeAfter(seq: number): number {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#order[middle]?.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
