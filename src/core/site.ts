import type { CameraId, LineId, ReceiverId, StoreId, TagId, ZoneId } from "./brand.ts";
import type { Point } from "./geometry.ts";

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

export type ZoneKind = "display" | "window" | "queue" | "till" | "area";

/** A floor zone in a camera picture; corners are Norm, judged by the foot point. */
export interface ZonePlan {
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
}

/** Where a radio receiver hangs, in metres on the floor plan. */
export interface ReceiverPlan {
  readonly id: ReceiverId;
  readonly name: string;
  readonly xM: number;
  readonly yM: number;
  readonly zM: number;
}

export type TagKind = "basket" | "cart" | "staff" | "asset" | "loyalty-card";

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
  };
  readonly cameras: readonly CameraPlan[];
  readonly receivers: readonly ReceiverPlan[];
  readonly tags: readonly TagPlan[];
}
