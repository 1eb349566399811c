const LIMIT_MS = 15_000;

interface Leftover {
  readonly what: string;
  readonly end: () => Promise<void>;
  readonly limitMs: number;
}

/**
 * What a test has started and must not leave behind, however it ends: a gateway that goes on connecting keeps the
 * test's process alive for ever, and a node that stays dead fails the tests after it.
 */
export class Leftovers {
  #all: readonly Leftover[] = [];

  /** Notes something; the function it returns ends that, once, however often it is called. */
  add(what: string, act: () => unknown, limitMs = LIMIT_MS): () => Promise<void> {
    let ended: Promise<void> | null = null;
    const end = (): Promise<void> => {
      ended ??= Promise.resolve()
        .then(act)
        .then(() => undefined);
      return ended;
    };
    this.#all = [...this.#all, { what, end, limitMs }];
    return end;
  }

  /** Ends what has not been ended yet, the latest first, each within its limit; fails with what could not be ended. */
  async end(): Promise<void> {
    const all = this.#all.toReversed();
    this.#all = [];
    const faults: string[] = [];
    for (const { what, end, limitMs } of all)
      await within(limitMs, end()).catch((error: unknown) => {
        faults.push(`${what}: ${String(error)}`);
      });
    if (faults.length > 0) throw new Error(`not ended: ${faults.join("; ")}`);
  }
}

/** Waits for a promise, but not longer than the limit. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
