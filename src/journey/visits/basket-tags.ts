import { BoundedMap } from "../../core/bounded-map.ts";
import type { TagId, ZoneId } from "../../core/brand.ts";
import { monoMs } from "../../core/brand.ts";
import type { BasketChange, TagMovementRecorded } from "../../core/events.ts";
import { VISIT_LIMITS } from "./rules.ts";

interface TaggedProduct {
  isTaken: boolean;
  /** How often it was taken from each zone; the zones of the floor bound it. */
  readonly takenFrom: Map<ZoneId, number>;
}

/**
 * Tagged products (kind `asset`): taken up = into a basket; put back where it usually rests = returned to the shelf; put
 * down elsewhere, or where nobody knows = out of the basket. The usual place is the zone it was taken from most often.
 * Bounded by the registered tags.
 */
export class BasketTags {
  readonly #products = new BoundedMap<TagId, TaggedProduct>({
    cap: VISIT_LIMITS.carriers,
    idleMs: Number.POSITIVE_INFINITY,
  });

  /** What a movement means; null when it means nothing for baskets, as when it only goes on or rests untaken. */
  take({ tagId, tagKind, movement, zoneId }: TagMovementRecorded): BasketChange | null {
    if (tagKind !== "asset" || movement === "moved") return null;
    const product = this.#products.get(tagId, monoMs(0)) ?? {
      isTaken: false,
      takenFrom: new Map<ZoneId, number>(),
    };
    this.#products.set(tagId, product, monoMs(0));
    const wasTaken = product.isTaken;
    product.isTaken = movement === "picked-up";
    if (wasTaken === product.isTaken) return null;
    if (!product.isTaken)
      return zoneId !== null && zoneId === usualZone(product) ? "return-to-shelf" : "remove";
    if (zoneId !== null) product.takenFrom.set(zoneId, (product.takenFrom.get(zoneId) ?? 0) + 1);
    return "add";
  }
}

/** Of several as often, the first. */
function usualZone({ takenFrom }: TaggedProduct): ZoneId | null {
  let usual: ZoneId | null = null;
  for (const [zone, times] of takenFrom)
    if (usual === null || times > (takenFrom.get(usual) ?? 0)) usual = zone;
  return usual;
}
