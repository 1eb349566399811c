/** Room is made for so many at least, and doubled when two thirds are taken. */
const LEAST_PLACES = 16;
/** @source FNV-1a, 32 bits, Fowler, Noll and Vo; public domain. */
const HASH_START = 0x811c9dc5;
const HASH_FACTOR = 0x01000193;

/**
 * Texts, each once, numbered in the order of their coming; found by text or by number. Smaller than a Map of strings:
 * four bytes a place besides the texts themselves.
 */
export class IdList {
  readonly #texts: string[] = [];
  #places = new Int32Array(0);

  get size(): number {
    return this.#texts.length;
  }

  /** The text with a number; empty when there is none. */
  at(index: number): string {
    return this.#texts[index] ?? "";
  }

  /** The number of a text; -1 when it is not there. */
  find(text: string): number {
    return this.#places.length === 0 ? -1 : (this.#places[this.#placeOf(text)] ?? 0) - 1;
  }

  /** The number of a text, which is taken in when it is new. */
  add(text: string): number {
    const known = this.find(text);
    if (known >= 0) return known;
    this.#texts.push(text);
    if (this.#texts.length * 3 > this.#places.length * 2) this.#widen();
    else this.#places[this.#placeOf(text)] = this.#texts.length;
    return this.#texts.length - 1;
  }

  /** Puts another text in the place of one; false when it is not there, or the other is there already. */
  rename(from: string, to: string): boolean {
    const index = this.find(from);
    if (index < 0 || this.find(to) >= 0) return false;
    this.#texts[index] = to;
    this.#place(this.#places.length);
    return true;
  }

  toArray(): string[] {
    return [...this.#texts];
  }

  /** Where the text stands, or the free place where it would. */
  #placeOf(text: string): number {
    const mask = this.#places.length - 1;
    let place = hashOf(text) & mask;
    for (;;) {
      const number = this.#places[place] ?? 0;
      if (number === 0 || this.#texts[number - 1] === text) return place;
      place = (place + 1) & mask;
    }
  }

  #widen(): void {
    this.#place(Math.max(LEAST_PLACES, this.#places.length * 2));
  }

  #place(room: number): void {
    this.#places = new Int32Array(room);
    this.#texts.forEach((text, index) => {
      this.#places[this.#placeOf(text)] = index + 1;
    });
  }
}

/** Texts that many lists hold, kept once; forgets all when full, which costs memory and nothing else. */
export class SharedTexts {
  readonly #cap: number;
  readonly #texts = new Map<string, string>();

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** Lets go of a text. */
  forget(text: string): void {
    this.#texts.delete(text);
  }

  /** The same text, as it was met first. */
  share(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= this.#cap) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}

function hashOf(text: string): number {
  let hash = HASH_START;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), HASH_FACTOR);
  return hash ^ (hash >>> 15);
}
