import { z } from "zod";
import { lineId, receiverId, zoneId } from "../core/brand.ts";
import type { InputFault } from "../core/errors.ts";
import { isSelfCrossing, type Point, polygonArea } from "../core/geometry.ts";
import { id, label, metres, weeklyHours, zoneIdText, zonePurpose } from "./plan-terms.ts";

const corner = z
  .tuple([metres, metres])
  .transform(([x, y]): Point => ({ x, y }))
  .meta({ description: "[x, y] in metres of the floor plan" });
const area = z
  .array(corner)
  .min(3, "at least three corners")
  .max(64, "at most 64 corners")
  .refine((p) => !isSelfCrossing(p), "a polygon whose edges do not cross")
  .refine((p) => polygonArea(p) > 0.01, "a polygon that encloses an area");

const zone = z.strictObject({
  id: zoneIdText.transform(zoneId),
  name: label,
  kind: z
    .enum(["display", "window", "queue", "till", "collect", "area", "outside"])
    .default("area"),
  polygon: area,
  ...zonePurpose,
});

const door = z
  .strictObject({ lineId: id.transform(lineId), a: corner, b: corner })
  .refine(({ a, b }) => Math.hypot(a.x - b.x, a.y - b.y) >= 0.1, {
    path: ["b"],
    message: "a point at least 0.1 m away from a",
  });

/** Schema of the floor in a site plan. A floor of more than 10000 m2 needs more than one gateway. */
export const floorSchema = z.strictObject({
  outline: area.refine((p) => polygonArea(p) <= 10_000, "at most 10000 square metres"),
  obstacles: z.array(area).max(256).default([]),
  zones: z.array(zone).max(64).default([]),
  doors: z.array(door).max(16).default([]),
});

/** Schema of one survey point. */
export const surveyPoint = z.strictObject({
  xM: metres,
  yM: metres,
  zM: metres.default(1),
  levels: z
    .array(
      z.strictObject({
        receiverId: id.transform(receiverId),
        meanDbm: z.number().min(-127, "-127 to 20 dBm").max(20, "-127 to 20 dBm"),
        readings: z.number().int("a whole number").positive("a number from 1"),
      }),
    )
    .min(1, "at least one receiver")
    .max(256),
});

/** Schema of one staff shift. */
export const staffShift = weeklyHours;

/** Doors of the floor whose line is no counting line of role `door`, each as a fault. Pure. */
export function strayDoors(plan: {
  readonly floor?: { readonly doors: readonly { readonly lineId: string }[] } | undefined;
  readonly cameras: readonly {
    readonly lines: readonly { readonly id: string; readonly role: string }[];
  }[];
}): readonly InputFault[] {
  const doors = plan.cameras.flatMap(({ lines }) =>
    lines.filter(({ role }) => role === "door").map((line) => line.id),
  );
  return (plan.floor?.doors ?? []).flatMap(({ lineId: line }, i) =>
    doors.includes(line)
      ? []
      : [
          {
            path: `floor.doors[${i}].lineId`,
            found: JSON.stringify(line),
            expected: `a line of role door (${doors.join(", ") || "the plan has none"})`,
          },
        ],
  );
}
