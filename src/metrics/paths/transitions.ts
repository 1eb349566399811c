import type { ZoneId } from "../../core/brand.ts";
import type { PathEnd } from "../../core/metric-value.ts";
import { type SpreadShare, spreadShare } from "./cluster-sums.ts";
import { addAll, addTo } from "./sums.ts";
import { toldShare, toldWeight } from "./told-shares.ts";
import type { SampledVisit } from "./visit-sample.ts";

/** Where visits go on to from each place: the rows of an absorbing chain, out of the shop being the end. */
export interface TransitionTable {
  /** `entry`, then the zones. */
  readonly from: readonly string[];
  /** The zones, then the two ways out. */
  readonly to: readonly string[];
  /** Visits that are told of each row, all its cells together. */
  readonly told: readonly number[];
  /** Whether anybody at all was seen leaving from there. */
  readonly isLeft: readonly boolean[];
  /** Share of what left from there; null where too few went that way to be told, or nobody: that is not told apart. */
  share(from: number, to: number): SpreadShare | null;
}

const ENTRY: PathEnd = "entry";
const WITH_TX: PathEnd = "exit-with-tx";
const WITHOUT: PathEnd = "exit-without";

/**
 * Sums per cell and per row over groups of visits. A beginning or an end that was not seen is no departure, so every
 * row adds up over what was seen. Without linked payments nobody has bought, and everybody leaves by `exit-without`.
 */
export class TransitionTally {
  readonly #zones: number;
  readonly #columns: number;
  /** Departures, visits, and over groups the sums of weights, of their squares, and of their products with the row's. */
  readonly #cells: Readonly<Record<CellSum, Float64Array>>;
  /** Over groups: sums of weights and of their squares, and how many groups. */
  readonly #rows: Readonly<Record<RowSum, Float64Array>>;
  /** Of the group that is being added. */
  readonly #groupHits: Float64Array;
  readonly #groupTrials: Float64Array;
  readonly #lastVisit: Int32Array;
  #touchedCells: number[] = [];
  #touchedRows: number[] = [];
  #visits = 0;

  constructor(zones: number) {
    const rows = zones + 1;
    const cells = rows * (zones + 2);
    this.#zones = zones;
    this.#columns = zones + 2;
    this.#cells = {
      count: new Float64Array(cells),
      people: new Float64Array(cells),
      hits: new Float64Array(cells),
      hitSquares: new Float64Array(cells),
      hitTrials: new Float64Array(cells),
    };
    this.#rows = {
      trials: new Float64Array(rows),
      trialSquares: new Float64Array(rows),
      groups: new Float64Array(rows),
    };
    this.#groupHits = new Float64Array(cells);
    this.#groupTrials = new Float64Array(rows);
    this.#lastVisit = new Int32Array(cells).fill(-1);
  }

  /** Adds one visit; visits of one group follow one another, with `closeGroup` after the last. */
  add(visit: SampledVisit): void {
    // Places: 0 is the entry, zones count from 1, the ways out follow.
    let place = visit.isEntrySeen ? 0 : -1;
    for (const zone of visit.path) {
      if (place >= 0) this.#go(place, zone, visit.weight);
      place = zone + 1;
    }
    const out = this.#zones + (visit.hasBought ? 0 : 1);
    if (visit.isEndSeen && place >= 0) this.#go(place, out, visit.weight);
    this.#visits += 1;
  }

  /** Ends a group of visits that belong together. */
  closeGroup(): void {
    for (const cell of this.#touchedCells) {
      const hits = this.#groupHits[cell] ?? 0;
      const trials = this.#groupTrials[Math.floor(cell / this.#columns)] ?? 0;
      addTo(this.#cells.hits, cell, hits);
      addTo(this.#cells.hitSquares, cell, hits * hits);
      addTo(this.#cells.hitTrials, cell, hits * trials);
      this.#groupHits[cell] = 0;
    }
    for (const row of this.#touchedRows) {
      const trials = this.#groupTrials[row] ?? 0;
      addTo(this.#rows.trials, row, trials);
      addTo(this.#rows.trialSquares, row, trials * trials);
      addTo(this.#rows.groups, row, 1);
      this.#groupTrials[row] = 0;
    }
    this.#touchedCells = [];
    this.#touchedRows = [];
  }

  /** Adds what another tally of the same zones holds; both have closed their groups. */
  merge(other: TransitionTally): void {
    for (const sum of CELL_SUMS) addAll(this.#cells[sum], other.#cells[sum]);
    for (const sum of ROW_SUMS) addAll(this.#rows[sum], other.#rows[sum]);
  }

  /** Visits that went each way, by cells of the rows one after the other. Shared: not to be changed. */
  get visits(): Float64Array {
    return this.#cells.people;
  }

  /**
   * The table of what was added, as far as it is told: `told` are the visits of each cell in steps of `step`. Everything
   * in it follows from these, but for what visits stand for, in steps too, and how groups widen, to two digits.
   */
  table(zones: readonly ZoneId[], told: Float64Array, step: number): TransitionTable {
    const from: readonly string[] = [ENTRY, ...zones];
    const to: readonly string[] = [...zones, WITH_TX, WITHOUT];
    const cells = (row: number): number[] => to.map((_, column) => row * this.#columns + column);
    const sumOf = (row: number, read: (cell: number) => number): number =>
      cells(row).reduce((sum, cell) => sum + read(cell), 0);
    const weight = (cell: number): number =>
      toldWeight(told[cell] ?? 0, this.#meanWeight(cell), step);
    const totals = from.map((_, row) => sumOf(row, (cell) => told[cell] ?? 0));
    return {
      from,
      to,
      told: totals,
      isLeft: from.map((_, row) => this.#departures(row) > 0),
      share: (row, column) => {
        const cell = row * this.#columns + column;
        const n = totals[row] ?? 0;
        if (!((told[cell] ?? 0) > 0)) return null;
        const share = weight(cell) / sumOf(row, weight);
        return toldShare(share, { n, step, effect: this.#effect(row, column) });
      },
    };
  }

  #go(row: number, column: number, weight: number): void {
    const cell = row * this.#columns + column;
    addTo(this.#cells.count, cell, 1);
    if (this.#lastVisit[cell] !== this.#visits) addTo(this.#cells.people, cell, 1);
    this.#lastVisit[cell] = this.#visits;
    if (this.#groupHits[cell] === 0) this.#touchedCells.push(cell);
    if (this.#groupTrials[row] === 0) this.#touchedRows.push(row);
    addTo(this.#groupHits, cell, weight);
    addTo(this.#groupTrials, row, weight);
  }

  /** What a visit of a cell stands for on average: its weight, and how often it went that way. */
  #meanWeight(cell: number): number {
    const people = this.#cells.people[cell] ?? 0;
    return people > 0 ? (this.#cells.hits[cell] ?? 0) / people : 0;
  }

  /** How many times wider than among strangers, who all stand for one, the share of a cell varies. */
  #effect(row: number, column: number): number {
    const departures = this.#departures(row);
    const spread = this.#spread(row, column, departures);
    return spread === null ? 1 : departures / spread.effectiveN;
  }

  #departures(row: number): number {
    let sum = 0;
    for (let column = 0; column < this.#columns; column += 1)
      sum += this.#cells.count[row * this.#columns + column] ?? 0;
    return sum;
  }

  #spread(row: number, column: number, departures: number): SpreadShare | null {
    const cell = row * this.#columns + column;
    const sums = {
      hits: this.#cells.hits[cell] ?? 0,
      trials: this.#rows.trials[row] ?? 0,
      hitSquares: this.#cells.hitSquares[cell] ?? 0,
      hitTrials: this.#cells.hitTrials[cell] ?? 0,
      trialSquares: this.#rows.trialSquares[row] ?? 0,
      clusters: this.#rows.groups[row] ?? 0,
    };
    return spreadShare(sums, departures);
  }
}

const CELL_SUMS = ["count", "people", "hits", "hitSquares", "hitTrials"] as const;
const ROW_SUMS = ["trials", "trialSquares", "groups"] as const;
type CellSum = (typeof CELL_SUMS)[number];
type RowSum = (typeof ROW_SUMS)[number];
