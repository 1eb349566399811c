import type { EpochMs } from "../../core/brand.ts";

interface Entry {
  readonly key: string;
  readonly due: EpochMs;
}

/**
 * What is to be decided when: each key at most once, in order of time and at one instant by key. Holds as many keys as
 * its user has things to decide.
 */
export class DueQueue {
  /** Binary heap; entries whose key has another time by now are stale and left out. */
  #heap: Entry[] = [];
  readonly #due = new Map<string, EpochMs>();

  /** Keys waiting. */
  get size(): number {
    return this.#due.size;
  }

  /** Sets when a key is due, earlier or later than before. */
  set(key: string, due: EpochMs): void {
    if (this.#due.get(key) === due) return;
    this.#due.set(key, due);
    this.#push({ key, due });
    // Stale entries must not outgrow the true ones.
    if (this.#heap.length > 2 * this.#due.size + 64) this.#rebuild();
  }

  /** Sets when a key is due, unless it is earlier already. */
  setBy(key: string, due: EpochMs): void {
    const known = this.#due.get(key);
    if (known === undefined || known > due) this.set(key, due);
  }

  delete(key: string): void {
    this.#due.delete(key);
  }

  /** Takes out the first entry that is due at `now`; null when none is. */
  next(now: EpochMs): Entry | null {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.due > now) return null;
      this.#pop();
      if (this.#due.get(first.key) !== first.due) continue;
      this.#due.delete(first.key);
      return first;
    }
  }

  #rebuild(): void {
    const entries = [...this.#due].map(([key, due]) => ({ key, due }));
    this.#heap = entries.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[at] = above;
      heap[parent] = entry;
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const isRight = b !== undefined && isBefore(b, a);
      const below = isRight ? b : a;
      if (!isBefore(below, last)) break;
      heap[at] = below;
      at = isRight ? left + 1 : left;
    }
    heap[at] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.due !== b.due ? a.due < b.due : a.key < b.key;
}
