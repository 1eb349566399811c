/** A row of one value per state inside a larger array; hot loops, none allocates. */
export type StateRow = Float32Array | Float64Array;

/** Multiplies a row by a factor, in place. */
export function scaleRow(row: StateRow, at: number, count: number, factor: number): void {
  for (let i = at; i < at + count; i += 1) row[i] = (row[i] ?? 0) * factor;
}

/** Sum of the products of two rows. */
export function dotRows(a: StateRow, aAt: number, b: StateRow, bAt: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += (a[aAt + i] ?? 0) * (b[bAt + i] ?? 0);
  return sum;
}

/** Adds `weight` times the product of two rows to a third, as a share: what is added sums to `weight`. */
export function addProduct(
  a: StateRow,
  aAt: number,
  b: StateRow,
  count: number,
  weight: number,
  sum: StateRow,
): void {
  const scale = weight / dotRows(a, aAt, b, 0, count);
  for (let i = 0; i < count; i += 1)
    sum[i] = (sum[i] ?? 0) + scale * (a[aAt + i] ?? 0) * (b[i] ?? 0);
}

/**
 * Mixes `base` into a row by `ratio`: out = row (1 - ratio) + base ratio, multiplied by `times`, in place; returns the sum.
 */
export function mixTimes(
  row: StateRow,
  at: number,
  base: StateRow,
  ratio: number,
  times: StateRow,
  count: number,
): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) {
    const value = ((row[at + i] ?? 0) * (1 - ratio) + ratio * (base[i] ?? 0)) * (times[i] ?? 0);
    row[at + i] = value;
    sum += value;
  }
  return sum;
}

/** Gives a row `share` of one value everywhere and scales it to a maximum of 1, in place. */
export function liftToOne(row: StateRow, count: number, value: number, share: number): void {
  let best = 0;
  for (let i = 0; i < count; i += 1) {
    const lifted = (row[i] ?? 0) * (1 - share) + share * value;
    row[i] = lifted;
    if (lifted > best) best = lifted;
  }
  scaleRow(row, 0, count, 1 / best);
}
