import type { ZoneId } from "../../core/brand.ts";
import type { PathEnd } from "../../core/metric-value.ts";
import { type CountTable, withheldCells } from "../figures/suppression.ts";
import { type SpreadShare, spreadShare } from "./cluster-sums.ts";
import { addAll, addTo } from "./sums.ts";
import type { SampledVisit } from "./visit-sample.ts";

/** One cell of the table: the visits that went on from one place to another. */
export interface Transition {
  /** Departures; a visit may go the same way twice. */
  readonly departures: number;
  /** Too few visits to be shown, or needed to hide such a cell: nothing but this may be published of it. */
  readonly isWithheld: boolean;
  /** Share of the departures of the row; null when nobody left from there. */
  readonly spread: SpreadShare | null;
}

/** Where visits go on to from each place: the rows of an absorbing chain, out of the shop being the end. */
export interface TransitionTable {
  /** `entry`, then the zones. */
  readonly from: readonly string[];
  /** The zones, then the two ways out. */
  readonly to: readonly string[];
  /** Departures seen from each row. */
  readonly totals: readonly number[];
  cell(from: number, to: number): Transition;
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

  /** The table of what was added, with small cells withheld. */
  table(zones: readonly ZoneId[], minCell: number): TransitionTable {
    const from: readonly string[] = [ENTRY, ...zones];
    const to: readonly string[] = [...zones, WITH_TX, WITHOUT];
    const withheld = withheldCells(this.#people(), minCell);
    const totals = from.map((_, row) => this.#departures(row));
    return {
      from,
      to,
      totals,
      cell: (row, column) => ({
        departures: this.#cells.count[row * this.#columns + column] ?? 0,
        isWithheld: withheld[row]?.[column] ?? false,
        spread: this.#spread(row, column, totals[row] ?? 0),
      }),
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

  /** Visits behind each cell; null where a place would follow itself. */
  #people(): CountTable {
    return Array.from({ length: this.#zones + 1 }, (_, row) =>
      Array.from({ length: this.#columns }, (__, column) =>
        row === column + 1 ? null : (this.#cells.people[row * this.#columns + column] ?? 0),
      ),
    );
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
