import { type EpochMs, epochMs, type TenantId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { HookEvent } from "./loyalty-config.ts";
import type { HookTarget, PostOutcome } from "./webhook-post.ts";
import type { WaitingJob, WebhookQueue } from "./webhook-queue.ts";

/** A receiver of one tenant. */
export interface Hook extends HookTarget {
  readonly tenantId: TenantId;
  readonly hookId: string;
  readonly events: readonly HookEvent[];
}

export interface WebhookSenderTerms {
  readonly queue: WebhookQueue;
  readonly hooks: readonly Hook[];
  /** The message for a job as it may be told now; null: it may not be told any more, since the consent has ended. */
  readonly messageOf: (job: WaitingJob) => string | null;
  /** A receiver took a request to erase: that is its answer. @throws the ledger's faults; it is told again then */
  readonly onErased: (job: WaitingJob) => void;
  readonly post: (
    target: HookTarget,
    message: { readonly id: string; readonly body: string; readonly timestamp: number },
  ) => Promise<PostOutcome>;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 <= x < 1. */
  readonly random: () => number;
}

/** Since the start. `withdrawn`: not told, since the consent ended meanwhile. `stale`: too old to be worth telling. */
export interface HookCounts {
  readonly told: number;
  readonly failed: number;
  readonly withdrawn: number;
  readonly stale: number;
}

const TICK_MS = 250;
/** Messages to one receiver that are on their way at once. */
const AT_ONCE = 8;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** How long a message is tried: who is in the shop now is worth nothing tomorrow. */
const WORTH_MS: Readonly<Record<HookEvent, number>> = {
  "shopper.recognised": 3_600_000,
  "visit.completed": 3 * 86_400_000,
  // Until it is taken, or somebody writes it off.
  "member.erased": Number.POSITIVE_INFINITY,
};
const LOG_EVERY = 100;

/** Pause before the next try, ms: doubles from five seconds to an hour, half of it random. Pure but for `random`. */
export function pauseAfter(tries: number, random: () => number): number {
  const bound = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 20));
  return Math.round(bound * (0.5 + 0.5 * random()));
}

/**
 * Tells the receivers what waits for them, each by itself: one that does not answer holds up no other. Whether something
 * may be told is asked right before it is sent, every time.
 */
export class WebhookSender implements Service {
  readonly name = "loyalty-webhooks";
  readonly #terms: WebhookSenderTerms;
  readonly #flying = new Map<string, Promise<void>>();
  readonly #counts = { told: 0, failed: 0, withdrawn: 0, stale: 0 };
  #timer: Timer | null = null;

  constructor(terms: WebhookSenderTerms) {
    this.#terms = terms;
  }

  get counts(): HookCounts {
    return { ...this.#counts };
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#timer === null && !signal.aborted)
      this.#timer = this.#terms.clock.every(TICK_MS, "loyalty.webhooks", () => this.advance());
    return Promise.resolve();
  }

  /** Begins no further message, and waits for those on their way: ten seconds at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.settled();
  }

  /** Resolves when nothing is on its way. */
  async settled(): Promise<void> {
    await Promise.all(this.#flying.values());
  }

  /** Sends what is due. */
  advance(): void {
    const { queue, hooks, clock } = this.#terms;
    const now = clock.now();
    for (const hook of hooks) {
      const prefix = `${hook.tenantId}/${hook.hookId}/`;
      let room = AT_ONCE - [...this.#flying.keys()].filter((key) => key.startsWith(prefix)).length;
      if (room <= 0) continue;
      for (const job of queue.due(hook.tenantId, hook.hookId, now, 2 * AT_ONCE)) {
        if (room <= 0) break;
        if (this.#flying.has(prefix + job.id) || this.#drop(job, now)) continue;
        room -= 1;
        this.#flying.set(prefix + job.id, this.#tell(hook, job, prefix + job.id));
      }
    }
  }

  /** Ends what is not to be told; whether it did. */
  #drop(job: WaitingJob, now: EpochMs): boolean {
    const isStale = now - job.at > WORTH_MS[job.event];
    if (!isStale && this.#terms.messageOf(job) !== null) return false;
    this.#terms.queue.end(job.id);
    this.#counts[isStale ? "stale" : "withdrawn"] += 1;
    return true;
  }

  async #tell(hook: Hook, job: WaitingJob, key: string): Promise<void> {
    const { post, messageOf, clock } = this.#terms;
    try {
      const body = messageOf(job);
      if (body === null) return;
      const timestamp = Math.floor(clock.now() / 1000);
      this.#note(hook, job, await post(hook, { id: job.id, body, timestamp }));
    } finally {
      this.#flying.delete(key);
    }
  }

  /** Whether the answer to a request to erase stands in the ledger. */
  #isNoted(job: WaitingJob): boolean {
    if (job.event !== "member.erased") return true;
    try {
      this.#terms.onErased(job);
      return true;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#terms.log.warn(
        { event: "loyalty.answer-unwritten", code: error.code },
        "the answer of a receiver could not be written",
      );
      return false;
    }
  }

  #note(hook: Hook, job: WaitingJob, { isTaken, status, reason }: PostOutcome): void {
    const { queue, clock, random, log } = this.#terms;
    if (isTaken && this.#isNoted(job)) {
      queue.told(job);
      this.#counts.told += 1;
      return;
    }
    queue.putOff(job.id, epochMs(clock.now() + pauseAfter(job.tries, random)));
    this.#counts.failed += 1;
    if (this.#counts.failed % LOG_EVERY !== 1) return;
    const { tenantId, hookId } = hook;
    const fields = { event: "loyalty.webhook-failed", tenantId, hookId, status, reason };
    log.warn({ ...fields, repeated: this.#counts.failed }, "a receiver did not take a message");
  }
}
