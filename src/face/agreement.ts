import type { SubjectRef } from "../core/brand.ts";

/** What the pictures seen so far amount to. */
export type Agreement =
  | { readonly kind: "open" }
  | { readonly kind: "agreed"; readonly subject: SubjectRef }
  | { readonly kind: "none" };

/** Pictures that have to say the same. */
export const AGREEING_FRAMES = 3;
/** Judged pictures after which the shopper is asked for another way. */
export const MOST_FRAMES = 10;

const OPEN: Agreement = Object.freeze({ kind: "open" });
const NONE: Agreement = Object.freeze({ kind: "none" });

/**
 * Collects what single pictures say about who acts at a station. One picture can be wrong by chance, three in a row
 * that name the same member hardly; one that says otherwise begins the count anew. Pictures that were refused (blurred,
 * turned) are no pictures here and are not pushed. Keeps no face, only a count.
 */
export class FrameAgreement {
  readonly #needed: number;
  readonly #most: number;
  #subject: SubjectRef | null = null;
  #inRow = 0;
  #seen = 0;

  constructor(needed: number = AGREEING_FRAMES, most: number = MOST_FRAMES) {
    this.#needed = needed;
    this.#most = most;
  }

  /** Judged pictures so far. */
  get seen(): number {
    return this.#seen;
  }

  /** Adds what one picture says: a member, or null for nobody who is known. */
  push(subject: SubjectRef | null): Agreement {
    this.#seen += 1;
    this.#inRow = subject === null || subject !== this.#subject ? 0 : this.#inRow;
    this.#subject = subject;
    if (subject !== null) this.#inRow += 1;
    if (subject !== null && this.#inRow >= this.#needed) return { kind: "agreed", subject };
    return this.#seen >= this.#most ? NONE : OPEN;
  }
}
