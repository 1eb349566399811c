import { BoundedMap } from "../core/bounded-map.ts";
import { monoMs, type TagId } from "../core/brand.ts";

/** Changes remembered; the oldest goes first. A trading day of a large shop. */
const MAX_CHANGES = 65_536;

/**
 * Which changes of baskets have been told: a broker delivers again what was not acknowledged when something died, and a
 * change that has an id counts once. Bounded.
 */
export class BasketChanges {
  readonly #told = new BoundedMap<string, true>({
    cap: MAX_CHANGES,
    idleMs: Number.POSITIVE_INFINITY,
  });

  /** Notes a change; false when it was told before. One without an id is always another. */
  note(tagId: TagId, changeId: string | undefined): boolean {
    if (changeId === undefined) return true;
    const key = JSON.stringify([tagId, changeId]);
    if (this.#told.peek(key) === true) return false;
    this.#told.set(key, true, monoMs(0));
    return true;
  }
}
