/** Results remembered at once by one `Readings`; the one not asked for longest goes first. */
const MAX_RESULTS = 2048;

/** A result, what it rests on, and how many changes there had been when it was worked out. */
interface Result {
  readonly value: unknown;
  readonly variant: string;
  readonly read: readonly Facet[];
  /** Changes up to which it is known to hold. */
  checkedAt: number;
}

/**
 * Notes which facets of what is kept a computation reads, so that its result can be used again until one of them
 * changes. Computations may be nested: the outer one rests on whatever the inner one read. Bounded.
 */
export class Readings {
  readonly #results = new Map<string, Result>();
  #open: Set<Facet> | null = null;
  #changes = 0;

  /** Changes of all facets together so far. */
  get changes(): number {
    return this.#changes;
  }

  /** Results remembered. */
  get size(): number {
    return this.#results.size;
  }

  /** Notes that the computation going on, if any, reads this facet. */
  note(facet: Facet): void {
    this.#open?.add(facet);
  }

  /** The number of the change that is being made. */
  nextChange(): number {
    this.#changes += 1;
    return this.#changes;
  }

  /** Runs a computation and tells what it read. */
  watch<T>(compute: () => T): { readonly value: T; readonly read: readonly Facet[] } {
    const outer = this.#open;
    const own = new Set<Facet>();
    this.#open = own;
    try {
      return { value: compute(), read: [...own] };
    } finally {
      this.#open = outer;
      if (outer !== null) for (const facet of own) outer.add(facet);
    }
  }

  /**
   * The result of `compute`, worked out again only when something it read has changed. `key` and `variant` must name
   * everything else it depends on; of several variants of a key only the latest is remembered. Whoever gets the result
   * must not change it.
   */
  memo<T>(key: string, compute: () => T, variant = ""): T {
    const known = this.#results.get(key);
    if (known !== undefined) this.#results.delete(key);
    const isThere = known?.variant === variant && this.#holds(known);
    const result = isThere ? known : this.#resultOf(compute, variant);
    if (this.#results.size >= MAX_RESULTS) this.#forgetOldest();
    this.#results.set(key, result);
    if (this.#open !== null) for (const facet of result.read) this.#open.add(facet);
    return result.value as T;
  }

  /** Whether none of these facets has changed since there were so many changes. */
  isUnchanged(facets: readonly Facet[], since: number): boolean {
    if (since === this.#changes) return true;
    for (const facet of facets) if (facet.changedAt > since) return false;
    return true;
  }

  #holds(result: Result): boolean {
    if (!this.isUnchanged(result.read, result.checkedAt)) return false;
    result.checkedAt = this.#changes;
    return true;
  }

  #resultOf(compute: () => unknown, variant: string): Result {
    const checkedAt = this.#changes;
    const { value, read } = this.watch(compute);
    return { value, variant, read, checkedAt };
  }

  #forgetOldest(): void {
    const oldest = this.#results.keys().next().value;
    if (oldest !== undefined) this.#results.delete(oldest);
  }
}

/** Takes note of changes within a trading day. */
export interface SlotMarks {
  /** Something of the day changed. */
  touch(): void;
  /** What belongs to this slot changed; `isLate`: the slot had closed. */
  mark(slot: number, isLate: boolean): void;
}

/**
 * One part of what is kept, as fine as answers should be told apart by: say, one zone on one day. Whoever reads it says
 * so, and so does whoever changes it.
 */
export class Facet {
  readonly #readings: Readings | null;
  readonly #marks: SlotMarks | null;
  #changedAt = 0;

  /** Without `readings` nothing is noted; without `marks` it belongs to no day. */
  constructor(readings: Readings | null = null, marks: SlotMarks | null = null) {
    this.#readings = readings;
    this.#marks = marks;
  }

  /** Number of the change of all facets that last changed this one; 0 = never. */
  get changedAt(): number {
    return this.#changedAt;
  }

  read(): void {
    this.#readings?.note(this);
  }

  change(): void {
    if (this.#readings !== null) this.#changedAt = this.#readings.nextChange();
    this.#marks?.touch();
  }

  /** A change of what belongs to one slot of the day. */
  changeSlot(slot: number, isLate: boolean): void {
    this.change();
    this.#marks?.mark(slot, isLate);
  }
}
