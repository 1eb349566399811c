const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SPACE = 0x20;

/**
 * Cuts a stream of JSON documents that follow each other without anything between them. Works on bytes, since the
 * marks of JSON never occur inside a multi-byte character of UTF-8; so it does not matter where the stream was cut
 * into packets. Only objects and lists are documents; other bytes between them are skipped and counted.
 */
export class JsonSplitter {
  readonly #maxBytes: number;
  /** The beginning of a document not yet complete; grows by doubling, so that many small packets cost little. */
  #kept = new Uint8Array(0);
  #bytes = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isBroken = false;
  #skippedBytes = 0;
  #documents = 0;

  /** `maxBytes` is the largest document. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that belong to no document (white space is not counted). */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  get documents(): number {
    return this.#documents;
  }

  /** Bytes of a document not yet complete. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** A document was larger than allowed: nothing can be trusted any more, and the stream is to be closed. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Takes the next bytes and returns the texts of the documents they complete. The bytes are not kept. */
  push(chunk: Uint8Array): readonly string[] {
    const texts: string[] = [];
    let start = 0;
    for (let i = 0; i < chunk.length && !this.#isBroken; i += 1) {
      const byte = chunk[i] ?? 0;
      const wasOutside = this.#depth === 0;
      this.#step(byte);
      if (wasOutside) start = this.#beginAt(i, byte);
      else if (this.#depth === 0) {
        this.#keep(chunk.subarray(start, i + 1));
        if (!this.#isBroken) texts.push(this.#finish());
        start = i + 1;
      }
    }
    this.#keep(chunk.subarray(start));
    return texts;
  }

  #step(byte: number): void {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#isInString = false;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
    else if (this.#depth === 0) return;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1;
    else if (byte === QUOTE) this.#isInString = true;
  }

  /** Where the document at hand begins in its chunk, after a byte that came outside of any. */
  #beginAt(i: number, byte: number): number {
    if (this.#depth > 0) return i;
    // White space between documents is as good as nothing.
    if (byte > SPACE) this.#skippedBytes += 1;
    return i + 1;
  }

  /** Appends to the document at hand. */
  #keep(bytes: Uint8Array): void {
    const wanted = this.#bytes + bytes.length;
    if (this.#isBroken || wanted > this.#maxBytes) {
      this.#isBroken = true;
      this.#kept = new Uint8Array(0);
      this.#bytes = 0;
      return;
    }
    if (wanted > this.#kept.length) {
      const larger = new Uint8Array(Math.max(wanted, 2 * this.#kept.length));
      larger.set(this.#kept.subarray(0, this.#bytes));
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#bytes);
    this.#bytes = wanted;
  }

  #finish(): string {
    const text = new TextDecoder().decode(this.#kept.subarray(0, this.#bytes));
    this.#documents += 1;
    this.#bytes = 0;
    return text;
  }
}
