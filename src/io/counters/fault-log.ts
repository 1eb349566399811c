import { FAULTS, type FaultCode, type InputFault } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";

/** Kinds of faults told apart; whatever comes beyond is one kind more, so that no sender can fill the log. */
const MAX_KINDS = 64;
const OTHERS = "others";

/** Who sends the messages that are told about. */
export type FaultySender = "counter" | "scanner";

/**
 * Counts what was refused and tells it without flooding: of each kind (field and expectation) the first, the 10th, the
 * 100th time.
 */
export class FaultLog {
  readonly #senderId: string;
  readonly #log: Log;
  readonly #sender: FaultySender;
  readonly #kinds = new Map<string, number>();
  #count = 0;
  #last: InputFault | null = null;

  constructor(senderId: string, log: Log, sender: FaultySender = "counter") {
    this.#senderId = senderId;
    this.#log = log;
    this.#sender = sender;
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
    const sender = this.#sender;
    const fields = { event: `${sender}.fault`, [`${sender}Id`]: this.#senderId, code, times };
    this.#log.warn(
      { ...fields, field: fault.path, found, expected, hint: FAULTS[code].hint },
      `part of a ${sender}'s message was dropped: ${fault.path || "(message)"}: expected ${expected}, found ${found}`,
    );
  }
}
