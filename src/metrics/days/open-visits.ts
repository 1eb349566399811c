import { BoundedMap } from "../../core/bounded-map.ts";
import {
  type CameraId,
  type EpochMs,
  epochMs,
  type MonoMs,
  monoMs,
  type TrackId,
  type ZoneId,
} from "../../core/brand.ts";
import type {
  CrossingRecorded,
  EventOrigin,
  JourneyCompleted,
  StaffCrossingRecorded,
  TagPresenceRecorded,
  TrackRenameRecorded,
  ZoneStayBegan,
  ZoneStayEnded,
} from "../../core/events.ts";
import type { TagKind } from "../../core/site.ts";
import { Facet, type Readings } from "../figures/facets.ts";
import {
  CarrierTimeline,
  type DoorSpan,
  type LeftPresence,
  type Presence,
} from "./carrier-timeline.ts";
import type { OpenVisit } from "./visit-table.ts";

/** Tracks and tags remembered; the one untouched longest is forgotten first and is not counted as inside any more. */
const MAX_CARRIERS = 4096;
/** Whoever is inside for longer was missed going out. */
const MAX_OPEN_MS = 12 * 3_600_000;
/** A visit that is over is told as a whole within this. */
const UNTOLD_MS = 2 * 3_600_000;
/** Tags that customers carry. */
const CUSTOMER_TAGS: ReadonlySet<TagKind> = new Set<TagKind>(["basket", "cart", "loyalty-card"]);

/** A visit whose exit was seen and that may still go on: who came out may come back within the re-entry gap. */
export interface LeftVisit extends OpenVisit {
  readonly exitedAt: EpochMs;
}

/** What open visits need to know of the shop. */
export interface OpenVisitsOptions {
  readonly reentryGapMs: number;
  /** Cameras whose tracks go from door to door. */
  readonly followed: ReadonlySet<string>;
  /** Whether a zone lies inside of the shop; who is before its window is not inside. */
  isInside(zone: ZoneId): boolean;
  /** First instant after `from`, up to `to`, at which the camera did not see; null when it saw on. */
  firstUnseen(cameraId: string, from: EpochMs, to: EpochMs): EpochMs | null;
}

type Stay = ZoneStayBegan | ZoneStayEnded;

/**
 * Who is inside now, as far as a track from door to door or a tag tells: what durations rest on while visits go on.
 * Anonymous, in any order of arrival, and bounded; a visit that is told as a whole is none of these any more.
 */
export class OpenVisits {
  readonly #options: OpenVisitsOptions;
  /** Of doors and tags; and of stays, which change far more often and tell nothing of a visit's length. */
  readonly #facet: Facet;
  readonly #sights: Facet;
  readonly #carriers = bounded<CarrierTimeline>();
  /** Those with a visit that is not told as a whole: few of all that are remembered. */
  readonly #active = new Set<string>();
  /** Numbers that are one person: under which name they go on. */
  readonly #names = bounded<string>();
  /** Which carrier an event that a visit may begin with was of, or when it turned out that it counts no more. */
  readonly #byOrigin = bounded<string>();
  readonly #over = bounded<{ readonly at: EpochMs; readonly isStaff: boolean }>();

  #dayStart = epochMs(0);

  constructor(options: OpenVisitsOptions, readings: Readings | null = null) {
    this.#options = options;
    this.#facet = new Facet(readings);
    this.#sights = new Facet(readings);
  }

  /** Tracks, tags, names and events remembered. */
  get size(): number {
    return this.#carriers.size + this.#names.size + this.#byOrigin.size + this.#over.size;
  }

  /** Somebody went through a door; without effect at a camera that does not follow visits. */
  takeCrossing(event: CrossingRecorded): void {
    const { cameraId, at, atMono } = event;
    if (event.kind === "passed" || !this.#options.followed.has(cameraId)) return;
    const key = this.#nameOf(event, event.trackId);
    this.#touch(key, cameraId, null, atMono).pass({ at, isIn: event.kind === "entered" });
    this.#note(key, event);
    this.#change(key);
  }

  /** Somebody was in a zone, or still is; without effect outside of the shop, or where nobody is followed. */
  takeStay(event: Stay): void {
    const { cameraId, zoneId, at, atMono } = event;
    if (!this.#options.followed.has(cameraId) || !this.#options.isInside(zoneId)) return;
    const key = this.#nameOf(event, event.trackId);
    const carrier = this.#touch(key, cameraId, null, atMono);
    const from = event.kind === "zone-entered" ? at : epochMs(Math.round(at - event.dwellMs));
    if (event.kind === "zone-entered") carrier.begin(zoneId, at);
    else carrier.end({ zoneId, at: from, to: at, isCensored: event.censored });
    // Others name no visit, and would push out those that do.
    if (carrier.mayBeginAt(from)) this.#note(key, event);
    this.#sort(key);
    this.#sights.change();
  }

  /** A tag came or went; without effect for tags that no customer carries. */
  takePresence(event: TagPresenceRecorded): void {
    const { tagId, tagKind, state, previous, at, atMono } = event;
    const isIn = state === "inside";
    if (!CUSTOMER_TAGS.has(tagKind) || isIn === (previous === "inside")) return;
    this.#touch(tagId, null, tagKind, atMono).pass({ at, isIn });
    this.#change(tagId);
  }

  /** A visit was told as a whole: it is over. */
  takeCompleted(event: JourneyCompleted): void {
    const key = event.tagId ?? this.#byOrigin.peek(originKey(event.began));
    if (event.isWithdrawn) return;
    if (key !== undefined) this.#end(key, event.exitedAt, event.isStaff);
    else {
      const over = { at: event.exitedAt, isStaff: event.isStaff };
      this.#over.set(originKey(event.began), over, event.atMono);
    }
    if (event.tagId !== null) this.#endTag(event.tagId, event);
  }

  /** A crossing turned out to be staff. */
  takeStaff(event: StaffCrossingRecorded): void {
    const origin = originKey(event.crossing);
    const key = this.#byOrigin.peek(origin);
    if (key === undefined) this.#over.set(origin, { at: event.at, isStaff: true }, event.atMono);
    else this.#end(key, event.at, true);
  }

  /** Two numbers of a camera are one person from now on; that they are not after all keeps what was joined. */
  takeRename(event: TrackRenameRecorded): void {
    const own = trackKey(event, event.from);
    if (event.isUndone) {
      this.#names.delete(own);
      return;
    }
    const from = this.#rootOf(own);
    const to = this.#nameOf(event, event.to);
    if (from === to) return;
    this.#names.set(from, to, event.atMono);
    const known = this.#carriers.peek(from);
    if (known === undefined) return;
    this.#carriers.delete(from);
    this.#active.delete(from);
    this.#touch(to, known.cameraId, known.tagKind, event.atMono).takeOver(known);
    this.#change(to);
  }

  /** A tag has another name: its visit goes on under it. */
  renameTag(from: string, to: string): void {
    const known = this.#carriers.peek(from);
    if (known === undefined) return;
    this.#carriers.delete(from);
    this.#active.delete(from);
    this.#carriers.set(to, known, monoMs(0));
    this.#change(to);
  }

  /**
   * Lets go of who went out, or was missed going out, long before `now`: no whole visit was told of them. Of the trading
   * days before the one that began at `dayStart` every visit is told, so nobody else was there.
   */
  settle(now: EpochMs, dayStart: EpochMs): void {
    let isAny = dayStart !== this.#dayStart;
    this.#dayStart = dayStart;
    for (const key of this.#active) {
      const last = this.#carriers.peek(key)?.last ?? null;
      const isOut = last !== null && "isIn" in last && !last.isIn;
      if (last !== null && now - last.at <= (isOut ? UNTOLD_MS : MAX_OPEN_MS)) continue;
      this.#active.delete(key);
      isAny = true;
    }
    if (isAny) this.#facet.change();
  }

  /** Visits going on at an instant. */
  openAt(at: EpochMs): OpenVisit[] {
    return this.#visitsAt(at).flatMap(({ visit, exitedAt }) => (exitedAt === null ? [visit] : []));
  }

  /** Visits that went out at most the re-entry gap before an instant and are not told as a whole yet. */
  leftAt(at: EpochMs): LeftVisit[] {
    return this.#visitsAt(at).flatMap(({ visit, exitedAt }) => {
      const isRecent = exitedAt !== null && at - exitedAt <= this.#options.reentryGapMs;
      return isRecent ? [{ ...visit, exitedAt }] : [];
    });
  }

  /** Whom tracks from door to door know to be inside at an instant, of those whose visit is not told as a whole. */
  presentAt(at: EpochMs): Presence[] {
    return this.#tracks().flatMap(({ carrier, cameraId }) => {
      const presence = carrier.presenceAt(at);
      if (presence === null || at - presence.from > MAX_OPEN_MS) return [];
      const isSeen = this.#options.firstUnseen(cameraId, presence.seenAt, at) === null;
      return presence.isSure || isSeen ? [presence] : [];
    });
  }

  /** Whom they saw leave by then, of the same. */
  leftTracksAt(at: EpochMs): LeftPresence[] {
    return this.#tracks().flatMap(({ carrier }) => carrier.leftUpTo(at));
  }

  /** Tracks of the trading day that goes on, as far as no whole visit was told of them. */
  #tracks(): { readonly carrier: CarrierTimeline; readonly cameraId: string }[] {
    this.#facet.read();
    this.#sights.read();
    const tracks: { carrier: CarrierTimeline; cameraId: string }[] = [];
    for (const key of this.#active) {
      const carrier = this.#carriers.peek(key);
      const cameraId = carrier?.cameraId ?? null;
      if (carrier === undefined || cameraId === null) continue;
      if ((carrier.last?.at ?? 0) >= this.#dayStart) tracks.push({ carrier, cameraId });
    }
    return tracks;
  }

  #visitsAt(at: EpochMs): { visit: OpenVisit; exitedAt: EpochMs | null }[] {
    this.#facet.read();
    const visits: { visit: OpenVisit; exitedAt: EpochMs | null }[] = [];
    for (const key of this.#active) {
      const carrier = this.#carriers.peek(key);
      const span = carrier === undefined ? null : this.#spanAt(carrier, at);
      if (carrier === undefined || span === null) continue;
      const { tagKind } = carrier;
      const method = tagKind === null ? "track" : "tag";
      visits.push({
        visit: { method, tagKind, enteredAt: span.enteredAt },
        exitedAt: span.exitedAt,
      });
    }
    return visits;
  }

  #spanAt(carrier: CarrierTimeline, at: EpochMs): DoorSpan | null {
    const span = carrier.spanAt(at, this.#options.reentryGapMs);
    if (span === null || at - span.enteredAt > MAX_OPEN_MS) return null;
    const { cameraId } = carrier;
    if (span.exitedAt !== null || cameraId === null) return span;
    return this.#options.firstUnseen(cameraId, span.enteredAt, at) === null ? span : null;
  }

  #touch(
    key: string,
    cameraId: string | null,
    tagKind: TagKind | null,
    atMono: MonoMs,
  ): CarrierTimeline {
    const known = this.#carriers.get(key, atMono);
    if (known !== undefined) return known;
    const carrier = new CarrierTimeline(cameraId, tagKind);
    this.#carriers.set(key, carrier, atMono);
    return carrier;
  }

  /** Remembers whose an event is, and what came before it about the visit that began with it. */
  #note(key: string, event: EventOrigin & { readonly atMono: MonoMs }): void {
    const origin = originKey(event);
    this.#byOrigin.set(origin, key, event.atMono);
    const over = this.#over.peek(origin);
    if (over !== undefined) this.#end(key, over.at, over.isStaff);
  }

  #end(key: string, at: EpochMs, isStaff: boolean): void {
    const name = this.#rootOf(key);
    const carrier = this.#carriers.peek(name);
    if (isStaff) carrier?.markStaff(at);
    else carrier?.finish(at);
    this.#change(name);
  }

  #change(key: string): void {
    this.#sort(key);
    this.#facet.change();
  }

  #sort(key: string): void {
    if (this.#carriers.peek(key)?.isOpen === true) this.#active.add(key);
    else this.#active.delete(key);
  }

  /** A tag's visit may be told before its coming and going have arrived. */
  #endTag(tag: string, event: JourneyCompleted): void {
    if (this.#carriers.peek(tag) !== undefined || event.tagKind === null) return;
    this.#touch(tag, null, event.tagKind, event.atMono).finish(event.exitedAt);
  }

  #nameOf(event: TrackEvent, track: TrackId): string {
    return this.#rootOf(trackKey(event, track));
  }

  /** Joining goes from the root of one to the root of another, so no chain comes back to itself. */
  #rootOf(key: string): string {
    let name = key;
    for (let next = this.#names.peek(name); next !== undefined; next = this.#names.peek(name))
      name = next;
    return name;
  }
}

type TrackEvent = EventOrigin & { readonly cameraId: CameraId };

const bounded = <Value>(): BoundedMap<string, Value> =>
  new BoundedMap({ cap: MAX_CARRIERS, idleMs: Number.POSITIVE_INFINITY });

const originKey = ({ source, seq }: EventOrigin): string => `${seq} ${source}`;

/** What a camera sees and what a counter says of the same run are about the same numbers. */
const trackKey = ({ source, cameraId }: TrackEvent, track: TrackId): string =>
  `${source.slice(source.indexOf(":") + 1)} ${cameraId} ${track}`;
