import type { MonoMs } from "../core/brand.ts";
import { HeldState } from "./held-state.ts";
import type { PictureStructure } from "./picture-structure.ts";

/** When a picture counts as black or covered. Structure is a share 0..1, brightness 0..255. */
export const COVERED_RULE = {
  /** Nothing to see at all: as good as no step of brightness anywhere. */
  bare: 0.01,
  /** A dark picture may keep a few lamps and the clock that the camera writes into it. */
  black: { luma: 20, structure: 0.02 },
  /** Against what this camera usually shows: nearly nothing left in the middle, and little at all. */
  robbed: { median: 0.2, overall: 0.35, leastUsualMedian: 0.03 },
  /** How far above a limit the structure must rise before the picture is good again. */
  releaseFactor: 2,
  /** A hand that wipes the lens or a face before it is no cover. */
  holdMs: 5000,
  robbedHoldMs: 10_000,
  /** What is usual is known after this time of good pictures, and is learnt this slowly. */
  usualMs: 60_000,
} as const;

/**
 * Recognises a black picture and a covered lens by what is missing: steps of brightness. Colour and brightness of the
 * cover do not matter, and a clock burnt into the picture does not hide it. A scene that is plain by nature is
 * covered only when it loses even the little it has.
 */
export class CoveredLens {
  readonly #bare = new HeldState(COVERED_RULE.holdMs, 0);
  readonly #robbed = new HeldState(COVERED_RULE.robbedHoldMs, 0);
  #usual: { overall: number; median: number; forMs: number } | null = null;
  #lastMono: MonoMs | null = null;

  /** A gap in the stream: nothing held before it counts. What is usual is kept. */
  forget(): void {
    this.#lastMono = null;
    this.#bare.reset();
    this.#robbed.reset();
  }

  /** Takes one picture in and says whether the lens is covered by now. */
  look(structure: PictureStructure, luma: number, atMono: MonoMs): boolean {
    const stepMs = this.#lastMono === null ? 0 : atMono - this.#lastMono;
    this.#lastMono = atMono;
    const isBare = this.#bare.observe(isBarePicture(structure, luma, this.#bare.isOn), atMono);
    const isRobbed = this.#robbed.observe(this.#isRobbed(structure, luma), atMono);
    const isCovered = isBare || isRobbed;
    if (!isCovered) this.#learn(structure, stepMs);
    return isCovered;
  }

  #isRobbed(structure: PictureStructure, luma: number): boolean {
    const usual = this.#usual;
    const { median, overall, leastUsualMedian } = COVERED_RULE.robbed;
    if (usual === null || usual.forMs < COVERED_RULE.usualMs) return false;
    // In the dark a few lamps may be all there is; that is low light, and the rule of the black picture's matter.
    if (usual.median < leastUsualMedian || luma < COVERED_RULE.black.luma) return false;
    const release = this.#robbed.isOn ? COVERED_RULE.releaseFactor : 1;
    const isMiddleEmpty = structure.median < release * median * usual.median;
    return isMiddleEmpty && structure.overall < release * overall * usual.overall;
  }

  #learn({ overall, median }: PictureStructure, stepMs: number): void {
    const usual = this.#usual;
    if (usual === null) {
      this.#usual = { overall, median, forMs: 0 };
      return;
    }
    // As a mean while there is little to go by, then with a fixed memory.
    const fresh = stepMs / Math.max(stepMs, Math.min(usual.forMs + stepMs, COVERED_RULE.usualMs));
    if (stepMs > 0) {
      usual.overall += fresh * (overall - usual.overall);
      usual.median += fresh * (median - usual.median);
      usual.forMs += stepMs;
    }
  }
}

function isBarePicture({ overall }: PictureStructure, luma: number, isOn: boolean): boolean {
  const release = isOn ? COVERED_RULE.releaseFactor : 1;
  const { bare, black } = COVERED_RULE;
  if (overall < release * bare) return true;
  return luma < release * black.luma && overall < release * black.structure;
}
