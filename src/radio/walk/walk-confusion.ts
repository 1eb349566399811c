import type { ZoneId } from "../../core/brand.ts";

/** Where seconds that were spent in one zone were placed. */
export interface ConfusionRow {
  /** The zone the carrier stood in. */
  readonly zoneId: ZoneId;
  /** Seconds placed in each zone, in the order of `Confusion.zones`. */
  readonly placedS: readonly number[];
  /** Seconds placed inside the shop in no zone. */
  readonly betweenS: number;
  /** Seconds of which the engine did not say where the tag was. */
  readonly unknownS: number;
  /** Share 0..1 of the seconds placed in the zone itself; null without any. */
  readonly recall: number | null;
}

/** How the zone engine places a walk. Rows and columns are the zones of the floor plan, in its order. */
export interface Confusion {
  readonly zones: readonly ZoneId[];
  readonly rows: readonly ConfusionRow[];
  /** Seconds judged. */
  readonly seconds: number;
  /** Share 0..1 of all seconds placed in the right zone; unknown counts as wrong. null without any. */
  readonly accuracy: number | null;
}

/** Counts seconds into a confusion. */
export class ConfusionCount {
  readonly #zones: readonly ZoneId[];
  /** Rows of zones x (zones, between, unknown). */
  readonly #seconds: Float64Array;
  readonly #width: number;

  constructor(zones: readonly ZoneId[]) {
    this.#zones = zones;
    this.#width = zones.length + 2;
    this.#seconds = new Float64Array(zones.length * this.#width);
  }

  /**
   * Adds one second. `truth` and `placed` are positions in the zones; `placed` may also be `between` or `unknown`.
   * Positions outside of the plan are ignored.
   */
  add(truth: number, placed: number | "between" | "unknown"): void {
    const n = this.#zones.length;
    const column = placed === "between" ? n : placed === "unknown" ? n + 1 : placed;
    const isCell = truth >= 0 && truth < n && column >= 0 && column < this.#width;
    if (!isCell) return;
    const at = truth * this.#width + column;
    this.#seconds[at] = (this.#seconds[at] ?? 0) + 1;
  }

  /** What was counted so far. */
  read(): Confusion {
    const rows = this.#zones.map((zoneId, truth) => this.#row(zoneId, truth));
    const seconds = this.#seconds.reduce((sum, n) => sum + n, 0);
    const right = rows.reduce((sum, row, truth) => sum + (row.placedS[truth] ?? 0), 0);
    return {
      zones: this.#zones,
      rows,
      seconds,
      accuracy: seconds === 0 ? null : right / seconds,
    };
  }

  #row(zoneId: ZoneId, truth: number): ConfusionRow {
    const n = this.#zones.length;
    const cells = this.#seconds.subarray(truth * this.#width, (truth + 1) * this.#width);
    const seconds = cells.reduce((sum, s) => sum + s, 0);
    return {
      zoneId,
      placedS: Array.from(cells.subarray(0, n)),
      betweenS: cells[n] ?? 0,
      unknownS: cells[n + 1] ?? 0,
      recall: seconds === 0 ? null : (cells[truth] ?? 0) / seconds,
    };
  }
}

/** Seconds of a row. Pure. */
export function secondsOf(row: ConfusionRow): number {
  return row.placedS.reduce((sum, s) => sum + s, 0) + row.betweenS + row.unknownS;
}
