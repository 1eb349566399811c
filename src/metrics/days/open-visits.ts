import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, epochMs, type MonoMs } from "../../core/brand.ts";
import type {
  CrossingRecorded,
  EventOrigin,
  JourneyCompleted,
  StaffCrossingRecorded,
  TagPresenceRecorded,
  TrackRenameRecorded,
} from "../../core/events.ts";
import type { TagKind } from "../../core/site.ts";
import { Facet, type Readings } from "../figures/facets.ts";
import type { OpenVisit } from "./visit-table.ts";

/** Tracks and tags remembered; the one untouched longest is forgotten first and is not counted as inside any more. */
const MAX_CARRIERS = 4096;
/** Comings and goings of one of them; the oldest go first. */
const MAX_MARKS = 32;
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
  /** First instant after `from`, up to `to`, at which the camera did not see; null when it saw on. */
  firstUnseen(cameraId: string, from: EpochMs, to: EpochMs): EpochMs | null;
}

interface Span {
  readonly enteredAt: EpochMs;
  readonly exitedAt: EpochMs | null;
}

interface Mark {
  readonly at: EpochMs;
  readonly isIn: boolean;
}

interface Carrier {
  readonly tagKind: TagKind | null;
  /** The camera of a track; null for a tag. */
  readonly cameraId: string | null;
  /** Ascending in time; of two at once the coming in is first. */
  marks: Mark[];
  /** What happened up to here belongs to a visit that is over and told, or that was staff. */
  overAt: number;
}

/**
 * Who is inside now, as far as a track from door to door or a tag tells: what durations rest on while visits go on.
 * Anonymous, in any order of arrival, and bounded; a visit that is told as a whole is none of these any more.
 */
export class OpenVisits {
  readonly #options: OpenVisitsOptions;
  readonly #facet: Facet;
  readonly #carriers = bounded<Carrier>();
  /** Those with a visit that is not told as a whole: few of all that are remembered. */
  readonly #active = new Set<string>();
  /** Which carrier an event of coming in was of, or when it turned out that it counts no more. */
  readonly #byOrigin = bounded<string>();
  readonly #over = bounded<EpochMs>();

  constructor(options: OpenVisitsOptions, readings: Readings | null = null) {
    this.#options = options;
    this.#facet = new Facet(readings);
  }

  /** Tracks, tags and events remembered. */
  get size(): number {
    return this.#carriers.size + this.#byOrigin.size + this.#over.size;
  }

  /** Somebody went through a door; without effect at a camera that does not follow visits. */
  takeCrossing(event: CrossingRecorded): void {
    const { cameraId, at, atMono } = event;
    if (event.kind === "passed" || !this.#options.followed.has(cameraId)) return;
    const key = `${event.source} ${cameraId} ${event.trackId}`;
    this.#add(key, { tagKind: null, cameraId }, { at, isIn: event.kind === "entered" }, atMono);
    this.#byOrigin.set(originKey(event), key, atMono);
    const overAt = this.#over.peek(originKey(event));
    if (overAt !== undefined) this.#end(key, overAt);
  }

  /** A tag came or went; without effect for tags that no customer carries. */
  takePresence(event: TagPresenceRecorded): void {
    const { tagId, tagKind, state, previous, at, atMono } = event;
    const isIn = state === "inside";
    if (!CUSTOMER_TAGS.has(tagKind) || isIn === (previous === "inside")) return;
    this.#add(tagId, { tagKind, cameraId: null }, { at, isIn }, atMono);
  }

  /** A visit was told as a whole: it is over. */
  takeCompleted(event: JourneyCompleted): void {
    const key = event.tagId ?? this.#byOrigin.peek(originKey(event.began));
    if (event.isWithdrawn) return;
    if (key !== undefined) this.#end(key, event.exitedAt);
    else this.#over.set(originKey(event.began), event.exitedAt, event.atMono);
    if (event.tagId !== null) this.#endTag(event.tagId, event);
  }

  /** A crossing turned out to be staff. */
  takeStaff(event: StaffCrossingRecorded): void {
    const origin = originKey(event.crossing);
    const key = this.#byOrigin.peek(origin);
    if (key === undefined) this.#over.set(origin, event.at, event.atMono);
    else this.#end(key, event.at);
  }

  /** Two numbers of a camera are one person; that they are not after all changes nothing here. */
  takeRename(event: TrackRenameRecorded): void {
    if (event.isUndone) return;
    const from = `${event.source} ${event.cameraId} ${event.from}`;
    const known = this.#carriers.peek(from);
    if (known === undefined) return;
    this.#carriers.delete(from);
    this.#active.delete(from);
    const to = `${event.source} ${event.cameraId} ${event.to}`;
    for (const mark of known.marks) this.#add(to, known, mark, event.atMono);
  }

  /** Lets go of who went out, or was missed going out, long before `now`: no whole visit was told of them. */
  settle(now: EpochMs): void {
    let isAny = false;
    for (const key of this.#active) {
      const last = this.#carriers.peek(key)?.marks.at(-1);
      const keptMs = last?.isIn === true ? MAX_OPEN_MS : UNTOLD_MS;
      if (last !== undefined && now - last.at <= keptMs) continue;
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

  /** The visit that goes on at an instant or was the last to go on; null when there is none. */
  #spanAt(carrier: Carrier, at: EpochMs): Span | null {
    const { marks, cameraId, overAt } = carrier;
    let span: Span | null = null;
    for (const mark of marks) {
      if (mark.at > at) break;
      if (mark.at > overAt) span = this.#spanAfter(span, mark, cameraId === null);
    }
    if (span === null || at - span.enteredAt > MAX_OPEN_MS) return null;
    if (span.exitedAt !== null || cameraId === null) return span;
    return this.#options.firstUnseen(cameraId, span.enteredAt, at) === null ? span : null;
  }

  #spanAfter(span: Span | null, { at, isIn }: Mark, isTag: boolean): Span | null {
    if (!isIn) return span === null ? null : { ...span, exitedAt: at };
    const started = { enteredAt: at, exitedAt: null };
    if (span === null) return started;
    // A tag that is heard coming in twice was not heard going; a track's exit was missed in between.
    const goesOn =
      span.exitedAt === null ? isTag : at - span.exitedAt <= this.#options.reentryGapMs;
    return goesOn ? { ...span, exitedAt: null } : started;
  }

  #add(key: string, what: Pick<Carrier, "tagKind" | "cameraId">, mark: Mark, atMono: MonoMs): void {
    const { tagKind, cameraId } = what;
    const known = this.#carriers.get(key, atMono);
    const carrier = known ?? { tagKind, cameraId, marks: [], overAt: Number.NEGATIVE_INFINITY };
    if (known === undefined) this.#carriers.set(key, carrier, atMono);
    carrier.marks.push(mark);
    carrier.marks.sort((a, b) => a.at - b.at || Number(b.isIn) - Number(a.isIn));
    if (carrier.marks.length > MAX_MARKS) carrier.marks.shift();
    if (mark.at > carrier.overAt) this.#active.add(key);
    this.#facet.change();
  }

  #end(key: string, at: EpochMs): void {
    const carrier = this.#carriers.peek(key);
    if (carrier === undefined) return;
    carrier.overAt = epochMs(Math.max(carrier.overAt, at));
    if (carrier.marks.every((mark) => mark.at <= carrier.overAt)) this.#active.delete(key);
    this.#facet.change();
  }

  /** A tag's visit may be told before its coming and going have arrived. */
  #endTag(tag: string, event: JourneyCompleted): void {
    if (this.#carriers.peek(tag) !== undefined || event.tagKind === null) return;
    const { tagKind, exitedAt, atMono } = event;
    this.#carriers.set(tag, { tagKind, cameraId: null, marks: [], overAt: exitedAt }, atMono);
  }
}

const bounded = <Value>(): BoundedMap<string, Value> =>
  new BoundedMap({ cap: MAX_CARRIERS, idleMs: Number.POSITIVE_INFINITY });

const originKey = ({ source, seq }: EventOrigin): string => `${seq} ${source}`;
