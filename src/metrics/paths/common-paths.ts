import type { ZoneId } from "../../core/brand.ts";
import { isSmallCell } from "../figures/suppression.ts";
import type { SampledVisit } from "./visit-sample.ts";

/** Zones of a path that are told apart; what comes after them is one mark. */
export const PATH_RULES = Object.freeze({
  maxZones: 6,
  /** Stands for everything after the last zone told. */
  more: "…",
  /** Paths shown. */
  maxPaths: 12,
});

/** A way through the shop that at least the least number of visits took. */
export interface SharedPath {
  /** Zone ids in order, `PATH_RULES.more` at the end of a longer one; empty: no stop anywhere. */
  readonly zones: readonly string[];
  readonly visits: number;
  readonly shareOfVisits: number;
  /** null when payments are not linked, or when it would tell of too few visits. */
  readonly boughtRatio: number | null;
}

/** The commonest paths of a sample. */
export interface SharedPaths {
  readonly paths: readonly SharedPath[];
  readonly visits: number;
  /** Visits of the paths that are not shown. */
  readonly rareVisits: number;
}

/** Different paths remembered; visits of further ones are counted as rare. */
const MAX_PATHS = 50_000;

interface PathCount {
  /** One more than are told where the path is longer. */
  readonly zones: readonly number[];
  visits: number;
  bought: number;
}

/** How many visits took which way through the zones. Bounded. */
export class PathTally {
  readonly #paths = new Map<string, PathCount>();
  #visits = 0;

  add({ path, hasBought }: SampledVisit): void {
    this.#count(path.slice(0, PATH_RULES.maxZones + 1), 1, Number(hasBought));
    this.#visits += 1;
  }

  /** Adds what another tally of the same zones holds. */
  merge(other: PathTally): void {
    for (const { zones, visits, bought } of other.#paths.values())
      this.#count(zones, visits, bought);
    this.#visits += other.#visits;
  }

  /**
   * The commonest paths, commonest first, ties by their zones. One of fewer visits than `minPathCell` is never among
   * them.
   */
  shared(zones: readonly ZoneId[], isLinked: boolean, minPathCell: number): SharedPaths {
    const shown = [...this.#paths]
      .filter(([, { visits }]) => visits >= minPathCell)
      .sort(([a, one], [b, other]) => other.visits - one.visits || (a < b ? -1 : 1))
      .slice(0, PATH_RULES.maxPaths)
      .map(([, path]) => path);
    return {
      visits: this.#visits,
      rareVisits: this.#visits - shown.reduce((sum, path) => sum + path.visits, 0),
      paths: shown.map(({ zones: way, visits, bought }) => {
        const told = way.slice(0, PATH_RULES.maxZones).map((zone) => `${zones[zone]}`);
        const isTelling =
          isSmallCell(bought, minPathCell) || isSmallCell(visits - bought, minPathCell);
        return {
          zones: way.length > PATH_RULES.maxZones ? [...told, PATH_RULES.more] : told,
          visits,
          shareOfVisits: visits / this.#visits,
          boughtRatio: isLinked && !isTelling ? bought / visits : null,
        };
      }),
    };
  }

  #count(zones: readonly number[], visits: number, bought: number): void {
    const key = keyOf(zones);
    const path = this.#paths.get(key);
    if (path !== undefined) {
      path.visits += visits;
      path.bought += bought;
    } else if (this.#paths.size < MAX_PATHS) this.#paths.set(key, { zones, visits, bought });
  }
}

/** Text that paths which are told alike have in common: one character a zone, one more for a longer path. */
function keyOf(zones: readonly number[]): string {
  let key = "";
  for (let i = 0; i < zones.length; i += 1)
    key += String.fromCharCode(i < PATH_RULES.maxZones ? (zones[i] ?? 0) + 1 : 0);
  return key;
}
