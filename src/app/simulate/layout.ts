import type { LineId, ZoneId } from "../../core/brand.ts";
import type { Point } from "../../core/geometry.ts";
import type { ZoneKind } from "../../core/site.ts";
import type { Box, ConvexArea } from "./zone-times.ts";

/** A zone as people use it; metres. */
export interface LayoutZone {
  readonly id: ZoneId;
  readonly kind: ZoneKind;
  readonly area: ConvexArea;
  /** Around the area. */
  readonly box: Box;
  /** Department that is sold here; null = none. */
  readonly department: string | null;
  /** How much it draws people who look around; 0 = nobody strolls there. */
  readonly pull: number;
}

/** A door; `in` ends left of a->b. */
export interface LayoutDoor {
  readonly lineId: LineId;
  readonly a: Point;
  readonly b: Point;
  readonly isStreet: boolean;
  /** Share of the people who use it. */
  readonly weight: number;
  /** Places just inside and just outside of it. */
  readonly inside: Point;
  readonly outside: Point;
}

/** One of the two lines beside the frontage; `in` is towards the door. */
export interface PassingLine {
  readonly lineId: LineId;
  readonly a: Point;
  readonly b: Point;
}

/** The pavement before the shop; people walk along x. */
export interface Frontage {
  readonly lines: readonly [left: PassingLine, right: PassingLine];
  /** Beyond these nobody is seen. */
  readonly leftX: number;
  readonly rightX: number;
  /** Where on it people walk. */
  readonly nearY: number;
  readonly farY: number;
}

/** Everything the people of the model need to know about the shop. */
export interface ShopLayout {
  readonly zones: readonly LayoutZone[];
  readonly doors: readonly LayoutDoor[];
  readonly frontage: Frontage;
  /** Positions of zones; -1 = the shop has none. */
  readonly approach: number;
  readonly queue: number;
  readonly till: number;
  readonly collect: number;
  /** Where baskets stand, and where staff are who are not among customers: in no zone. */
  readonly rack: Point;
  /** The zone of the floor plan that is around the rack; null = the plan names none. */
  readonly stack: ZoneId | null;
  readonly backOffice: Point;
  /** Corners one walks around on the way between two places. */
  bend(from: Point, to: Point): readonly Point[];
}

/** A place in a zone, off its borders. */
export function spotIn({ box }: LayoutZone, random: () => number, marginM = 0.5): Point {
  const { left, right, top, bottom } = box;
  return { x: within(left, right, marginM, random), y: within(top, bottom, marginM, random) };
}

function within(low: number, high: number, marginM: number, random: () => number): number {
  const margin = Math.min(marginM, (high - low) / 3);
  return low + margin + random() * (high - low - 2 * margin);
}

/** Middle of a line. */
export const middleOf = ({ a, b }: { readonly a: Point; readonly b: Point }): Point => ({
  x: (a.x + b.x) / 2,
  y: (a.y + b.y) / 2,
});

/** An upright rectangle. */
export const rectangle = (x0: number, y0: number, x1: number, y1: number): ConvexArea => [
  { x: x0, y: y0 },
  { x: x1, y: y0 },
  { x: x1, y: y1 },
  { x: x0, y: y1 },
];
