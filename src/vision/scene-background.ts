import type { MonoMs } from "../core/brand.ts";
import { GRID_CELLS, GRID_COLUMNS, GRID_ROWS } from "./luma-grid.ts";

/** How the background learns; times in ms, brightness 0..255. */
const LEARNING = {
  /** Time constant of still cells: follows a cloud or the sunset, not a person. */
  stillMs: 8000,
  /** Time constant of moving cells: what was put down becomes background in a minute. */
  movingMs: 30_000,
  /** Time constant of the noise of a cell. */
  noiseMs: 10_000,
  /** Noise assumed of a cell before it is known. */
  firstNoise: 3,
  /** One frame counts for the noise with at most this many times the noise known, or one person would raise it. */
  noiseClip: 6,
  /** A difference below this is never motion: compression makes steps of this size out of nothing. */
  leastDifference: 4,
  /** A difference of this many times the noise is motion: by chance in one cell of 16 000. */
  noiseFactor: 4,
  /** When more of the picture differs than this, light or camera changed: the background begins again. */
  sceneChangeRatio: 0.4,
} as const;

const NOISE_BINS = 256;
const NOISE_BINS_PER_LEVEL = 16;
const NOISE_EVERY_MS = 1000;

/** What one frame shows against the background. */
export interface SceneChange {
  /** Cells that differ clearly. */
  readonly movingCells: number;
  /** Whether something moved: two touching cells, or one that differs twice as much as it must. */
  readonly isMotion: boolean;
  /** Whether most of the picture changed at once, as when the light is switched. */
  readonly isSceneChange: boolean;
}

/**
 * The picture without the people: brightness and noise of each cell, learnt over time. A change of light that touches
 * all cells in proportion is taken out first, so that a cloud or the camera's own exposure is no motion. All of its
 * memory is made once; a look allocates nothing.
 */
export class SceneBackground {
  /** Brightness of each cell without the people, 0..255. */
  readonly cells = new Float32Array(GRID_CELLS);
  readonly #variance = new Float32Array(GRID_CELLS);
  readonly #isMoving = new Uint8Array(GRID_CELLS);
  readonly #gain = new MedianRatio();
  readonly #change = { movingCells: 0, isMotion: false, isSceneChange: false };
  readonly #noiseBins = new Uint16Array(NOISE_BINS);
  #noise: number = LEARNING.firstNoise;
  #noiseMono: MonoMs | null = null;
  #lastMono: MonoMs | null = null;

  /** Noise of the median cell, in levels of brightness; of nine pixels averaged, so a third of that of one pixel. */
  get noise(): number {
    return this.#noise;
  }

  /** Forgets the scene, for instance because frames were missing for long. */
  forget(): void {
    this.#lastMono = null;
  }

  /**
   * Compares a frame with the background and learns from it. While people are followed the noise is not learnt:
   * whoever walks about must not make the place where they walk look noisy. The result is reused by the next call.
   */
  look(luma: Float32Array, atMono: MonoMs, arePeopleFollowed: boolean): SceneChange {
    const change = this.#change;
    const last = this.#lastMono;
    this.#lastMono = atMono;
    if (last === null) {
      this.#beginAgain(luma);
      this.#variance.fill(LEARNING.firstNoise ** 2);
      change.movingCells = GRID_CELLS;
      change.isMotion = true;
      change.isSceneChange = true;
      return change;
    }
    const gain = this.#gain.measure(luma, this.cells);
    change.isMotion = this.#findMotion(luma, gain);
    change.isSceneChange = change.movingCells > LEARNING.sceneChangeRatio * GRID_CELLS;
    if (change.isSceneChange) this.#beginAgain(luma);
    else this.#learn(luma, gain, atMono - last, arePeopleFollowed);
    if (this.#noiseMono === null || atMono - this.#noiseMono >= NOISE_EVERY_MS) {
      this.#noiseMono = atMono;
      this.#noise = this.#medianNoise();
    }
    return change;
  }

  /** The median, so that a tree in the wind or a screen does not make the whole picture noisy. */
  #medianNoise(): number {
    const bins = this.#noiseBins.fill(0);
    for (let i = 0; i < GRID_CELLS; i += 1) {
      const bin = Math.floor(Math.sqrt(this.#variance[i] ?? 0) * NOISE_BINS_PER_LEVEL);
      bins[Math.min(bin, NOISE_BINS - 1)] = (bins[Math.min(bin, NOISE_BINS - 1)] ?? 0) + 1;
    }
    let below = 0;
    let bin = 0;
    while (bin < NOISE_BINS - 1 && (below + (bins[bin] ?? 0)) * 2 < GRID_CELLS) {
      below += bins[bin] ?? 0;
      bin += 1;
    }
    return (bin + 0.5) / NOISE_BINS_PER_LEVEL;
  }

  #beginAgain(luma: Float32Array): void {
    this.cells.set(luma);
  }

  #findMotion(luma: Float32Array, gain: number): boolean {
    const isMoving = this.#isMoving;
    let count = 0;
    let isStrong = false;
    for (let i = 0; i < GRID_CELLS; i += 1) {
      const difference = Math.abs((luma[i] ?? 0) - gain * (this.cells[i] ?? 0));
      const noise = Math.sqrt(this.#variance[i] ?? 0);
      const limit = Math.max(LEARNING.leastDifference, LEARNING.noiseFactor * noise);
      isMoving[i] = difference > limit ? 1 : 0;
      if (difference <= limit) continue;
      count += 1;
      if (difference > 2 * limit) isStrong = true;
    }
    this.#change.movingCells = count;
    return count > 0 && (isStrong || this.#haveTwoTouching());
  }

  #haveTwoTouching(): boolean {
    const isMoving = this.#isMoving;
    for (let row = 0; row < GRID_ROWS; row += 1) {
      for (let column = 0; column < GRID_COLUMNS; column += 1) {
        const i = row * GRID_COLUMNS + column;
        if (isMoving[i] !== 1) continue;
        if (column + 1 < GRID_COLUMNS && isMoving[i + 1] === 1) return true;
        if (row + 1 < GRID_ROWS && isMoving[i + GRID_COLUMNS] === 1) return true;
      }
    }
    return false;
  }

  #learn(luma: Float32Array, gain: number, stepMs: number, arePeopleFollowed: boolean): void {
    const still = 1 - Math.exp(-stepMs / LEARNING.stillMs);
    const moving = 1 - Math.exp(-stepMs / LEARNING.movingMs);
    const fresh = arePeopleFollowed ? 0 : 1 - Math.exp(-stepMs / LEARNING.noiseMs);
    const clip = LEARNING.noiseClip ** 2;
    for (let i = 0; i < GRID_CELLS; i += 1) {
      const known = this.cells[i] ?? 0;
      const seen = luma[i] ?? 0;
      const difference = seen - gain * known;
      const variance = this.#variance[i] ?? 0;
      // Never below a tenth of a level: a cell without any noise at all could not learn it again.
      const taken = Math.min(difference * difference, clip * Math.max(variance, 0.01));
      this.#variance[i] = variance + fresh * (taken - variance);
      this.cells[i] = known + (this.#isMoving[i] === 1 ? moving : still) * (seen - known);
    }
  }
}

/** Darker cells say nothing about a ratio. */
const LEAST_LUMA = 16;
const BINS = 256;
const BINS_PER_UNIT = 64;

/** The median ratio of two pictures, cell by cell: how much brighter the light is, whatever moved in it. */
class MedianRatio {
  readonly #bins = new Uint16Array(BINS);
  readonly #sums = new Float64Array(BINS);

  /** 1 when less than an eighth of the cells is bright enough to tell. Allocates nothing. */
  measure(luma: Float32Array, known: Float32Array): number {
    const bins = this.#bins.fill(0);
    const sums = this.#sums.fill(0);
    let count = 0;
    for (let i = 0; i < GRID_CELLS; i += 1) {
      const base = known[i] ?? 0;
      if (base < LEAST_LUMA) continue;
      const ratio = (luma[i] ?? 0) / base;
      const bin = Math.min(BINS - 1, Math.floor(ratio * BINS_PER_UNIT));
      bins[bin] = (bins[bin] ?? 0) + 1;
      sums[bin] = (sums[bin] ?? 0) + ratio;
      count += 1;
    }
    if (count < GRID_CELLS / 8) return 1;
    return this.#meanAround(this.#medianBin(count));
  }

  #medianBin(count: number): number {
    let below = 0;
    for (let bin = 0; bin < BINS; bin += 1) {
      below += this.#bins[bin] ?? 0;
      if (below * 2 >= count) return bin;
    }
    return BINS - 1;
  }

  /** Mean of the ratios beside the median, finer than a bin is wide. */
  #meanAround(median: number): number {
    let count = 0;
    let sum = 0;
    for (let bin = Math.max(0, median - 1); bin <= Math.min(BINS - 1, median + 1); bin += 1) {
      count += this.#bins[bin] ?? 0;
      sum += this.#sums[bin] ?? 0;
    }
    return sum / count;
  }
}
