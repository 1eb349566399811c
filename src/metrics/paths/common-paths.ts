import type { ZoneId } from "../../core/brand.ts";
import type { SampledVisit } from "./visit-sample.ts";

/** Zones of a path that are told apart; what comes after them is one mark. */
export const PATH_RULES = Object.freeze({
  maxZones: 6,
  /** Stands for everything after the last zone told. */
  more: "…",
  /** Paths shown. */
  maxPaths: 12,
  /** Of fewer steps of visits nothing is said about who bought: the steps would be most of it. */
  leastSteps: 5,
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

/** The commonest paths of a sample; the visits of each in steps. */
export interface SharedPaths {
  readonly paths: readonly SharedPath[];
  readonly visits: number;
  /** Visits of the paths that are not shown. */
  readonly rareVisits: number;
}

/** Different paths remembered; visits of further ones are counted as rare. */
const MAX_PATHS = 50_000;

/** One way through the zones. */
export interface PathCount {
  /** One more than are told where the path is longer. */
  readonly zones: readonly number[];
  readonly visits: number;
  readonly bought: number;
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

  /** Ways with what was counted of each. */
  counts(): Iterable<readonly [key: string, count: PathCount]> {
    return this.#paths;
  }

  /** What was counted of one way; absent = nothing. */
  count(key: string): PathCount | undefined {
    return this.#paths.get(key);
  }

  /**
   * The commonest paths, commonest first, ties by their zones, as far as they are told: in steps of `step` visits. One
   * of fewer visits is never among them.
   */
  shared(
    zones: readonly ZoneId[],
    told: ReadonlyMap<string, PathCount>,
    { isLinked, step }: { readonly isLinked: boolean; readonly step: number },
  ): SharedPaths {
    const shown = [...told]
      .filter(([, { visits }]) => visits > 0)
      .sort(([a, one], [b, other]) => other.visits - one.visits || (a < b ? -1 : 1))
      .slice(0, PATH_RULES.maxPaths)
      .map(([, path]) => path);
    return {
      visits: this.#visits,
      // An interval that does not begin with a week may end with a step that visits before it began.
      rareVisits: Math.max(0, this.#visits - shown.reduce((sum, path) => sum + path.visits, 0)),
      paths: shown.map(({ zones: way, visits, bought }) => {
        const names = way.slice(0, PATH_RULES.maxZones).map((zone) => `${zones[zone]}`);
        const isTold = isLinked && visits >= step * PATH_RULES.leastSteps && bought <= visits;
        return {
          zones: way.length > PATH_RULES.maxZones ? [...names, PATH_RULES.more] : names,
          visits,
          shareOfVisits: Math.min(1, visits / this.#visits),
          boughtRatio: isTold && bought > 0 ? bought / visits : null,
        };
      }),
    };
  }

  #count(zones: readonly number[], visits: number, bought: number): void {
    const key = keyOf(zones);
    const known = this.#paths.get(key);
    if (known === undefined && this.#paths.size >= MAX_PATHS) return;
    this.#paths.set(key, {
      zones,
      visits: (known?.visits ?? 0) + visits,
      bought: (known?.bought ?? 0) + bought,
    });
  }
}

/** Text that paths which are told alike have in common: one character a zone, one more for a longer path. */
function keyOf(zones: readonly number[]): string {
  let key = "";
  for (let i = 0; i < zones.length; i += 1)
    key += String.fromCharCode(i < PATH_RULES.maxZones ? (zones[i] ?? 0) + 1 : 0);
  return key;
}
