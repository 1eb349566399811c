import type { Detections } from "./ports.ts";

/** Coordinates beyond this are no place in any picture, and their squares must still be numbers to reckon with. */
const LIMIT_PX = 1e6;

/**
 * Whether detection `i` can be a person at all: finite corners within reason, right of left, bottom below top, and a
 * score in 0..1. One bad box from a broken model must not poison a filter. Pure, allocates nothing.
 */
export function isSaneBox({ xyxy, score }: Detections, i: number): boolean {
  const left = xyxy[4 * i] ?? Number.NaN;
  const top = xyxy[4 * i + 1] ?? Number.NaN;
  const right = xyxy[4 * i + 2] ?? Number.NaN;
  const bottom = xyxy[4 * i + 3] ?? Number.NaN;
  const value = score[i] ?? Number.NaN;
  // Written so that NaN is refused by every comparison.
  const isPlaced = left >= -LIMIT_PX && top >= -LIMIT_PX && right <= LIMIT_PX && bottom <= LIMIT_PX;
  return isPlaced && right > left && bottom > top && value >= 0 && value <= 1;
}
