import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, epochMs, type ZoneId } from "../../core/brand.ts";
import type {
  EventOrigin,
  TagZoneStayBegan,
  TagZoneStayEnded,
  ZoneStayBegan,
  ZoneStayEnded,
} from "../../core/events.ts";
import { Facet, type Readings } from "../figures/facets.ts";
import { ZONE_RULES } from "../figures/zone-rules.ts";

/** Tracks or tags in zones remembered at once; the one untouched longest is settled first. */
const MAX_TRACKS = 4096;
/** Stays of one track or tag in one zone remembered apart. */
const MAX_STAYS = 32;
/** An entry and an exit whose times of entry differ by less belong together (clock steps, rounding). */
const SAME_ENTRY_MS = 2000;

type Began = ZoneStayBegan | TagZoneStayBegan;
type Ended = ZoneStayEnded | TagZoneStayEnded;

/** A stay in a zone; `end` null = still inside. The origin is that of the news of its end, or of its beginning. */
export interface ZoneStay extends EventOrigin {
  readonly zoneId: ZoneId;
  readonly start: EpochMs;
  readonly end: EpochMs | null;
  /** The end was not seen: the stay lasted at least until `end`. */
  readonly isCensored: boolean;
  readonly isLate: boolean;
}

/** A stay whose end is known. */
export type EndedStay = ZoneStay & { readonly end: EpochMs };

interface Known {
  readonly zoneId: ZoneId;
  /** Ended stays, in time, further apart than the bridged gap. */
  ended: ZoneStay[];
  /** Entry without an exit so far. */
  open: (EventOrigin & { readonly at: EpochMs; readonly isLate: boolean }) | null;
}

/** What settling needs to know. */
export interface StayContext {
  /** First instant after `from` at which the zone's camera did not see; null when it saw on. */
  firstUnseen(zoneId: ZoneId, from: EpochMs): EpochMs | null;
  /** Takes in a stay that no later event will change. */
  onSettled(stay: EndedStay): void;
}

/**
 * Puts stays together from entries and exits in any order. An exit carries its whole stay, so an entry matters only
 * while its exit has not come. Small breaks are bridged. Bounded: stays are handed over when they are final.
 */
export class ZoneStays {
  readonly #context: StayContext;
  readonly #readings: Readings | null;
  readonly #known = new BoundedMap<string, Known>({
    cap: MAX_TRACKS,
    idleMs: Number.POSITIVE_INFINITY,
  });
  /** The same by zone, since figures ask for one zone at a time. */
  readonly #byZone = new Map<ZoneId, Map<string, Known>>();
  /** One per zone; the zones of the plan bound them. */
  readonly #facets = new Map<ZoneId, Facet>();
  readonly #all: Facet;
  /** Of zones in which nothing changed since they were asked for; figures ask for each several times. */
  readonly #pending = new Map<ZoneId, readonly ZoneStay[]>();

  constructor(context: StayContext, readings: Readings | null = null) {
    this.#context = context;
    this.#readings = readings;
    this.#all = new Facet(readings);
  }

  /** Tracks and tags in zones remembered. */
  get size(): number {
    return this.#known.size;
  }

  enter(event: Began, isLate: boolean): void {
    const known = this.#knownFor(event);
    const isEnded = known.ended.some(
      (stay) => event.at >= stay.start - SAME_ENTRY_MS && event.at <= (stay.end ?? stay.start),
    );
    // Of two entries without an exit between them the later counts: the exit of the earlier brings its own stay.
    if (isEnded || event.at < (known.open?.at ?? event.at)) return;
    const { at, source, seq } = event;
    known.open = { at, source, seq, isLate };
    this.#noteChange(event.zoneId);
  }

  /** The stay that ended, as it was told. */
  exit(event: Ended, isLate: boolean): EndedStay {
    const known = this.#knownFor(event);
    const start = epochMs(Math.round(event.at - event.dwellMs));
    const open = known.open?.at;
    if (open !== undefined && open >= start - SAME_ENTRY_MS && open <= event.at) known.open = null;
    const { zoneId, at: end, censored: isCensored, source, seq } = event;
    const stay = { zoneId, start, end, isCensored, isLate, source, seq };
    known.ended = bridged([...known.ended, stay]);
    while (known.ended.length > MAX_STAYS) this.#settle(known.ended.shift());
    this.#noteChange(zoneId);
    return stay;
  }

  /** Hands over the stays that are final at `now`. */
  settle(now: EpochMs): void {
    for (const [key, known] of [...this.#known.entries()]) {
      this.#giveUpOpen(known, now);
      const last = known.ended.at(-1)?.end ?? null;
      if (known.open !== null || (last !== null && now - last <= ZONE_RULES.settleMs)) continue;
      for (const stay of known.ended) this.#settle(stay);
      this.#forget(key, known);
    }
  }

  /** Ended stays that are not handed over yet. */
  *ended(): Generator<EndedStay> {
    this.#all.read();
    for (const [, { ended }] of this.#known.entries())
      for (const stay of ended) if (stay.end !== null) yield { ...stay, end: stay.end };
  }

  /** Stays not handed over yet, of one zone or of all: ended ones, and open ones with `end` null. */
  pending(zone?: ZoneId): readonly ZoneStay[] {
    if (zone === undefined) {
      this.#all.read();
      return [...this.#pendingIn(undefined)];
    }
    this.#facetOf(zone).read();
    const known = this.#pending.get(zone);
    if (known !== undefined) return known;
    const stays = [...this.#pendingIn(zone)];
    this.#pending.set(zone, stays);
    return stays;
  }

  *#pendingIn(zone: ZoneId | undefined): Generator<ZoneStay> {
    for (const known of this.#knownIn(zone)) {
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
      const { isLate, source, seq } = open;
      yield { zoneId, start, end: null, isCensored: true, isLate, source, seq };
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
    const { at: start, isLate, source, seq } = open;
    const stay = { zoneId, start, end, isCensored: true, isLate, source, seq };
    known.open = null;
    known.ended = bridged([...known.ended, stay]);
    this.#noteChange(zoneId);
  }

  #facetOf(zone: ZoneId): Facet {
    const known = this.#facets.get(zone);
    if (known !== undefined) return known;
    const facet = new Facet(this.#readings);
    this.#facets.set(zone, facet);
    return facet;
  }

  #noteChange(zone: ZoneId): void {
    this.#pending.delete(zone);
    this.#facetOf(zone).change();
    this.#all.change();
  }

  #knownFor(event: Began | Ended): Known {
    const key = keyOf(event);
    const existing = this.#known.get(key, event.atMono);
    if (existing !== undefined) return existing;
    if (this.#known.size >= MAX_TRACKS) this.#settleOldest();
    const known: Known = { zoneId: event.zoneId, ended: [], open: null };
    this.#known.set(key, known, event.atMono);
    const ofZone = this.#byZone.get(event.zoneId) ?? new Map<string, Known>();
    this.#byZone.set(event.zoneId, ofZone.set(key, known));
    return known;
  }

  #forget(key: string, known: Known): void {
    this.#known.delete(key);
    this.#byZone.get(known.zoneId)?.delete(key);
  }

  *#knownIn(zone: ZoneId | undefined): Generator<Known> {
    if (zone !== undefined) yield* this.#byZone.get(zone)?.values() ?? [];
    else for (const [, known] of this.#known.entries()) yield known;
  }

  #settleOldest(): void {
    for (const [key, known] of this.#known.entries()) {
      this.#giveUpOpen(known, epochMs(Number.POSITIVE_INFINITY));
      for (const stay of known.ended) this.#settle(stay);
      this.#forget(key, known);
      return;
    }
  }

  #settle(stay: ZoneStay | undefined): void {
    if (stay === undefined || stay.end === null) return;
    this.#noteChange(stay.zoneId);
    this.#context.onSettled({ ...stay, end: stay.end });
  }
}

/** A tag is the same through restarts of what listens for it; the number of a track is not. */
function keyOf(event: Began | Ended): string {
  if ("tagId" in event) return `${event.zoneId} ${event.tagId}`;
  return `${event.source} ${event.zoneId} ${event.trackId}`;
}

/** Sorts ended stays and joins those with a gap below the bridged one; the latest end decides whether it was seen. */
function bridged(stays: ZoneStay[]): ZoneStay[] {
  const sorted = stays.sort((a, b) => a.start - b.start || (a.end ?? 0) - (b.end ?? 0));
  const apart: ZoneStay[] = [];
  for (const stay of sorted) {
    const last = apart.at(-1);
    const one = last === undefined ? null : joined(last, stay);
    if (one === null) apart.push(stay);
    else apart[apart.length - 1] = one;
  }
  return apart;
}

/** Two stays as one; null when they are too far apart, or one of them goes on. */
function joined(first: ZoneStay, second: ZoneStay): ZoneStay | null {
  if (first.end === null || second.end === null) return null;
  if (second.start - first.end >= ZONE_RULES.bridgedGapMs) return null;
  const last = second.end > first.end ? second : first;
  const isOneSource = first.source === second.source;
  return {
    zoneId: first.zoneId,
    start: first.start,
    end: last.end,
    isCensored: last.isCensored,
    isLate: first.isLate || second.isLate,
    source: second.source,
    seq: isOneSource ? Math.max(first.seq, second.seq) : second.seq,
  };
}
