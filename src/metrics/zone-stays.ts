import { BoundedMap } from "../core/bounded-map.ts";
import { type EpochMs, epochMs, type ZoneId } from "../core/brand.ts";
import type { ZoneStayBegan, ZoneStayEnded } from "../core/events.ts";
import { ZONE_RULES } from "./zone-rules.ts";

/** Tracks in zones remembered at once; the one untouched longest is settled first. */
const MAX_TRACKS = 4096;
/** Stays of one track in one zone remembered apart. */
const MAX_STAYS = 32;
/** An entry and an exit whose times of entry differ by less belong together (clock steps, rounding). */
const SAME_ENTRY_MS = 2000;

/** A stay in a zone; `end` null = still inside. */
export interface ZoneStay {
  readonly zoneId: ZoneId;
  readonly start: EpochMs;
  readonly end: EpochMs | null;
  /** The end was not seen: the stay lasted at least until `end`. */
  readonly isCensored: boolean;
  readonly isLate: boolean;
}

interface Known {
  readonly zoneId: ZoneId;
  /** Ended stays, in time, further apart than the bridged gap. */
  ended: ZoneStay[];
  /** Entry without an exit so far. */
  open: { readonly at: EpochMs; readonly isLate: boolean } | null;
}

/** What settling needs to know. */
export interface StayContext {
  /** First instant after `from` at which the zone's camera did not see; null when it saw on. */
  firstUnseen(zoneId: ZoneId, from: EpochMs): EpochMs | null;
  /** Takes in a stay that no later event will change. */
  onSettled(stay: ZoneStay & { readonly end: EpochMs }): void;
}

/**
 * Puts stays together from entries and exits in any order. An exit carries its whole stay, so an entry matters only
 * while its exit has not come. Small breaks are bridged. Bounded: stays are handed over when they are final.
 */
export class ZoneStays {
  readonly #context: StayContext;
  readonly #known = new BoundedMap<string, Known>({
    cap: MAX_TRACKS,
    idleMs: Number.POSITIVE_INFINITY,
  });

  constructor(context: StayContext) {
    this.#context = context;
  }

  /** Tracks in zones remembered. */
  get size(): number {
    return this.#known.size;
  }

  enter(event: ZoneStayBegan, isLate: boolean): void {
    const known = this.#knownFor(event);
    const isEnded = known.ended.some(
      (stay) => event.at >= stay.start - SAME_ENTRY_MS && event.at <= (stay.end ?? stay.start),
    );
    // Of two entries without an exit between them the later counts: the exit of the earlier brings its own stay.
    if (!isEnded && event.at >= (known.open?.at ?? event.at)) known.open = { at: event.at, isLate };
  }

  exit(event: ZoneStayEnded, isLate: boolean): void {
    const known = this.#knownFor(event);
    const start = epochMs(event.at - event.dwellMs);
    const open = known.open?.at;
    if (open !== undefined && open >= start - SAME_ENTRY_MS && open <= event.at) known.open = null;
    const { zoneId, at: end, censored: isCensored } = event;
    known.ended = bridged([...known.ended, { zoneId, start, end, isCensored, isLate }]);
    while (known.ended.length > MAX_STAYS) this.#settle(known.ended.shift());
  }

  /** Hands over the stays that are final at `now`. */
  settle(now: EpochMs): void {
    for (const [key, known] of [...this.#known.entries()]) {
      this.#giveUpOpen(known, now);
      const last = known.ended.at(-1)?.end ?? null;
      if (known.open !== null || (last !== null && now - last <= ZONE_RULES.settleMs)) continue;
      for (const stay of known.ended) this.#settle(stay);
      this.#known.delete(key);
    }
  }

  /** Stays not handed over yet: ended ones, and open ones with `end` null. */
  *pending(): Generator<ZoneStay> {
    for (const [, known] of this.#known.entries()) {
      const last = known.ended.at(-1);
      const { open, zoneId } = known;
      const isBridged =
        open !== null &&
        last !== undefined &&
        open.at >= last.start &&
        open.at - (last.end ?? last.start) < ZONE_RULES.bridgedGapMs;
      yield* isBridged ? known.ended.slice(0, -1) : known.ended;
      if (open === null) continue;
      const start = isBridged ? last.start : open.at;
      yield { zoneId, start, end: null, isCensored: true, isLate: open.isLate };
    }
  }

  /** Ends an open stay whose end will not come: its camera stopped seeing, or far too much time has passed. */
  #giveUpOpen(known: Known, now: EpochMs): void {
    const { open, zoneId } = known;
    if (open === null) return;
    const unseen = this.#context.firstUnseen(zoneId, open.at);
    const isLost = unseen !== null && now - unseen > ZONE_RULES.settleMs;
    if (!isLost && now - open.at <= ZONE_RULES.maxOpenMs) return;
    // Without a camera failure the exit got lost on the way; all that is known is that it was a visit.
    const end = isLost ? unseen : epochMs(open.at + ZONE_RULES.minDwellMs);
    const stay = { zoneId, start: open.at, end, isCensored: true, isLate: open.isLate };
    known.open = null;
    known.ended = bridged([...known.ended, stay]);
  }

  #knownFor(event: ZoneStayBegan | ZoneStayEnded): Known {
    const key = `${event.source} ${event.zoneId} ${event.trackId}`;
    const existing = this.#known.get(key, event.atMono);
    if (existing !== undefined) return existing;
    if (this.#known.size >= MAX_TRACKS) this.#settleOldest();
    const known: Known = { zoneId: event.zoneId, ended: [], open: null };
    this.#known.set(key, known, event.atMono);
    return known;
  }

  #settleOldest(): void {
    for (const [key, known] of this.#known.entries()) {
      this.#giveUpOpen(known, epochMs(Number.POSITIVE_INFINITY));
      for (const stay of known.ended) this.#settle(stay);
      this.#known.delete(key);
      return;
    }
  }

  #settle(stay: ZoneStay | undefined): void {
    if (stay === undefined || stay.end === null) return;
    this.#context.onSettled({ ...stay, end: stay.end });
  }
}

/** Sorts ended stays and joins those with a gap below the bridged one; the latest end decides whether it was seen. */
function bridged(stays: ZoneStay[]): ZoneStay[] {
  const sorted = stays.sort((a, b) => a.start - b.start || (a.end ?? 0) - (b.end ?? 0));
  const joined: ZoneStay[] = [];
  for (const stay of sorted) {
    const last = joined.at(-1);
    const lastEnd = last?.end ?? null;
    if (last === undefined || lastEnd === null || stay.end === null) joined.push(stay);
    else if (stay.start - lastEnd >= ZONE_RULES.bridgedGapMs) joined.push(stay);
    else {
      const isLonger = stay.end > lastEnd;
      joined[joined.length - 1] = {
        zoneId: last.zoneId,
        start: last.start,
        end: isLonger ? stay.end : lastEnd,
        isCensored: isLonger ? stay.isCensored : last.isCensored,
        isLate: last.isLate || stay.isLate,
      };
    }
  }
  return joined;
}
