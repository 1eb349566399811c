import type { CameraId, LineId, ReceiverId, StoreId, TagId, ZoneId } from "./brand.ts";
import type { Point } from "./geometry.ts";
import type { TagKind } from "./vocabulary.ts";

export type { TagKind } from "./vocabulary.ts";

/**
 * What a counting line counts. `in` is always the direction that ends left of a->b as the arrow is drawn
 * (with y down: cross(b-a, p-a) < 0).
 * - `door`: `in` = into the shop. Feeds entrants, exits and occupancy.
 * - `passing`: one of the two virtual lines beside the frontage; `in` = towards the door. Feeds passing traffic.
 * - `internal`: counted and published, part of no shop-level metric.
 */
export type LineRole = "door" | "passing" | "internal";

/** Point of a person's box that a line judges. `foot` is where they stand; `centre` where feet are hidden. */
export type LineAnchor = "foot" | "centre";

/** A counting line in a camera picture; corners are Norm (0..1 of the picture). */
export interface LinePlan {
  readonly id: LineId;
  readonly name: string;
  readonly role: LineRole;
  /** Absent = `foot`. */
  readonly anchor?: LineAnchor | undefined;
  /** Of a door: whether it opens onto the frontage that the passing lines watch. Absent = true; a back door says false. */
  readonly frontage?: boolean | undefined;
  readonly a: Point;
  readonly b: Point;
}

/** `collect`: where click & collect orders are handed over. */
export type ZoneKind = "display" | "window" | "queue" | "till" | "collect" | "area";

/** What the figures of a zone need to know about it, in a picture or on the floor. */
export interface ZonePurpose {
  /** Departments of the till's receipts that are sold here. */
  readonly departments?: readonly string[] | undefined;
  /** Articles that are sold here, besides those of the departments. */
  readonly skus?: readonly string[] | undefined;
  /** Dwell that the zone was laid out for; holding power is measured against it. */
  readonly referenceDwellMs?: number | undefined;
  /** Of a queue: the zone in which people are served, and the zone one comes through before joining. */
  readonly servedAt?: ZoneId | undefined;
  readonly approach?: ZoneId | undefined;
  /**
   * Whether baskets and carts stand here until somebody takes one, and are brought back to here. With such a zone in the
   * plan a basket at rest is nobody's visit. Absent = false.
   */
  readonly stacksBaskets?: boolean | undefined;
}

/** A floor zone in a camera picture; corners are Norm, judged by the foot point. */
export interface ZonePlan extends ZonePurpose {
  readonly id: ZoneId;
  readonly name: string;
  readonly kind: ZoneKind;
  readonly polygon: readonly Point[];
}

/** A point of the floor: where it is in the picture (Norm) and where in the shop (metres, any origin and direction). */
export interface GroundPoint {
  readonly image: Point;
  readonly xM: number;
  readonly yM: number;
}

/** What one camera of the shop looks at. */
export interface CameraPlan {
  readonly id: CameraId;
  readonly name: string;
  readonly lines: readonly LinePlan[];
  readonly zones: readonly ZonePlan[];
  /** Areas where nobody is counted (mannequins, posters, mirrors); corners are Norm. */
  readonly exclusions: readonly (readonly Point[])[];
  /** Four points of the floor, no three on a line: with them distances are known in metres. Absent = not measured. */
  readonly ground?: readonly GroundPoint[] | undefined;
  /**
   * Whether it follows people from door to door: one field of view, or several joined by the counter, over all doors
   * and the whole floor. Its tracks are visits then. Absent = false.
   */
  readonly followsVisits?: boolean | undefined;
}

/**
 * What a zone of the floor is. `outside` is ground that radios reach and that is not the shop: the pavement, the mall.
 * The others mean what they mean in a camera picture.
 */
export type FloorZoneKind = ZoneKind | "outside";

/**
 * A zone of the floor; corners are metres on the floor plan (`x`, `y` of a point). It may carry the id of a zone in a
 * camera picture: both then speak of the same place.
 */
export interface FloorZonePlan extends ZonePurpose {
  readonly id: ZoneId;
  readonly name: string;
  readonly kind: FloorZoneKind;
  readonly polygon: readonly Point[];
}

/** Where the door behind a counting line of role `door` stands on the floor plan, metres. */
export interface FloorDoorPlan {
  readonly lineId: LineId;
  readonly a: Point;
  readonly b: Point;
}

/** The floor on which tags are located, in metres, any origin and direction, the same for receivers and survey. */
export interface FloorPlan {
  /** The walls: outside of this polygon nobody can be, except in zones of kind `outside`. */
  readonly outline: readonly Point[];
  /** Shelves, pillars, store rooms: inside of the outline, and nobody walks there. */
  readonly obstacles: readonly (readonly Point[])[];
  /** May not overlap; where none is, a tag is inside the shop and in no zone. */
  readonly zones: readonly FloorZonePlan[];
  readonly doors: readonly FloorDoorPlan[];
}

/** What receivers hear of a tag at one place: measured once, by a walk or with an instrument. */
export interface SurveyPoint {
  readonly xM: number;
  readonly yM: number;
  readonly zM: number;
  readonly levels: readonly {
    readonly receiverId: ReceiverId;
    /** Mean of the readings, dBm. */
    readonly meanDbm: number;
    /** Readings behind the mean. */
    readonly readings: number;
  }[];
}

/** Where a radio receiver hangs, in metres on the floor plan. */
export interface ReceiverPlan {
  readonly id: ReceiverId;
  readonly name: string;
  readonly xM: number;
  readonly yM: number;
  readonly zM: number;
  /** What the box of this receiver itself sends, so that the others can measure themselves by it. */
  readonly beacon?: BeaconIdentity | undefined;
}

/** Day of the week, as the trading day is named. */
export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** When at least one staff tag has to be heard in the shop; local times, minutes after midnight. */
export interface StaffShift {
  readonly days: readonly Weekday[];
  readonly fromMin: number;
  /** After `fromMin`; above 24 h for a shift that ends on the next day. */
  readonly toMin: number;
}

/** When the shop is open; local times, minutes after midnight. Several a day are allowed. */
export interface OpeningHours {
  readonly days: readonly Weekday[];
  readonly fromMin: number;
  /** After `fromMin`; above 24 h for a shop that closes on the next day. */
  readonly toMin: number;
}

/** Choices of the shop that bend figures; each is a parameter of the definitions that use it. Absent = the default. */
export interface MeasurePlan {
  /** Out and back within this, proved by a track or a tag: one visit. */
  readonly reentryGapMs?: number | undefined;
  /** tau until payments have taught a better one. */
  readonly bounceMaxMs?: number | undefined;
  /** Dwell from which a stay in a zone is engaged. */
  readonly engagedMs?: number | undefined;
  /** Least number of visits behind a published cell, and behind a path or a repeat figure. */
  readonly minCell?: number | undefined;
  readonly minPathCell?: number | undefined;
  /** Whether children count as entrants (`count`) or are told beside them (`separate`). */
  readonly children?: "count" | "separate" | undefined;
}

/** The identifier a tag sends; all hexadecimal text is lower case without separators except the iBeacon UUID. */
export type BeaconIdentity =
  | {
      readonly format: "ibeacon";
      readonly uuid: string;
      readonly major: number;
      readonly minor: number;
    }
  | { readonly format: "eddystone-uid"; readonly namespace: string; readonly instance: string }
  | { readonly format: "altbeacon"; readonly id: string };

/** A tag that belongs to the shop or to a member; devices that are not registered are nobody. */
export interface TagPlan {
  readonly id: TagId;
  readonly kind: TagKind;
  /** What people call it; absent = its id. */
  readonly name?: string | undefined;
  readonly beacon: BeaconIdentity;
}

/** Everything a gateway must know about the shop it stands in. Frozen after loading. */
export interface SitePlan {
  readonly v: 1;
  readonly store: {
    readonly id: StoreId;
    readonly name: string;
    /** IANA zone; trading days and charts are cut in it. */
    readonly timeZone: string;
    /** Local time at which a trading day begins, minutes after midnight. */
    readonly dayCutoverMin: number;
    /** ISO 4217 code of money values. */
    readonly currency: string;
    /** Absent = not known: the whole trading day is taken as open. */
    readonly hours?: readonly OpeningHours[] | undefined;
  };
  readonly cameras: readonly CameraPlan[];
  readonly receivers: readonly ReceiverPlan[];
  readonly tags: readonly TagPlan[];
  /** Absent: tags are present or not, and in no zone. */
  readonly floor?: FloorPlan | undefined;
  /** Absent = none: the places of the receivers are enough to begin with. */
  readonly survey?: readonly SurveyPoint[] | undefined;
  /** Absent = no staff is expected and nothing is missed. */
  readonly staffShifts?: readonly StaffShift[] | undefined;
  /** Absent = all defaults. */
  readonly measures?: MeasurePlan | undefined;
}
