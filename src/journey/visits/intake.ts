import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, epochMs, monoMs, type TagId, type ZoneId } from "../../core/brand.ts";
import type {
  BasketChangeRecorded,
  CrossingRecorded,
  EventOrigin,
  JourneyEvent,
  JourneyHead,
  SensorRecorded,
  ShopperRecognised,
  StaffCrossingRecorded,
  TagMovementRecorded,
  TagPresenceRecorded,
  TagZoneStayBegan,
  TagZoneStayEnded,
  TrackRenameRecorded,
  ZoneStayBegan,
  ZoneStayEnded,
} from "../../core/events.ts";
import type { TagKind } from "../../core/site.ts";
import { type Carrier, type CarrierIdentity, isCarried, tagKey, trackKey } from "./carrier.ts";
import type { Carriers } from "./carriers.ts";
import type { DoorCrossings } from "./door-crossings.ts";
import { originKey, type PassMark } from "./marks.ts";
import { VISIT_LIMITS, VISIT_RULES } from "./rules.ts";
import type { SensorSights } from "./sensor-sights.ts";
import type { VisitSite } from "./visit-site.ts";

/** What the intake fills. */
export interface IntakeParts {
  readonly site: VisitSite;
  readonly carriers: Carriers;
  readonly crossings: DoorCrossings;
  readonly sights: SensorSights;
}

/** Somebody of whom something else is known: since when, or null when it is about no one time. */
export interface Touched {
  readonly carrier: Carrier;
  readonly at: EpochMs | null;
}

type Stay = ZoneStayBegan | ZoneStayEnded | TagZoneStayBegan | TagZoneStayEnded;

const bounded = <Value>(): BoundedMap<string, Value> =>
  new BoundedMap({ cap: VISIT_LIMITS.origins, idleMs: Number.POSITIVE_INFINITY });

/**
 * Puts what was told on the timeline of the track or tag that it is about, in any order and once. Nothing is decided
 * here.
 */
export class Intake {
  readonly #parts: IntakeParts;
  /** Which carrier an event was about; also says which events have come. */
  readonly #owners = bounded<{ key: string }>();
  readonly #staff = bounded<true>();
  /** Older news of a carrier that is not known any more comes too late. */
  #horizon = Number.NEGATIVE_INFINITY;
  #newest: EpochMs | null = null;
  #late = 0;
  #lateRenames = 0;
  #dropped = 0;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** The newest time anything was told of anybody; null before. */
  get newest(): EpochMs | null {
    return this.#newest;
  }

  /** News that came too late, renames that did, and changes of baskets that found no room. */
  get counters(): {
    readonly late: number;
    readonly lateRenames: number;
    readonly dropped: number;
  } {
    return { late: this.#late, lateRenames: this.#lateRenames, dropped: this.#dropped };
  }

  /** Sets the time before which nobody new can have been. */
  setHorizon(at: number): void {
    this.#horizon = at;
  }

  /** Whether the crossing with this origin was found to be staff. */
  isStaff(key: string): boolean {
    return this.#staff.peek(key) === true;
  }

  /** The carrier that an event was about; null when it is not known any more. */
  ownerOf(origin: EventOrigin): Carrier | null {
    return this.#parts.carriers.find(this.#owners.peek(originKey(origin))?.key ?? "");
  }

  /** Events of one carrier are another's from now on: it has another name. */
  rename(from: string, to: string): void {
    for (const [, owner] of this.#owners.entries()) if (owner.key === from) owner.key = to;
  }

  /** Whether an event has come before; from now on it has. */
  hasCome(event: JourneyEvent): boolean {
    const key = originKey(event);
    if (this.#owners.peek(key) !== undefined) return true;
    this.#owners.set(key, { key: "" }, monoMs(0));
    return false;
  }

  /** Takes in one event that is new; of whom something else is known now. */
  take(event: JourneyEvent): readonly Touched[] {
    switch (event.kind) {
      case "entered":
      case "exited":
        return this.#takeCrossing(event);
      case "zone-entered":
      case "zone-exited":
        return this.#takeStay(event, this.#trackOf(event, this.#isFollowed(event)));
      case "tag-presence":
        return this.#takePresence(event);
      case "tag-zone-entered":
      case "tag-zone-exited":
        return this.#takeStay(event, this.#tagOf(event));
      case "tag-moved":
        return this.#takeMovement(event);
      case "shopper-recognised":
        return this.#takeRecognition(event);
      case "basket-changed":
        return this.#takeBasket(event);
      case "staff-crossed":
        return this.#takeStaff(event);
      case "track-renamed":
        return this.#takeRename(event);
      case "sensor-changed":
        return this.#takeSensor(event);
      default:
        return [];
    }
  }

  /** No further event is to come: whatever goes on ends now. */
  end(): readonly Touched[] {
    const at = this.#newest;
    if (at === null) return [];
    this.#parts.sights.end(at);
    const carriers = [...this.#parts.carriers.all()];
    for (const carrier of carriers) carrier.marks.endOpen(at);
    return carriers.map((carrier) => ({ carrier, at }));
  }

  #takeCrossing(event: CrossingRecorded): readonly Touched[] {
    this.#parts.crossings.add(event);
    if (!this.#parts.site.followsVisits(event.cameraId)) return [];
    const carrier = this.#trackOf(event, true);
    if (carrier === null) return [];
    const kind = event.kind === "entered" ? "in" : "out";
    return this.#pass(event, carrier, { kind, lineId: event.lineId, isSilence: false });
  }

  /** A tag that is inside now, or not any more. What was before, the event says: a break in the telling shows in it. */
  #takePresence(event: TagPresenceRecorded): readonly Touched[] {
    const { state, previous } = event;
    const carrier = this.#tagOf(event);
    if (carrier === null) return [];
    if (state === "inside")
      return this.#pass(event, carrier, { kind: "in", lineId: null, isSilence: false });
    if (previous === "inside") {
      const isSilence = state === "outside";
      return this.#pass(event, carrier, { kind: "out", lineId: null, isSilence });
    }
    if (state !== "outside") return [];
    const at = this.#own(event, carrier);
    carrier.marks.add({ kind: "gone", at, head: headOf(event) });
    return [{ carrier, at }];
  }

  /** Going on in somebody's hand tells nothing that its zones do not. */
  #takeMovement(event: TagMovementRecorded): readonly Touched[] {
    const { movement, zoneId } = event;
    const carrier = movement === "moved" ? null : this.#tagOf(event);
    if (carrier === null || !isCarried(carrier)) return [];
    const at = this.#own(event, carrier);
    const kind = movement === "picked-up" ? "taken" : "put";
    carrier.marks.add({ kind, zoneId, at, head: headOf(event) });
    this.#parts.carriers.noteMover(carrier.key, at);
    if (kind === "put" && zoneId !== null)
      this.#notePaying(carrier, zoneId, epochMs(at - VISIT_RULES.afterPaymentMs));
    return [{ carrier, at }];
  }

  /**
   * A member at a station: the customer whose card, tag or app has this name. On the wall clock alone: the station is no
   * run of the radio, whose times must not depend on what came between them.
   */
  #takeRecognition(event: ShopperRecognised): readonly Touched[] {
    const carrier = this.#tagOf({ ...event, tagId: event.pseudonym, tagKind: "loyalty-card" });
    if (carrier === null) return [];
    const { at } = event;
    this.#noteOwner(event, carrier, at);
    carrier.marks.add({ kind: "seen", at, head: headOf(event) });
    return [{ carrier, at }];
  }

  #pass(
    event: JourneyHead,
    carrier: Carrier,
    { kind, lineId, isSilence }: Pick<PassMark, "kind" | "lineId" | "isSilence">,
  ): readonly Touched[] {
    const at = this.#own(event, carrier);
    carrier.marks.add({ kind, lineId, isSilence, at, head: headOf(event) });
    return [{ carrier, at }];
  }

  #takeStay(event: Stay, carrier: Carrier | null): readonly Touched[] {
    if (carrier === null) return [];
    const { zoneId } = event;
    const at = this.#own(event, carrier);
    const head = headOf(event);
    if (event.kind === "zone-entered" || event.kind === "tag-zone-entered") {
      const begun = { at, to: null, isCensored: false, isBegun: true };
      carrier.marks.begin({ kind: "stay", zoneId, head, ...begun });
      this.#notePaying(carrier, zoneId, at);
      return [{ carrier, at }];
    }
    const from = epochMs(Math.round(at - event.dwellMs));
    // A tag that rested for hours is nobody's visit until it is moved.
    const isForgotten = from < this.#horizon && carrier.marks.all.length === 0;
    const begunAt = isForgotten ? at : from;
    const ended = { at: begunAt, to: at, isCensored: event.censored, isBegun: false };
    carrier.marks.end({ kind: "stay", zoneId, head, ...ended });
    this.#notePaying(carrier, zoneId, begunAt);
    return [{ carrier, at }];
  }

  #notePaying(carrier: Carrier, zoneId: ZoneId, from: EpochMs): void {
    const { isPaying } = this.#parts.site;
    if (isPaying(zoneId)) carrier.notePaying(from, carrier.marks.lastIn(isPaying));
  }

  #takeBasket(event: BasketChangeRecorded): readonly Touched[] {
    const carrier = this.#parts.carriers.find(tagKey(event.tagId));
    if (carrier === null) return [];
    const { change, units } = event;
    if (!carrier.noteBasket({ at: carrier.steady(event), change, units })) this.#dropped += 1;
    return [{ carrier, at: null }];
  }

  #takeStaff({ crossing }: StaffCrossingRecorded): readonly Touched[] {
    this.#staff.set(originKey(crossing), true, monoMs(0));
    const carrier = this.ownerOf(crossing);
    return carrier === null ? [] : [{ carrier, at: null }];
  }

  #takeRename(event: TrackRenameRecorded): readonly Touched[] {
    const { carriers, site } = this.#parts;
    const from = carriers.find(trackKey(event, event.from));
    const to = carriers.find(trackKey(event, event.to));
    if (from === null || to === null) {
      if (site.followsVisits(event.cameraId)) this.#lateRenames += 1;
      return [];
    }
    const before = carriers.group(from);
    if (!carriers.join(from, to, event.isUndone)) return [];
    const touched = event.isUndone ? before : carriers.group(from);
    return touched.map((carrier) => ({ carrier, at: null }));
  }

  #takeSensor(event: SensorRecorded): readonly Touched[] {
    this.#parts.sights.take(event);
    if (event.sensorKind !== "camera" || event.state === "seeing") return [];
    const cut = [...this.#parts.carriers.all()].filter(
      ({ who }) => who.cameraId === event.sensorId,
    );
    for (const carrier of cut) carrier.marks.endOpen(event.at);
    return cut.map((carrier) => ({ carrier, at: event.at }));
  }

  #isFollowed({ cameraId, zoneId }: ZoneStayBegan | ZoneStayEnded): boolean {
    const { site } = this.#parts;
    return site.followsVisits(cameraId) || site.queueZones.has(zoneId);
  }

  #trackOf(
    event: CrossingRecorded | ZoneStayBegan | ZoneStayEnded,
    isFollowed: boolean,
  ): Carrier | null {
    if (!isFollowed) return null;
    const { cameraId, trackId } = event;
    return this.#touch(event, {
      key: trackKey(event, trackId),
      who: { cameraId, trackId, tagId: null },
      tagKind: null,
      makesVisits: this.#parts.site.followsVisits(cameraId),
    });
  }

  #tagOf(
    event: JourneyHead & { readonly tagId: TagId; readonly tagKind: TagKind },
  ): Carrier | null {
    const { tagId, tagKind } = event;
    if (!this.#parts.site.isCustomer(tagKind)) return null;
    return this.#touch(event, {
      key: tagKey(tagId),
      who: { cameraId: null, trackId: null, tagId },
      tagKind,
      makesVisits: true,
    });
  }

  #touch(head: JourneyHead, identity: CarrierIdentity): Carrier | null {
    const { carriers } = this.#parts;
    if (head.at < this.#horizon && carriers.find(identity.key) === null) {
      this.#late += 1;
      return null;
    }
    return carriers.touch(identity, head);
  }

  /** Notes whose event it is; when it was on their own steady clock. */
  #own(event: JourneyHead, carrier: Carrier): EpochMs {
    const at = carrier.steady(event);
    this.#noteOwner(event, carrier, at);
    return at;
  }

  #noteOwner(event: JourneyHead, carrier: Carrier, at: EpochMs): void {
    const owner = this.#owners.peek(originKey(event));
    if (owner !== undefined) owner.key = carrier.key;
    if (this.#newest === null || at > this.#newest) this.#newest = at;
  }
}

/** The head alone: a mark must not hold on to the whole event. */
const headOf = ({ source, seq, at, atMono, clock }: JourneyHead): JourneyHead => ({
  source,
  seq,
  at,
  atMono,
  clock,
});
