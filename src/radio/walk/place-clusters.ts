/** A place on the floor, metres. */
export interface Spot {
  readonly xM: number;
  readonly yM: number;
}

/** Spots that are taken as one place, with their mean. */
export interface Cluster<T extends Spot> extends Spot {
  readonly spots: readonly T[];
}

/** How spots are gathered. */
export interface ClusterRules {
  /** Clusters at most. */
  readonly most: number;
  /** Spots of a cluster at least; a smaller one joins its nearest neighbour. */
  readonly minSpots: number;
  /** Clusters whose means are nearer than this are one, metres. */
  readonly apartM: number;
}

/** k-means on a few hundred spots settles within ten rounds; the bound is for spots on a border between two. */
const MAX_ROUNDS = 25;

/**
 * Gathers spots into places by k-means that begins with the spots farthest from each other, so that the same spots
 * always give the same places. No spots or `most` below 1 give none; fewer spots than `minSpots` give one. Pure.
 * @source k-means: Lloyd, IEEE Trans. Inf. Theory 28 (1982); seeding: Gonzalez, Theor. Comput. Sci. 38 (1985).
 */
export function clusterPlaces<T extends Spot>(
  spots: readonly T[],
  rules: ClusterRules,
): readonly Cluster<T>[] {
  if (spots.length === 0 || rules.most < 1) return [];
  let clusters = settle(spots, seeds(spots, Math.floor(rules.most), rules.apartM));
  for (;;) {
    const merged = mergeOne(clusters, rules);
    if (merged === null) return clusters;
    clusters = settle(spots, merged);
  }
}

/** The mean's nearest spot, then always the spot farthest from all seeds, while that is `apartM` or more away. */
function seeds<T extends Spot>(spots: readonly T[], most: number, apartM: number): readonly Spot[] {
  const middle = meanOf(spots);
  const chosen: Spot[] = [extreme(spots, (spot) => -distance(spot, middle))];
  const toSeeds = (spot: Spot): number =>
    chosen.reduce((least, seed) => Math.min(least, distance(spot, seed)), Number.POSITIVE_INFINITY);
  while (chosen.length < most) {
    const farthest = extreme(spots, toSeeds);
    if (toSeeds(farthest) < apartM) break;
    chosen.push(farthest);
  }
  return chosen;
}

/** Lloyd's rounds; a centre that loses all its spots is gone. */
function settle<T extends Spot>(
  spots: readonly T[],
  centres: readonly Spot[],
): readonly Cluster<T>[] {
  let clusters = assign(spots, centres);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const next = assign(spots, clusters);
    const isSettled =
      next.length === clusters.length &&
      next.every((cluster, i) => cluster.spots.length === clusters[i]?.spots.length);
    clusters = next;
    if (isSettled) break;
  }
  return clusters;
}

function assign<T extends Spot>(
  spots: readonly T[],
  centres: readonly Spot[],
): readonly Cluster<T>[] {
  const groups: T[][] = centres.map(() => []);
  for (const spot of spots) {
    let nearest = 0;
    centres.forEach((centre, i) => {
      if (distance(spot, centre) < distance(spot, centres[nearest] ?? centre)) nearest = i;
    });
    groups[nearest]?.push(spot);
  }
  return groups
    .filter((group) => group.length > 0)
    .map((group) => ({ ...meanOf(group), spots: group }));
}

/** The clusters with one pair made one, or null when none is too small or too near to another. */
function mergeOne<T extends Spot>(
  clusters: readonly Cluster<T>[],
  rules: ClusterRules,
): readonly Spot[] | null {
  if (clusters.length < 2) return null;
  const gap = (cluster: Cluster<T>): number =>
    Math.min(...clusters.filter((c) => c !== cluster).map((c) => distance(c, cluster)));
  const smallest = extreme(clusters, (cluster) => -cluster.spots.length);
  const tightest = extreme(clusters, (cluster) => -gap(cluster));
  const goes =
    smallest.spots.length < rules.minSpots
      ? smallest
      : gap(tightest) < rules.apartM
        ? tightest
        : null;
  return goes === null ? null : clusters.filter((cluster) => cluster !== goes);
}

/** The item of the largest score; the first of several. The list is not empty. */
function extreme<T>(items: readonly T[], score: (item: T) => number): T {
  return items.reduce((best, item) => (score(item) > score(best) ? item : best));
}

function distance(a: Spot, b: Spot): number {
  return Math.hypot(a.xM - b.xM, a.yM - b.yM);
}

function meanOf(spots: readonly Spot[]): Spot {
  const sum = spots.reduce((s, { xM, yM }) => ({ xM: s.xM + xM, yM: s.yM + yM }), {
    xM: 0,
    yM: 0,
  });
  return { xM: sum.xM / spots.length, yM: sum.yM / spots.length };
}
