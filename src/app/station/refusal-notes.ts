import type { Refusal } from "../../core/consent.ts";
import type { Log } from "../../core/lifecycle.ts";

/** What a shopper wanted when something was refused. */
export type RefusedAct = "join" | "agree" | "code" | "verify" | "identify" | "enrol" | "forget";

/**
 * What a station refused, without who it was: a count of each reason since the start, and a line of the log. A face that
 * matched nobody leaves a count and nothing else, so that the log does not tell when a stranger tried.
 */
export class RefusalNotes {
  readonly #log: Log;
  readonly #counts = new Map<Refusal, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** How often each reason was given; bounded by the list of reasons. */
  get counts(): Readonly<Partial<Record<Refusal, number>>> {
    return Object.fromEntries(this.#counts);
  }

  note(act: RefusedAct, reason: Refusal): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    if (reason === "no-match") return;
    this.#log.info({ event: "station.refused", act, reason }, "the station refused something");
  }
}
