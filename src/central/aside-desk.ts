import { BoundedMap } from "../core/bounded-map.ts";
import { epochMs, type GatewayId, type MonoMs } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import { retryPauses } from "../core/retry.ts";
import { AsideBudget, type QuotaOptions } from "./gateway-quota.ts";
import type { AsideKind } from "./read-envelope.ts";
import type { CentralStore } from "./repository.ts";

export interface AsideDeskOptions {
  readonly repository: Pick<CentralStore, "quarantine">;
  readonly quota?: QuotaOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** A message that is set aside whole. */
export interface AsideMessage {
  readonly kind: AsideKind;
  readonly reason: string;
  readonly text: string;
  /** What makes it the same as one before, when that is not its text: batches are cut anew each time. */
  readonly likeness?: string;
}

/** A gateway is told to wait at most so long: after five minutes without a word it would begin its line anew. */
const LONGEST_HOLD_MS = 240_000;
const PAUSES = { baseMs: 2000, capMs: LONGEST_HOLD_MS, factor: 2, jitterRatio: 0.5 };
/** The same about one gateway is logged at most so often. */
const QUIET_MS = 600_000;
const CAP = 20_000;
/** Messages being set aside at the same time; more are only counted, since what waits for a slow store holds up others. */
const WRITES_AT_ONCE = 32;
const IDLE_MS = 3_600_000;

interface Said {
  readonly atMono: MonoMs;
  suppressed: number;
}

/**
 * Keeps messages that could not be taken, each once however often it comes, says so without filling the log, and knows how
 * long a gateway that has to keep a batch should wait before it tries again.
 */
export class AsideDesk {
  readonly #options: AsideDeskOptions;
  readonly #said = new BoundedMap<string, Said>({ cap: CAP, idleMs: IDLE_MS });
  readonly #holds = new BoundedMap<string, Generator<number, never>>({ cap: CAP, idleMs: IDLE_MS });
  readonly #budget: AsideBudget;
  #writes = 0;
  #unkept = 0;

  constructor(options: AsideDeskOptions) {
    this.#options = options;
    this.#budget = new AsideBudget(options.quota);
  }

  /** Messages that were only counted, because their gateway had many set aside lately or the store is slow. */
  get unkept(): number {
    return this.#unkept;
  }

  /**
   * Sets a message aside, unless its gateway has used up its budget: then it is counted. A store that fails must not hold
   * up the link: what is to be noted comes again.
   */
  async note(gatewayId: GatewayId, message: AsideMessage): Promise<void> {
    const { repository, clock, log } = this.#options;
    const { kind, reason, text, likeness } = message;
    this.say(`${gatewayId} ${kind}`, (suppressed) => {
      const fields = { event: "ingest.invalid", code: "MESSAGE_INVALID", gatewayId, kind, reason };
      log.warn({ ...fields, suppressed }, "a message was set aside");
    });
    const isKept = this.#writes < WRITES_AT_ONCE && this.#budget.take(gatewayId, clock.mono());
    if (!isKept) {
      this.#unkept += 1;
      return;
    }
    this.#writes += 1;
    try {
      await repository.quarantine(gatewayId, reason, text, epochMs(clock.now()), likeness);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      log.warn(
        { event: "ingest.not-noted", code: error.code, what: "quarantine" },
        "the store could not note a message",
      );
    } finally {
      this.#writes -= 1;
    }
  }

  /** Calls `tell` unless the same was told in the last ten minutes, with how often it was not told since. */
  say(what: string, tell: (suppressed: number) => void): void {
    const mono = this.#options.clock.mono();
    const said = this.#said.get(what, mono);
    if (said !== undefined && mono - said.atMono < QUIET_MS) {
      said.suppressed += 1;
      return;
    }
    this.#said.set(what, { atMono: mono, suppressed: 0 }, mono);
    tell(said?.suppressed ?? 0);
  }

  /** How long a gateway should wait before it sends what it has to keep: longer each time. */
  holdMs(gatewayId: GatewayId, stream: string): number {
    const mono = this.#options.clock.mono();
    const key = `${gatewayId} ${stream}`;
    const pauses = this.#holds.get(key, mono) ?? retryPauses(PAUSES, this.#options.random);
    this.#holds.set(key, pauses, mono);
    return Math.max(1, pauses.next().value);
  }

  /** A batch of the stream was taken: the next that cannot be is a new matter. */
  release(gatewayId: GatewayId, stream: string): void {
    this.#holds.delete(`${gatewayId} ${stream}`);
  }
}
