import type { CameraId, TagId, ZoneId } from "../../core/brand.ts";
import type { SitePlan, TagKind, ZoneKind, ZonePurpose } from "../../core/site.ts";
import { isStaffTag } from "../staff.ts";
import type { QueuePlan } from "./queue-times.ts";

type AnyZone = ZonePurpose & { readonly id: ZoneId; readonly kind: ZoneKind | "outside" };

/** What visits need to know of the plan, ready for use. */
export interface VisitSite {
  readonly storeId: string;
  readonly queues: readonly QueuePlan[];
  /** Zones of queues, their approaches and service points: whoever is in one is followed, with or without visits. */
  readonly queueZones: ReadonlySet<ZoneId>;
  /** Whether the tracks of a camera are visits. */
  followsVisits(id: CameraId): boolean;
  /** Whether a tag is carried by a customer. */
  isCustomer(kind: TagKind): boolean;
  /** What a registered tag is on; null when the plan names no such tag. */
  kindOfTag(id: TagId): TagKind | null;
  /** Whether a zone lies inside of the shop. */
  isInside(id: ZoneId): boolean;
  /** Whether people pay there, or take over what they ordered. */
  isPaying(id: ZoneId): boolean;
  hasKind(id: ZoneId, kind: ZoneKind): boolean;
  /** Whether baskets and carts stand there until they are taken. */
  isStack(id: ZoneId): boolean;
  /** Whether the plan names such a place. */
  readonly hasStack: boolean;
}

/** Reads the plan for the visits. Pure. */
export function visitSite(site: SitePlan): VisitSite {
  const zones: AnyZone[] = [
    ...site.cameras.flatMap((camera) => camera.zones),
    ...(site.floor?.zones ?? []),
  ];
  const followed = new Set(site.cameras.filter((one) => one.followsVisits).map(({ id }) => id));
  const kinds = new Set(zones.map(({ id, kind }) => `${kind} ${id}`));
  const hasKind = (id: ZoneId, kind: ZoneKind | "outside"): boolean => kinds.has(`${kind} ${id}`);
  const queues = queuesOf(zones);
  const tags = new Map(site.tags.map(({ id, kind }) => [id, kind]));
  const stacks = new Set(zones.filter((zone) => zone.stacksBaskets === true).map(({ id }) => id));
  return {
    storeId: site.store.id,
    queues,
    queueZones: new Set(
      queues.flatMap(({ zoneId, service, approach }) => [
        zoneId,
        ...service,
        ...(approach === null ? [] : [approach]),
      ]),
    ),
    followsVisits: (id) => followed.has(id),
    isCustomer: (kind) => !isStaffTag(kind) && kind !== "asset",
    kindOfTag: (id) => tags.get(id) ?? null,
    isInside: (id) => !hasKind(id, "window") && !hasKind(id, "outside"),
    isPaying: (id) => hasKind(id, "till") || hasKind(id, "collect"),
    hasKind,
    isStack: (id) => stacks.has(id),
    hasStack: stacks.size > 0,
  };
}

/** The queues, each once; one that names no service point is served at any till. */
function queuesOf(zones: readonly AnyZone[]): readonly QueuePlan[] {
  const tills = zones.filter(({ kind }) => kind === "till").map(({ id }) => id);
  const queues = new Map<ZoneId, QueuePlan>();
  for (const { id, kind, servedAt, approach } of zones) {
    if (kind !== "queue" || queues.has(id)) continue;
    const service = new Set(servedAt === undefined ? tills : [servedAt]);
    queues.set(id, { zoneId: id, service, approach: approach ?? null });
  }
  return [...queues.values()];
}
