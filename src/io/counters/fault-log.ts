import { FAULTS, type FaultCode, type InputFault } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";

/** Kinds of faults told apart; whatever comes beyond is one kind more, so that no sender can fill the log. */
const MAX_KINDS = 64;
const OTHERS = "others";

/**
 * Counts what was refused and tells it without flooding: of each kind (field and expectation) the first, the 10th, the
 * 100th time.
 */
export class FaultLog {
  readonly #counterId: string;
  readonly #log: Log;
  readonly #kinds = new Map<string, number>();
  #count = 0;
  #last: InputFault | null = null;

  constructor(counterId: string, log: Log) {
    this.#counterId = counterId;
    this.#log = log;
  }

  /** Faults since the start. */
  get count(): number {
    return this.#count;
  }

  /** The latest one; null when there was none. */
  get last(): InputFault | null {
    return this.#last;
  }

  note(fault: InputFault, code: FaultCode = "MESSAGE_INVALID"): void {
    this.#count += 1;
    this.#last = fault;
    const field = fault.path.replace(/\[\d+\]/g, "[]");
    const own = `${code} ${field} ${fault.expected}`;
    const isKnown = this.#kinds.has(own) || this.#kinds.size < MAX_KINDS;
    const kind = isKnown ? own : OTHERS;
    const times = (this.#kinds.get(kind) ?? 0) + 1;
    this.#kinds.set(kind, times);
    if (!Number.isInteger(Math.log10(times))) return;
    const { found, expected } = fault;
    const fields = { event: "counter.fault", counterId: this.#counterId, code, times };
    this.#log.warn(
      { ...fields, field: fault.path, found, expected, hint: FAULTS[code].hint },
      `part of a counter's message was dropped: ${fault.path || "(message)"}: expected ${expected}, found ${found}`,
    );
  }
}
