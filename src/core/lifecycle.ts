/** Something with a life: the constructor only stores, `start` does, dispose undoes. */
export interface Service {
  readonly name: string;
  /** Resolves when ready; throws a coded fault otherwise. Checks the signal after each await. */
  start(signal: AbortSignal): Promise<void>;
  /** Idempotent, safe before `start`, and bounded in time. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Structured log port; pino satisfies it. `event` is a stable name, the message a sentence for people. */
export interface Log {
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** A log that drops everything, for tests and offline commands. */
export const SILENT_LOG: Log = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

/** Undo list: what was added last is released first. Every release runs even when an earlier one fails. */
export class Disposer {
  readonly #undo: (() => void | Promise<void>)[] = [];

  add(undo: () => void | Promise<void>): void {
    this.#undo.push(undo);
  }

  /** Runs and forgets all releases; throws an AggregateError when some failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, "some resources could not be released");
  }
}
