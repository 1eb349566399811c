/** Adds to one place of a column of sums. */
export function addTo(sums: Float64Array, place: number, amount: number): void {
  sums[place] = (sums[place] ?? 0) + amount;
}

/** Adds a column of sums of the same length, place by place. */
export function addAll(sums: Float64Array, more: Float64Array): void {
  for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] ?? 0) + (more[i] ?? 0);
}
