import { z } from "zod";
import { cameraId, lineId, receiverId, storeId, zoneId } from "../core/brand.ts";
import { fail, type InputFault, ok, type Result } from "../core/errors.ts";
import { isSelfCrossing, type Point, polygonArea } from "../core/geometry.ts";
import { faultsOf } from "../core/input-faults.ts";
import type { SitePlan } from "../core/site.ts";
import { duplicateIds } from "./duplicate-ids.ts";
import { floorSchema, staffShift, strayDoors, surveyPoint } from "./floor.ts";
import { measuresSchema } from "./measures.ts";
import { turnedPassingLines } from "./passing-lines.ts";
import { id, label, metres, weeklyHours, zoneIdText, zonePurpose } from "./plan-terms.ts";
import { beaconSchema, TAG_CAP, tagSchema } from "./tag.ts";

const norm = z
  .number()
  .min(0, "a number from 0 to 1 (share of the picture)")
  .max(1, "a number from 0 to 1 (share of the picture)");
const corner = z
  .tuple([norm, norm])
  .transform(([x, y]): Point => ({ x, y }))
  .meta({ description: "[x, y], each 0..1 of the picture, origin top left" });
const polygon = z
  .array(corner)
  .min(3, "at least three corners")
  .max(64, "at most 64 corners")
  .refine((p) => !isSelfCrossing(p), "a polygon whose edges do not cross")
  .refine((p) => polygonArea(p) > 1e-6, "a polygon that encloses an area");

/** Whether three points, in the picture and on the floor, enclose an area in both. */
function isTriangle(points: readonly { image: Point; xM: number; yM: number }[]): boolean {
  const onFloor = points.map(({ xM, yM }) => ({ x: xM, y: yM }));
  return polygonArea(points.map(({ image }) => image)) > 1e-6 && polygonArea(onFloor) > 1e-3;
}

const line = z
  .strictObject({
    id: id.transform(lineId),
    name: label,
    role: z.enum(["door", "passing", "internal"]).meta({
      description:
        "door: left of the arrow a->b is inside. passing: left of the arrow is towards the door. internal: counted only.",
    }),
    anchor: z.enum(["foot", "centre"]).default("foot").meta({
      description:
        "Point of the person the line judges. centre: for lines where feet are hidden by furniture or the picture's edge.",
    }),
    frontage: z.boolean().default(true).meta({
      description:
        "Of a door: whether it opens onto the frontage that the passing lines watch. false for back doors.",
    }),
    a: corner,
    b: corner,
  })
  .refine((l) => Math.hypot(l.a.x - l.b.x, l.a.y - l.b.y) >= 0.01, {
    path: ["b"],
    message: "a point at least 0.01 away from a",
  });

const zone = z.strictObject({
  id: zoneIdText.transform(zoneId),
  name: label,
  kind: z.enum(["display", "window", "queue", "till", "collect", "area"]).default("area"),
  polygon,
  ...zonePurpose,
});

const ground = z
  .array(z.strictObject({ image: corner, xM: z.number(), yM: z.number() }))
  .length(4, "four points")
  .refine((points) => points.every((_, i) => isTriangle(points.filter((__, k) => k !== i))), {
    message: "four points of which no three lie on a line, neither in the picture nor on the floor",
  })
  .meta({ description: "Four points of the floor, in the picture and in metres" });

const camera = z.strictObject({
  id: id.transform(cameraId),
  name: label,
  lines: z.array(line).max(32).default([]),
  zones: z.array(zone).max(64).default([]),
  exclusions: z
    .array(polygon)
    .max(32)
    .default([])
    .meta({ description: "Areas where nobody is counted" }),
  ground: ground.optional(),
  followsVisits: z.boolean().optional().meta({
    description:
      "True when it follows people from door to door: one field of view, or several joined, over all doors and the whole floor",
  }),
});

const receiver = z.strictObject({
  id: id.transform(receiverId),
  name: label,
  xM: metres,
  yM: metres,
  zM: metres.default(2.3),
  beacon: beaconSchema.optional().meta({
    description:
      "What the box of this receiver sends itself, so that others can measure themselves by it",
  }),
});

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    // Intl reports an unknown zone only by throwing a RangeError; that is the answer, not a fault.
    return false;
  }
};

const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const store = z
  .strictObject({
    id: id.transform(storeId),
    name: label,
    timeZone: z.string().refine(isTimeZone, "an IANA time zone such as Europe/Copenhagen"),
    dayCutover: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a local time HH:MM")
      .default("04:00")
      .meta({ description: "Local time at which a trading day begins" }),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, "an ISO 4217 code such as EUR")
      .default("EUR"),
    hours: z.array(weeklyHours).max(64).optional().meta({
      description: "When the shop is open; without it every trading day counts as open throughout",
    }),
  })
  .transform(({ dayCutover, ...rest }) => ({ ...rest, dayCutoverMin: minutes(dayCutover) }));

/** Schema of the site plan file. Ids must be unique over the whole plan, since they appear side by side in events. */
export const sitePlanSchema = z.strictObject({
  v: z.literal(1),
  store,
  cameras: z.array(camera).max(32).default([]),
  receivers: z.array(receiver).max(256).default([]),
  tags: z.array(tagSchema).max(TAG_CAP).default([]),
  floor: floorSchema
    .optional()
    .meta({ description: "The floor on which tags are located; without it they are in no zone" }),
  survey: z.array(surveyPoint).max(2_000).optional().meta({
    description: "What receivers hear at known places; written by the walk mode",
  }),
  staffShifts: z.array(staffShift).max(64).optional().meta({
    description: "When at least one staff tag has to be heard",
  }),
  measures: measuresSchema.optional().meta({
    description: "Choices that bend figures; each stands as a parameter with the values it bends",
  }),
});

/** Lists whose ids must differ from each other: they appear side by side in events. */
const ID_LISTS = [
  ["cameras"],
  ["cameras", "*", "lines"],
  ["cameras", "*", "zones"],
  ["receivers"],
  ["tags"],
] as const;
/** A zone of the floor may be called like a zone in a picture: then they are the same place. */
const FLOOR_ID_LISTS = [["floor", "zones"]] as const;

/** Checks a parsed JSON document; returns the frozen plan, or all faults at once. Pure. */
export function parseSitePlan(document: unknown): Result<SitePlan, readonly InputFault[]> {
  const outcome = sitePlanSchema.safeParse(document);
  const repeated = [...duplicateIds(document, ID_LISTS), ...duplicateIds(document, FLOOR_ID_LISTS)];
  if (!outcome.success) return fail([...faultsOf(outcome.error.issues, document), ...repeated]);
  const faults = [
    ...repeated,
    ...turnedPassingLines(outcome.data.cameras),
    ...strayDoors(outcome.data),
  ];
  if (faults.length > 0) return fail(faults);
  return ok(deepFreeze(outcome.data) satisfies SitePlan);
}

/** Freezes an object and everything below it; returns the same object. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
