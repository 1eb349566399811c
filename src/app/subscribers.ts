/** Listeners of one kind of news. Adding returns the function that removes. */
export class Subscribers<T> {
  readonly #listeners = new Set<(news: T) => void>();

  add(listener: (news: T) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(news: T): void {
    for (const listener of this.#listeners) listener(news);
  }
}
