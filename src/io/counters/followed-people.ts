import { BoundedMap } from "../../core/bounded-map.ts";
import type { MonoMs, TrackId } from "../../core/brand.ts";
import type { Sighting } from "./changes.ts";

/** Somebody a counter reports, under our number. */
export interface Person {
  readonly trackId: TrackId;
  xNorm: number;
  yNorm: number;
  heightNorm: number;
  score: number;
  /** When and where the counter saw this person first, under the id it began with. */
  readonly bornMono: MonoMs;
  readonly bornX: number;
  readonly bornY: number;
  /** How fast it goes, Norm per ms, and the sight that was measured from. */
  vxPerMs: number;
  vyPerMs: number;
  readonly since: { mono: MonoMs; xNorm: number; yNorm: number };
  /** When it was last really seen, not merely carried on. */
  sightMono: MonoMs;
  /** Left out of a list that names everybody, or ended: not carried on any more. */
  isGone: boolean;
}

/** People remembered at once; the one unseen longest is given up first. As many as a pipeline follows. */
const MAX_PEOPLE = 512;
/** Gone for longer: the id may come again, but as somebody else. */
const REMEMBER_MS = 10_000;
const MAX_SPOKEN = 2048;

/**
 * A new id that begins where somebody just lost would be by now is the same person, when only one fits: two people
 * cannot be in one place.
 */
const SAME_PERSON = {
  withinMs: 1500,
  /** From the place to which the lost person's way leads, in body heights: less than two people keep apart. */
  withinHeights: 0.35,
} as const;
/** Longer than a crossing is held back, shorter than the pipeline remembers somebody not mentioned. */
const CERTAIN_MS = 1000;
const MAX_PARKED = 64;

/** Two numbers of one person, of which one is to be given up. */
interface Parked {
  readonly older: Person;
  readonly younger: Person;
  readonly atMono: MonoMs;
}

/** One person under two of our numbers, of which at least one has been in no event yet. */
interface Namesake {
  readonly from: TrackId;
  readonly to: TrackId;
}

/** Called when two numbers that have both been in events turn out to be one person, who goes on as `to`. */
export type OnSamePerson = (from: TrackId, to: TrackId, atMono: MonoMs) => void;

/** Speed is measured over at least so long. */
const SPEED_MS = 500;

/**
 * The people of one counter: their ids against ours. Ids are renamed, lost and found again by the counters; a person
 * goes on under one number wherever that can be known.
 */
export class FollowedPeople {
  readonly #nextTrackId: () => TrackId;
  readonly #onSamePerson: OnSamePerson;
  readonly #people = new BoundedMap<string, Person>({
    cap: MAX_PEOPLE,
    idleMs: Number.POSITIVE_INFINITY,
  });
  /** Numbers under which something was counted. */
  readonly #spoken = new BoundedMap<TrackId, true>({
    cap: MAX_SPOKEN,
    idleMs: Number.POSITIVE_INFINITY,
  });
  readonly #parked: Parked[] = [];
  readonly #namesakes: Namesake[] = [];
  #joined = 0;

  constructor(nextTrackId: () => TrackId, onSamePerson: OnSamePerson) {
    this.#nextTrackId = nextTrackId;
    this.#onSamePerson = onSamePerson;
  }

  /** New ids taken for somebody known, and renames. */
  get joined(): number {
    return this.#joined;
  }

  /** People pushed out by the cap. */
  get evicted(): number {
    return this.#people.evicted;
  }

  peek(id: string): Person | undefined {
    return this.#people.peek(id);
  }

  *all(): Generator<Person> {
    for (const [, person] of this.#people.entries()) yield person;
  }

  /**
   * Something was counted for this number: it must not be given up for another. To be called after that was told, since
   * it may turn out now that the number was told of together with another.
   */
  noteEvent(trackId: TrackId, atMono: MonoMs): void {
    this.#spoken.set(trackId, true, atMono);
    for (const namesake of this.#namesakes.filter(({ from, to }) => this.#areSpoken(from, to))) {
      this.#namesakes.splice(this.#namesakes.indexOf(namesake), 1);
      this.#onSamePerson(namesake.from, namesake.to, atMono);
    }
  }

  /** The person was seen. Whoever is new begins here, unless somebody just ended at this very place. */
  see(sighting: Sighting, atMono: MonoMs): Person {
    const { id, xNorm, yNorm, heightNorm, score } = sighting;
    const known = this.#people.get(id, atMono);
    if (known !== undefined) {
      Object.assign(known, { xNorm, yNorm, heightNorm, score, sightMono: atMono, isGone: false });
      measureSpeed(known);
      return known;
    }
    const place = { xNorm, yNorm, heightNorm, score };
    const birth = { bornMono: atMono, bornX: xNorm, bornY: yNorm };
    const person: Person = {
      trackId: this.#nextTrackId(),
      ...place,
      ...birth,
      vxPerMs: 0,
      vyPerMs: 0,
      since: { mono: atMono, xNorm, yNorm },
      sightMono: atMono,
      isGone: false,
    };
    this.#people.set(id, person, atMono);
    const before = this.#onlyMatch((other) => other.isGone && this.#isContinued(other, person));
    if (before === null) return person;
    // Nothing is known of the new number yet: the old one goes on at once.
    const [oldId, old] = before;
    this.#people.delete(oldId);
    this.#hand({ older: old, younger: person, atMono }, atMono);
    this.#joined += 1;
    return old;
  }

  /** The id will not come again. Somebody born where it was last seen goes on under its number. */
  end(id: string, atMono: MonoMs): void {
    const person = this.#people.peek(id);
    if (person === undefined) return;
    person.isGone = true;
    const after = this.#onlyMatch((other) => !other.isGone && this.#isContinued(person, other));
    if (after !== null) this.#unite([id, person], after, after[0], atMono);
  }

  /** Both ids are one person, called `to` from now on. */
  rename(from: string, to: string, atMono: MonoMs): void {
    const person = this.#people.peek(from);
    if (person === undefined || from === to) return;
    const other = this.#people.peek(to);
    if (other === undefined) {
      this.#people.delete(from);
      this.#people.set(to, person, atMono);
      this.#joined += 1;
      return;
    }
    this.#unite([from, person], [to, other], to, atMono);
  }

  /**
   * Decides which number somebody goes on under, of whom two were known: the older, with the stays and the side of the
   * line it knows; unless something was counted for the newer, since nothing may count twice. It takes a while to be
   * sure of a crossing, and so long the decision waits.
   */
  settle(nowMono: MonoMs): void {
    while (nowMono - (this.#parked[0]?.atMono ?? nowMono) >= CERTAIN_MS) {
      const parked = this.#parked.shift();
      if (parked !== undefined) this.#hand(parked, nowMono);
    }
  }

  /** Whoever is not among the named is gone. */
  leaveOut(named: ReadonlySet<string>): void {
    for (const [id, person] of this.#people.entries()) if (!named.has(id)) person.isGone = true;
  }

  /** Forgets people gone or unseen for long. */
  forget(nowMono: MonoMs, carryMs: number): void {
    const late: string[] = [];
    for (const [id, { isGone, sightMono }] of this.#people.entries()) {
      const limitMs = isGone ? REMEMBER_MS : carryMs + REMEMBER_MS;
      if (nowMono - sightMono > limitMs) late.push(id);
    }
    for (const id of late) this.#people.delete(id);
  }

  clear(): void {
    for (const id of [...this.#people.entries()].map(([key]) => key)) this.#people.delete(id);
    this.#parked.length = 0;
    this.#namesakes.length = 0;
  }

  /** Whether `after` may be `before` under a new id: born within reach of where and when that was last seen. */
  #isContinued(before: Person, after: Person): boolean {
    if (before === after) return false;
    const pauseMs = after.bornMono - before.sightMono;
    if (pauseMs <= 0 || pauseMs > SAME_PERSON.withinMs) return false;
    const expectedX = before.xNorm + before.vxPerMs * pauseMs;
    const expectedY = before.yNorm + before.vyPerMs * pauseMs;
    const away = Math.hypot(after.bornX - expectedX, after.bornY - expectedY);
    const height = Math.max(after.heightNorm, before.heightNorm);
    return away <= SAME_PERSON.withinHeights * height;
  }

  /** The one person that fits; null when nobody or several do, since then nothing can be known. */
  #onlyMatch(fits: (person: Person) => boolean): [string, Person] | null {
    let found: [string, Person] | null = null;
    for (const [id, person] of this.#people.entries()) {
      if (!fits(person)) continue;
      if (found !== null) return null;
      found = [id, person];
    }
    return found;
  }

  /** Two records of one person become one, called `name`. */
  #unite(
    [firstId, first]: [string, Person],
    [secondId, second]: [string, Person],
    name: string,
    atMono: MonoMs,
  ): void {
    const [older, younger] = first.trackId < second.trackId ? [first, second] : [second, first];
    const live = older.sightMono > younger.sightMono ? older : younger;
    this.#people.delete(firstId);
    this.#people.delete(secondId);
    this.#people.set(name, live, atMono);
    this.#joined += 1;
    if (live === older) {
      this.#tellSame(younger.trackId, older.trackId, atMono);
      return;
    }
    older.isGone = true;
    this.#parked.push({ older, younger, atMono });
    const untold = this.#parked.length > MAX_PARKED ? this.#parked.shift() : undefined;
    if (untold !== undefined) this.#tellSame(untold.older.trackId, untold.younger.trackId, atMono);
  }

  /** Two numbers are one person: said when both have been in events, now or as soon as that is so. */
  #tellSame(from: TrackId, to: TrackId, atMono: MonoMs): void {
    if (this.#areSpoken(from, to)) {
      this.#onSamePerson(from, to, atMono);
      return;
    }
    this.#namesakes.push({ from, to });
    if (this.#namesakes.length > MAX_PARKED) this.#namesakes.shift();
  }

  #areSpoken(a: TrackId, b: TrackId): boolean {
    return this.#spoken.peek(a) === true && this.#spoken.peek(b) === true;
  }

  /** The number of somebody known before goes on where the newer one is. */
  #hand({ older, younger }: Parked, nowMono: MonoMs): void {
    if (this.#spoken.peek(younger.trackId)) {
      this.#tellSame(older.trackId, younger.trackId, nowMono);
      return;
    }
    for (const [id, person] of this.#people.entries()) {
      if (person !== younger) continue;
      const { xNorm, yNorm, heightNorm, score, sightMono, isGone, vxPerMs, vyPerMs } = younger;
      const place = { xNorm, yNorm, heightNorm, score, vxPerMs, vyPerMs };
      Object.assign(older, { ...place, sightMono, isGone });
      this.#people.set(id, older, nowMono);
      return;
    }
  }
}

function measureSpeed(person: Person): void {
  const { since, sightMono, xNorm, yNorm } = person;
  const passedMs = sightMono - since.mono;
  if (passedMs < SPEED_MS) return;
  person.vxPerMs = (xNorm - since.xNorm) / passedMs;
  person.vyPerMs = (yNorm - since.yNorm) / passedMs;
  since.mono = sightMono;
  since.xNorm = xNorm;
  since.yNorm = yNorm;
}
