import type { Detections, Letterbox, PictureSize } from "./ports.ts";

/** Turns a network's outputs into boxes. It keeps the output arrays it was made with: fill them, then decode. */
export interface BoxDecoder {
  /** Boxes refused since the decoder was made, because a side or score is no number or beyond all reason. */
  readonly refused: number;
  /**
   * Reads the outputs as they are now and fills `out` in Px of the source picture, best score first, clipped to it.
   * Allocates nothing.
   */
  decode(letterbox: Letterbox, out: Detections): void;
}

/** What a decoder must know of its network; scores and overlaps 0..1. */
export interface DecoderOptions {
  /** Size of the network input in Px. */
  readonly input: PictureSize;
  /** Px of the network input per cell, one per level of the network. */
  readonly strides: readonly number[];
  /** Index of the person among the classes. */
  readonly classIndex: number;
  /** Of two boxes overlapping by more than this (IoU) the weaker is dropped; 1 keeps all. */
  readonly nmsIou: number;
  /** Boxes under this score are dropped; keep it at the tracker's low band. Default 0.1. */
  readonly minScore?: number;
}

/** Low end of the tracker's weak band. */
export const MIN_SCORE = 0.1;

/** One level of a network that looks at the input in square cells, row by row. */
export interface Level {
  /** Px of the input per cell. */
  readonly stride: number;
  readonly columns: number;
  readonly rows: number;
  readonly cells: number;
  /** Number of cells in the levels before this one. */
  readonly first: number;
}

/** The levels of an input; a side that is no multiple of the stride has one more, partly filled cell. Pure. */
export function levelsOf(input: PictureSize, strides: readonly number[]): readonly Level[] {
  let first = 0;
  return strides.map((stride) => {
    const columns = Math.ceil(input.widthPx / stride);
    const rows = Math.ceil(input.heightPx / stride);
    const level = { stride, columns, rows, cells: columns * rows, first };
    first += level.cells;
    return level;
  });
}

/** Cells of all levels together. Pure. */
export function cellsOf(levels: readonly Level[]): number {
  return levels.reduce((sum, { cells }) => sum + cells, 0);
}

/** Value at which a sigmoid gives this probability. Pure. */
export function logitOf(probability: number): number {
  return Math.log(probability / (1 - probability));
}

/** Probability of a logit; NaN for NaN and for an infinite one, which is an overflow and no certainty. Pure. */
export function sigmoid(logit: number): number {
  return logit < Number.POSITIVE_INFINITY ? 1 / (1 + Math.exp(-logit)) : Number.NaN;
}

/** Refuses an output array of another length: a bug in the wiring. @throws TypeError */
export function assertLength(name: string, found: ArrayLike<unknown>, expected: number): void {
  if (found.length !== expected) {
    throw new TypeError(`${name}: expected ${expected} values, found ${found.length}`);
  }
}
