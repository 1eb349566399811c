/** Fixed-capacity ring of numbers on a typed array; pushing to a full ring overwrites the oldest value. */
export class Ring {
  readonly #values: Float64Array;
  #start = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#values.length;
  }

  /** Appends a value. Allocates nothing. */
  push(value: number): void {
    const capacity = this.#values.length;
    if (this.#length < capacity) {
      this.#values[(this.#start + this.#length) % capacity] = value;
      this.#length += 1;
    } else {
      this.#values[this.#start] = value;
      this.#start = (this.#start + 1) % capacity;
    }
  }

  /** Value at `index`, 0 = oldest; NaN outside the ring. */
  at(index: number): number {
    if (index < 0 || index >= this.#length) return Number.NaN;
    return this.#values[(this.#start + index) % this.#values.length] ?? Number.NaN;
  }

  /** Newest value; NaN when empty. */
  last(): number {
    return this.at(this.#length - 1);
  }

  clear(): void {
    this.#start = 0;
    this.#length = 0;
  }
}
