/** Who wants to hear of something on a hot path: called by walking through `all`, without an allocation. */
export class Listeners<T> {
  #all: readonly T[] = [];

  get all(): readonly T[] {
    return this.#all;
  }

  /** Adds a listener; returns how to remove it. */
  add(listener: T): () => void {
    this.#all = [...this.#all, listener];
    return () => {
      this.#all = this.#all.filter((one) => one !== listener);
    };
  }
}
