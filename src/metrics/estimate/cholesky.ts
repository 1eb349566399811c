/**
 * Solves a symmetric positive definite system, overwriting both arguments; the result is `vector`. `matrix` row after
 * row. null when it is not positive definite: then nothing determines the solution.
 * @source G. Golub, C. Van Loan, Matrix computations, 4.2 (Cholesky).
 */
export function solveSymmetric(matrix: Float64Array, vector: Float64Array): Float64Array | null {
  const size = vector.length;
  for (let row = 0; row < size; row += 1) if (!factorRow(matrix, size, row)) return null;
  substitute(matrix, vector, (i) => i, 1);
  substitute(matrix, vector, (i) => size - 1 - i, size);
  return vector;
}

/** Turns one row of the matrix into that of its lower factor; false when it has none. */
function factorRow(matrix: Float64Array, size: number, row: number): boolean {
  for (let column = 0; column <= row; column += 1) {
    let sum = matrix[row * size + column] ?? 0;
    for (let k = 0; k < column; k += 1)
      sum -= (matrix[row * size + k] ?? 0) * (matrix[column * size + k] ?? 0);
    if (column < row) matrix[row * size + column] = sum / (matrix[column * size + column] ?? 1);
    else if (!(sum > 0)) return false;
    else matrix[row * size + row] = Math.sqrt(sum);
  }
  return true;
}

/** Solves with the factor: by its rows (`stride` 1) forwards, or by its columns (`stride` = size) backwards. */
function substitute(
  factor: Float64Array,
  vector: Float64Array,
  placeOf: (step: number) => number,
  stride: number,
): void {
  const size = vector.length;
  for (let step = 0; step < size; step += 1) {
    const i = placeOf(step);
    const start = stride === 1 ? i * size : i;
    let sum = vector[i] ?? 0;
    for (let done = 0; done < step; done += 1) {
      const k = placeOf(done);
      sum -= (factor[start + k * stride] ?? 0) * (vector[k] ?? 0);
    }
    vector[i] = sum / (factor[i * size + i] ?? 1);
  }
}
