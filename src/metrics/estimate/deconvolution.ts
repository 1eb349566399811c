/** Times of customers through all doors on one trading day, milliseconds since it began, ascending. */
export interface DoorDay {
  readonly ins: readonly number[];
  readonly outs: readonly number[];
}

/** Rules of explaining exits by entries. */
export const DECONVOLUTION_RULES = Object.freeze({
  /** Longest stay that is looked for. */
  maxLagMs: 5_400_000,
  /** Iterations at most; with bins this wide it settles after about 50. */
  maxIterations: 400,
  /** Settled when an iteration moves less of the mass than this. */
  settledMass: 1e-4,
  /** Exits at most behind an estimate; of a shop with more, the newest days that fit. */
  maxExits: 120_000,
});

/** Borders between lags, seconds: fine where people turn round, coarse where only the sum matters. */
const LAG_BORDERS_S = [
  0, 15, 30, 45, 60, 90, 120, 150, 180, 240, 300, 420, 540, 720, 900, 1200, 1500, 1800, 2400, 3000,
  3600, 4500, 5400,
] as const;
/** A border nearer to tau than this gives way to it. */
const NEAR_MS = 8000;

/** Borders of the lag bins, ms, ascending from 0; tau is one of them, so that no bin straddles it. Pure. */
export function lagBorders(tauMs: number): number[] {
  const others = LAG_BORDERS_S.map((s) => s * 1000).filter(
    (border) => border === 0 || Math.abs(border - tauMs) >= NEAR_MS,
  );
  return [...others, tauMs].sort((a, b) => a - b);
}

/** Of one day: how many entries lie how long before each exit. */
export interface LagTable {
  readonly entries: number;
  readonly exits: number;
  readonly bins: number;
  /** Exit after exit, one number per bin. */
  readonly counts: Uint16Array;
}

/** Counts the entries before each exit by lag. Entries and exits at the same instant have lag 0. Pure. */
export function lagTable(day: DoorDay, borders: readonly number[]): LagTable {
  const bins = borders.length - 1;
  const maxLagMs = borders[bins] ?? 0;
  const counts = new Uint16Array(day.outs.length * bins);
  let oldest = 0;
  for (let exit = 0; exit < day.outs.length; exit += 1) {
    const at = day.outs[exit] ?? 0;
    while (oldest < day.ins.length && at - (day.ins[oldest] ?? 0) >= maxLagMs) oldest += 1;
    countLags(day.ins, oldest, at, borders, counts.subarray(exit * bins, (exit + 1) * bins));
  }
  return { entries: day.ins.length, exits: day.outs.length, bins, counts };
}

/** Counts the entries from place `oldest` up to an exit, by lag; the lags fall from entry to entry. */
function countLags(
  ins: readonly number[],
  oldest: number,
  at: number,
  borders: readonly number[],
  counts: Uint16Array,
): void {
  let bin = counts.length - 1;
  for (let entry = oldest; entry < ins.length; entry += 1) {
    const lag = at - (ins[entry] ?? 0);
    if (lag < 0) return;
    while (bin > 0 && lag < (borders[bin] ?? 0)) bin -= 1;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
}

/** The distribution of visit times that best explains the exits. */
export interface Deconvolved {
  readonly borders: readonly number[];
  /** Share of the counted entries whose counted exit follows after a time in the bin; sums to about exits / entries. */
  readonly mass: Float64Array;
  readonly tables: readonly LagTable[];
  readonly entries: number;
  readonly exits: number;
  readonly iterations: number;
  /** False: the iterations ran out before it settled. */
  readonly isSettled: boolean;
}

/**
 * Explains exits by entries: exits are entries convolved with the density of the visit time, which is looked for by
 * expectation-maximisation (Richardson-Lucy), constant within each lag bin. Nobody is paired with anybody: only the
 * short end of the result can be trusted, since a slow drift of traffic looks like a long stay. Works on the times
 * themselves, so there is no error of binning them. Does its work in pieces of `advance`; the same days give the same
 * result however it is cut.
 * @source L. A. Shepp, Y. Vardi, IEEE Trans. Medical Imaging 1982 (EM for Poisson intensities); A. Goldenshluger,
 * D. T. Koops, Nonparametric estimation of service time characteristics in infinite-server queues, Stochastic Systems
 * 2019.
 */
export class Deconvolution {
  readonly #borders: readonly number[];
  readonly #days: readonly DoorDay[];
  readonly #tables: LagTable[] = [];
  readonly #mass: Float64Array;
  readonly #gain: Float64Array;
  readonly #densities: Float64Array;
  #entries = 0;
  #exits = 0;
  #next = 0;
  #iterations = 0;
  #isSettled = false;

  /** `days` closed, oldest first. */
  constructor(days: readonly DoorDay[], borders: readonly number[]) {
    const bins = borders.length - 1;
    this.#borders = borders;
    this.#days = days;
    this.#mass = new Float64Array(bins).map((_, k) => this.#widthOf(k) / (borders[bins] ?? 1));
    this.#gain = new Float64Array(bins);
    this.#densities = new Float64Array(bins);
  }

  /** Does about so much work, counted in cells of the lag tables; true when the result is there. */
  advance(cells: number): boolean {
    for (let left = cells; left > 0 && !this.isDone; ) left -= this.#workOnDay();
    return this.isDone;
  }

  get isDone(): boolean {
    const { maxIterations } = DECONVOLUTION_RULES;
    return this.#isSettled || this.#iterations >= maxIterations || this.#days.length === 0;
  }

  /** What has been found so far. */
  get result(): Deconvolved {
    return {
      borders: this.#borders,
      mass: this.#mass,
      tables: this.#tables,
      entries: this.#entries,
      exits: this.#exits,
      iterations: this.#iterations,
      isSettled: this.#isSettled,
    };
  }

  #workOnDay(): number {
    const waiting = this.#days[this.#tables.length];
    if (waiting !== undefined) {
      const table = lagTable(waiting, this.#borders);
      this.#tables.push(table);
      this.#entries += table.entries;
      this.#exits += table.exits;
      return table.counts.length + 1;
    }
    const table = this.#tables[this.#next];
    this.#next += 1;
    if (table !== undefined) {
      if (this.#next === 1) this.#begin();
      addGain(table, this.#densities, this.#gain);
      return table.counts.length + 1;
    }
    this.#finish();
    return 1;
  }

  #begin(): void {
    this.#gain.fill(0);
    for (let k = 0; k < this.#mass.length; k += 1)
      this.#densities[k] = (this.#mass[k] ?? 0) / this.#widthOf(k);
  }

  #finish(): void {
    let moved = 0;
    for (let k = 0; k < this.#mass.length; k += 1) {
      const gain = this.#entries > 0 ? (this.#gain[k] ?? 0) / this.#widthOf(k) / this.#entries : 0;
      const next = (this.#mass[k] ?? 0) * gain;
      moved += Math.abs(next - (this.#mass[k] ?? 0));
      this.#mass[k] = next;
    }
    this.#next = 0;
    this.#iterations += 1;
    this.#isSettled = moved < DECONVOLUTION_RULES.settledMass;
  }

  #widthOf(bin: number): number {
    return (this.#borders[bin + 1] ?? 0) - (this.#borders[bin] ?? 0);
  }
}

/** Sum over the exits of a day: entries at each lag over the expected exits at that instant. Hot; allocates nothing. */
function addGain(table: LagTable, densities: Float64Array, gain: Float64Array): void {
  const { bins, counts } = table;
  for (let cell = 0; cell < counts.length; cell += bins) {
    let expected = 0;
    for (let k = 0; k < bins; k += 1) expected += (counts[cell + k] ?? 0) * (densities[k] ?? 0);
    if (expected <= 0) continue;
    const share = 1 / expected;
    for (let k = 0; k < bins; k += 1) gain[k] = (gain[k] ?? 0) + (counts[cell + k] ?? 0) * share;
  }
}

/** Mass up to a lag, by straight lines within a bin. Pure. */
export function massUpTo(
  mass: ArrayLike<number>,
  borders: readonly number[],
  atMs: number,
): number {
  let sum = 0;
  for (let k = 0; k < mass.length; k += 1) {
    const from = borders[k] ?? 0;
    const to = borders[k + 1] ?? from;
    if (from >= atMs) break;
    sum += (mass[k] ?? 0) * Math.min(1, (atMs - from) / (to - from));
  }
  return sum;
}

/** Lag up to which a share of the whole mass lies, by straight lines within a bin; null without mass. Pure. */
export function massQuantile(
  mass: ArrayLike<number>,
  borders: readonly number[],
  share: number,
): number | null {
  let total = 0;
  for (let k = 0; k < mass.length; k += 1) total += mass[k] ?? 0;
  let sum = 0;
  for (let k = 0; k < mass.length && total > 0; k += 1) {
    const own = mass[k] ?? 0;
    const from = borders[k] ?? 0;
    const missing = share * total - sum;
    if (own > 0 && missing <= own)
      return from + (missing / own) * ((borders[k + 1] ?? from) - from);
    sum += own;
  }
  return null;
}

/** Mean lag of the mass up to a lag, taken from the middles of the bins; null without mass. Pure. */
export function meanUpTo(
  mass: ArrayLike<number>,
  borders: readonly number[],
  atMs: number,
): number | null {
  let sum = 0;
  let weighted = 0;
  for (let k = 0; k < mass.length; k += 1) {
    const from = borders[k] ?? 0;
    const to = Math.min(atMs, borders[k + 1] ?? from);
    const own = massUpTo(mass, borders, to) - massUpTo(mass, borders, from);
    if (to <= from) continue;
    sum += own;
    weighted += (own * (from + to)) / 2;
  }
  return sum > 0 ? weighted / sum : null;
}

/** The newest days whose exits together stay within what an estimate may cost; at least one. Pure. */
export function affordableDays<Item extends { readonly doors: DoorDay }>(
  days: readonly Item[],
): Item[] {
  const kept: Item[] = [];
  let exits = 0;
  for (let i = days.length - 1; i >= 0; i -= 1) {
    const day = days[i];
    if (day === undefined) continue;
    exits += day.doors.outs.length;
    if (exits > DECONVOLUTION_RULES.maxExits && kept.length > 0) break;
    kept.unshift(day);
  }
  return kept;
}
