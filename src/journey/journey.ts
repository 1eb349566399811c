import { BoundedMap } from "../core/bounded-map.ts";
import { type EpochMs, epochMs, type LineId, monoMs, type TagId } from "../core/brand.ts";
import { epochAt, type TimeAnchor } from "../core/clock.ts";
import type {
  BasketReported,
  CrossingRecorded,
  GroupCrossed,
  JourneyEvent,
  JourneyHead,
  LineCrossed,
  SensorEvent,
  TagAtDoor,
  TagChanged,
  TagMoved,
  TagZoneEntered,
  TagZoneExited,
  TransactionReceived,
} from "../core/events.ts";
import type { LinePlan, SitePlan } from "../core/site.ts";
import { BasketChanges } from "./basket-changes.ts";
import { isStaffTag } from "./staff.ts";
import { STAFF_SETTLE_MS, type StaffCounters, StaffExclusion } from "./staff-exclusion.ts";
import {
  type UnderWay,
  VisitBuilder,
  type VisitCounters,
  type VisitOptions,
} from "./visits/visit-builder.ts";

/** Till and gateway may disagree by so much before the time of payment is in doubt. */
const TILL_TOLERANCE_MS = 300_000;

/** Customers forgotten while they were in the shop. */
const MAX_RENAMED = 1_024;

/** What to build the journey stage from. */
export interface JourneyOptions {
  readonly site: SitePlan;
  /** The newest reading of both clocks; asked once per event. */
  readonly anchor: () => TimeAnchor;
  readonly onEvent: (event: JourneyEvent) => void;
  /** Whether a tag is or was registered while the gateway runs; absent = only those of the plan. */
  readonly isTag?: ((id: TagId) => boolean) | undefined;
  /** How long after a staff tag's passage it is decided which crossing it was; absent = 120 s. */
  readonly staffSettleMs?: number;
  /** What visits need of the app; absent = days of UTC and readable ids. */
  readonly visits?: VisitOptions;
}

/** What went through and what did not, since the start. */
export interface JourneyCounters extends StaffCounters, VisitCounters {
  readonly events: number;
  /** Events of lines, zones or tags that the site plan does not know: a fault of configuration. They are dropped. */
  readonly unknownLines: number;
  readonly unknownZones: number;
  readonly unknownTags: number;
  /** Changes of baskets that came again under the same id. */
  readonly repeatedBaskets: number;
  /** Receipts paid more than five minutes from their arrival, by the till's clock. */
  readonly doubtfulPayments: number;
  /** Presences of staff tags: recorded, never part of a visit. */
  readonly staffPresences: number;
}

/** Turns what sensors saw into what happened in the shop. */
export interface Journey {
  /**
   * Emits at most one event under the origin of what it takes, so ids stay the same in a replay, and after a movement of
   * a tagged product what that means for a basket.
   */
  ingest(event: SensorEvent): void;
  /**
   * Lets time pass: emits `staff-crossed` for crossings that were told up to some minutes ago and turned out to be
   * staff, what happened in queues, and the visits that are over, any number of them. Call about once a second, and
   * before each event of a replay with the event's time. When it is called does not matter for what is told, as long as
   * everything of the time has come.
   */
  advance(now: EpochMs): void;
  /** Says what is left to say of staff, queues and visits; call once no further event will come. */
  finish(): void;
  /**
   * Takes back an event that was told in an earlier life, so that visits going on survive a restart and nothing is told
   * twice. Emits nothing. Call with all events of the day in the order in which they were told, before any other; before
   * them with those of the day before that visits under way rest on, and `settle` in between.
   */
  restore(event: JourneyEvent): void;
  /** Takes what was due at `until` and rests on what was taken back so far as told. Emits nothing. */
  settle(until: EpochMs): void;
  /** Tells what is no news of a sensor: a member was recognised at a station. The visits take it in. */
  report(event: JourneyEvent): void;
  /**
   * A customer is forgotten: visits that are under way go on under another name, and so does what the radio still tells of
   * the card until it is heard coming in again. `nameAt`: what it is called in a visit that began at an instant, absent =
   * `to` in all. Emits nothing.
   */
  renameTag(from: TagId, to: TagId, nameAt?: (at: EpochMs) => TagId): void;
  /** From when on events must be read back to go on where this life is, and until when everything was decided. */
  readonly underWay: UnderWay;
  /** Nothing under way ever began longer ago than this. */
  readonly reachMs: number;
  readonly counters: JourneyCounters;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Creates the journey stage of one store. */
export function createJourney(options: JourneyOptions): Journey {
  return new StoreJourney(options);
}

class StoreJourney implements Journey {
  readonly #anchor: () => TimeAnchor;
  readonly #onEvent: (event: JourneyEvent) => void;
  readonly #lines: ReadonlyMap<LineId, LinePlan>;
  readonly #zones: ReadonlySet<string>;
  readonly #isTag: (id: TagId) => boolean;
  readonly #staff: StaffExclusion;
  readonly #visits: VisitBuilder;
  readonly #basketChanges = new BasketChanges();
  /** Other names of tags whose visit was under way; the one given longest ago goes first. */
  readonly #renamed = new BoundedMap<TagId, TagId>({
    cap: MAX_RENAMED,
    idleMs: Number.POSITIVE_INFINITY,
  });
  readonly #counters: Mutable<Omit<JourneyCounters, keyof StaffCounters | keyof VisitCounters>> = {
    events: 0,
    unknownLines: 0,
    unknownZones: 0,
    unknownTags: 0,
    repeatedBaskets: 0,
    doubtfulPayments: 0,
    staffPresences: 0,
  };

  constructor({ site, anchor, onEvent, isTag, staffSettleMs, visits }: JourneyOptions) {
    this.#anchor = anchor;
    this.#onEvent = onEvent;
    const lines = site.cameras.flatMap((camera) => camera.lines);
    this.#lines = new Map(lines.map((line) => [line.id, line]));
    this.#staff = new StaffExclusion({
      doors: lines.filter((line) => line.role === "door").map((line) => line.id),
      settleMs: staffSettleMs ?? STAFF_SETTLE_MS,
      onEvent: (event) => this.#emit(event),
    });
    this.#visits = new VisitBuilder(site, visits ?? {}, (event) => this.#publish(event));
    const zones = [...site.cameras.flatMap((camera) => camera.zones), ...(site.floor?.zones ?? [])];
    this.#zones = new Set(zones.map((zone) => zone.id));
    const tags = new Set(site.tags.map((tag) => tag.id));
    this.#isTag = isTag ?? ((id) => tags.has(id));
  }

  get counters(): JourneyCounters {
    return { ...this.#counters, ...this.#staff.counters, ...this.#visits.counters };
  }

  ingest(event: SensorEvent): void {
    const told = this.#tell(event);
    if (told !== null) this.#emit(told);
  }

  /** Staff first: a visit is to be told with what is known of its crossings. */
  advance(now: EpochMs): void {
    this.#staff.advance(now);
    this.#visits.advance(now);
  }

  finish(): void {
    this.#staff.finish();
    this.#visits.finish();
  }

  restore(event: JourneyEvent): void {
    if (event.kind === "basket-changed") this.#basketChanges.note(event.tagId, event.changeId);
    this.#visits.restore(event);
  }

  settle(until: EpochMs): void {
    this.#visits.settle(until);
  }

  report(event: JourneyEvent): void {
    this.#emit(event);
  }

  renameTag(from: TagId, to: TagId, nameAt: (at: EpochMs) => TagId = () => to): void {
    if (this.#visits.renameTag(from, to, nameAt)) this.#renamed.set(from, to, monoMs(0));
  }

  get underWay(): UnderWay {
    return this.#visits.underWay;
  }

  get reachMs(): number {
    return this.#visits.reachMs;
  }

  #emit(event: JourneyEvent): void {
    this.#publish(event);
    this.#visits.take(event);
  }

  #publish(event: JourneyEvent): void {
    this.#counters.events += 1;
    this.#onEvent(event);
  }

  /** The store-level event; null for an id that the plan does not know. */
  #tell(event: SensorEvent): JourneyEvent | null {
    switch (event.kind) {
      case "line-crossed":
        return this.#tellCrossing(event);
      case "group-crossed":
        return this.#tellGroup(event);
      case "zone-approached": {
        const { kind, cameraId, zoneId, trackId, probability, leadMs, horizonMs } = event;
        if (!this.#knowsZone(zoneId)) return null;
        const what = { kind, cameraId, zoneId, trackId, probability, leadMs, horizonMs };
        return this.#told(event, what);
      }
      case "zone-entered": {
        const { kind, cameraId, zoneId, trackId } = event;
        if (!this.#knowsZone(zoneId)) return null;
        return this.#told(event, { kind, cameraId, zoneId, trackId });
      }
      case "zone-exited": {
        const { kind, cameraId, zoneId, trackId, dwellMs, censored } = event;
        if (!this.#knowsZone(zoneId)) return null;
        return this.#told(event, { kind, cameraId, zoneId, trackId, dwellMs, censored });
      }
      case "tag-changed":
        return this.#tellTag(event);
      case "tag-zone-entered":
      case "tag-zone-exited":
      case "tag-moved":
        return this.#tellWhereabouts(event);
      case "tag-at-door":
        this.#takePassage(event);
        return null;
      case "track-renamed": {
        const { kind, cameraId, from, to, isUndone } = event;
        return this.#told(event, { kind, cameraId, from, to, isUndone });
      }
      case "identifier-anomaly": {
        const { kind, tagId, receivers, apartM, withinMs } = event;
        return this.#told(event, { kind, tagId, receivers, apartM, withinMs });
      }
      case "basket-reported":
        return this.#tellBasket(event);
      case "transaction":
        return this.#tellPayment(event);
      case "sensor-changed": {
        const { kind, sensorId, sensorKind, state, code } = event;
        return this.#told(event, { kind, sensorId, sensorKind, state, code });
      }
      case "sensor-condition": {
        const { kind, sensorId, sensorKind, condition, isPresent, measured } = event;
        return this.#told(event, { kind, sensorId, sensorKind, condition, isPresent, measured });
      }
    }
  }

  #tellCrossing(event: LineCrossed): JourneyEvent | null {
    const line = this.#lineOf(event.lineId);
    if (line === null) return null;
    const { cameraId, lineId, trackId, direction, confidence, path, isChild } = event;
    const doorKind = direction === "in" ? "entered" : "exited";
    const kind = line.role === "door" ? doorKind : "passed";
    const { role } = line;
    const what = { kind, cameraId, lineId, role, trackId, direction, confidence, path } as const;
    const told: CrossingRecorded = this.#told(event, what);
    if (isChild !== undefined) Object.assign(told, { isChild });
    this.#staff.crossing(told);
    return told;
  }

  /** No event of the shop by itself: whose crossing it was is decided when everything of that time has come. */
  #takePassage(event: TagAtDoor): void {
    if (!isStaffTag(event.tagKind) || this.#lineOf(event.lineId)?.role !== "door") return;
    if (this.#isTag(event.tagId)) this.#staff.passage(event, this.#head(event));
    else this.#counters.unknownTags += 1;
  }

  #tellGroup(event: GroupCrossed): JourneyEvent | null {
    const line = this.#lineOf(event.lineId);
    if (line === null) return null;
    const { kind, cameraId, lineId, direction, trackIds } = event;
    return this.#told(event, { kind, cameraId, lineId, role: line.role, direction, trackIds });
  }

  #lineOf(lineId: LineId): LinePlan | null {
    const line = this.#lines.get(lineId);
    if (line !== undefined) return line;
    this.#counters.unknownLines += 1;
    return null;
  }

  #tellTag(event: TagChanged): JourneyEvent | null {
    const { tagKind, state, previous } = event;
    if (!this.#isTag(event.tagId)) {
      this.#counters.unknownTags += 1;
      return null;
    }
    if (isStaffTag(tagKind)) this.#counters.staffPresences += 1;
    if (state === "inside") this.#renamed.delete(event.tagId);
    const tagId = this.#nameOf(event.tagId);
    return this.#told(event, { kind: "tag-presence", tagId, tagKind, state, previous });
  }

  #tellWhereabouts(event: TagZoneEntered | TagZoneExited | TagMoved): JourneyEvent | null {
    if (!this.#isTag(event.tagId)) {
      this.#counters.unknownTags += 1;
      return null;
    }
    if (event.zoneId !== null && !this.#knowsZone(event.zoneId)) return null;
    const tagId = this.#nameOf(event.tagId);
    return Object.assign({ ...event }, this.#head(event), { tagId });
  }

  #nameOf(tagId: TagId): TagId {
    return this.#renamed.peek(tagId) ?? tagId;
  }

  #tellBasket(event: BasketReported): JourneyEvent | null {
    const { tagId, change, sku, units, zoneId, changeId } = event;
    if (!this.#isTag(tagId)) {
      this.#counters.unknownTags += 1;
      return null;
    }
    if (zoneId !== null && !this.#knowsZone(zoneId)) return null;
    if (!this.#basketChanges.note(tagId, changeId)) {
      this.#counters.repeatedBaskets += 1;
      return null;
    }
    const named = changeId === undefined ? {} : { changeId };
    const what = { tagId, change, sku, units, zoneId, ...named };
    return this.#told(event, { kind: "basket-changed", ...what });
  }

  /** The time of payment is the till's own, however late the receipt comes; a till ahead of us proves nothing. */
  #tellPayment(event: TransactionReceived): JourneyEvent {
    const { kind: _, source: __, seq: ___, atMono: ____, ...told } = event;
    const { paidAt, clockAheadMs: ahead, isImported, ...what } = told;
    const head = this.#head(event);
    const correctedAt = epochMs(paidAt - (ahead ?? 0));
    const isAhead = correctedAt - head.at > TILL_TOLERANCE_MS;
    if (isAhead && isImported !== true) {
      this.#counters.doubtfulPayments += 1;
      return { ...head, timeSource: "arrival", kind: "transacted", ...what };
    }
    const time =
      ahead === undefined || ahead === 0
        ? { at: paidAt, timeSource: "till" as const }
        : { at: correctedAt, timeSource: "till-corrected" as const, clockAheadMs: ahead };
    return { ...head, ...time, kind: "transacted", ...what };
  }

  #knowsZone(zoneId: string): boolean {
    if (this.#zones.has(zoneId)) return true;
    this.#counters.unknownZones += 1;
    return false;
  }

  /** For every event: a literal that begins with a spread would cost some twenty times as much as one that ends with it. */
  #told<const What extends object>(event: SensorEvent, what: What): JourneyHead & What {
    const { source, seq, at, atMono, clock } = this.#head(event);
    return { source, seq, at, atMono, clock, ...what };
  }

  #head({ source, seq, atMono }: SensorEvent): JourneyHead {
    const anchor = this.#anchor();
    return { source, seq, at: epochAt(anchor, atMono), atMono, clock: anchor.clock };
  }
}
