/** Steps to which durations are rounded, ms, ascending: round numbers of seconds, minutes and hours. */
const DURATION_STEPS_MS: readonly number[] = [
  1_000, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000,
];

/**
 * A duration in ms rounded to the largest round step that is not wider than half its 95 % interval; to seconds without
 * one. It is never rounded down to nothing. Pure.
 */
export function roundDuration(ms: number, halfMs: number | null): number {
  const step = stepWithin(DURATION_STEPS_MS, halfMs ?? 0, Math.abs(ms));
  return Math.round(ms / step) * step;
}

/**
 * A count rounded to the largest power of ten that is not wider than half its 95 % interval; whole without one. It is
 * never rounded down to nothing. Pure.
 */
export function roundCount(value: number, half: number | null): number {
  let step = 1;
  while (step * 10 <= (half ?? 0) && step * 10 <= Math.abs(value)) step *= 10;
  return Math.round(value / step) * step;
}

function stepWithin(steps: readonly number[], half: number, size: number): number {
  return steps.filter((step) => step <= half && step <= size).at(-1) ?? steps[0] ?? 1;
}
