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

/**
 * Since the start. `faults`: times that the queue's file failed; the receiver is let be for five seconds. `withdrawn`: not told, since the consent ended meanwhile.
 * `stale`: too old to be worth telling.
 */
export interface HookCounts {
  readonly told: number;
  readonly failed: number;
  readonly withdrawn: number;
  readonly stale: number;
  readonly faults: number;
}

/** A message on its way. */
interface Flight {
  readonly job: WaitingJob;
  readonly landing: Promise<void>;
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
  /** By receiver, then by job. */
  readonly #flying = new Map<Hook, Map<string, Flight>>();
  readonly #counts = new Map<TenantId, { -readonly [Name in keyof HookCounts]: number }>();
  /** Receivers that are let be after a fault, until then. */
  readonly #rests = new Map<Hook, number>();
  #timer: Timer | null = null;

  constructor(terms: WebhookSenderTerms) {
    this.#terms = terms;
  }

  /** What became of the messages of one tenant. */
  countsOf(tenant: TenantId): HookCounts {
    return { ...this.#countOf(tenant) };
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
    const all = [...this.#flying.values()].flatMap((flights) => [...flights.values()]);
    await Promise.all(all.map(({ landing }) => landing));
  }

  /** Sends what is due. A receiver whose jobs cannot be read holds up no other. */
  advance(): void {
    const { hooks, clock } = this.#terms;
    for (const hook of hooks) {
      if (clock.mono() < (this.#rests.get(hook) ?? 0)) continue;
      try {
        this.#advance(hook);
      } catch (error) {
        this.#fault(hook, error);
      }
    }
  }

  #advance(hook: Hook): void {
    const { queue, clock } = this.#terms;
    const now = clock.now();
    const flights = this.#flying.get(hook) ?? new Map<string, Flight>();
    this.#flying.set(hook, flights);
    let room = AT_ONCE - flights.size;
    if (room <= 0) return;
    for (const job of queue.due(hook.tenantId, hook.hookId, now, 2 * AT_ONCE)) {
      if (room <= 0) break;
      if (flights.has(job.id) || isHeldBack(job, flights) || this.#drop(job, now)) continue;
      room -= 1;
      const landing = this.#tell(hook, job).finally(() => flights.delete(job.id));
      flights.set(job.id, { job, landing });
    }
  }

  /** Ends what is not to be told; whether it did. */
  #drop(job: WaitingJob, now: EpochMs): boolean {
    const isStale = now - job.at > WORTH_MS[job.event];
    if (!isStale && this.#terms.messageOf(job) !== null) return false;
    this.#terms.queue.end(job.id);
    this.#countOf(job.tenantId)[isStale ? "stale" : "withdrawn"] += 1;
    return true;
  }

  /** Never rejects for a fault of the file: the message is told again then. */
  async #tell(hook: Hook, job: WaitingJob): Promise<void> {
    const { post, messageOf, clock } = this.#terms;
    try {
      const body = messageOf(job);
      if (body === null) return;
      const timestamp = Math.floor(clock.now() / 1000);
      this.#note(hook, job, await post(hook, { id: job.id, body, timestamp }));
    } catch (error) {
      this.#fault(hook, error);
    }
  }

  #fault(hook: Hook, error: unknown): void {
    if (!(error instanceof GatewayError)) throw error;
    const { clock, log } = this.#terms;
    const { tenantId, hookId } = hook;
    const counts = this.#countOf(tenantId);
    counts.faults += 1;
    // What was taken and could not be noted is told again, and not four times a second.
    this.#rests.set(hook, clock.mono() + FIRST_PAUSE_MS);
    if (counts.faults % LOG_EVERY !== 1) return;
    const fields = { event: "loyalty.webhook-fault", tenantId, hookId, code: error.code };
    log.error({ ...fields, repeated: counts.faults, err: error }, error.message);
  }

  #countOf(tenant: TenantId): { -readonly [Name in keyof HookCounts]: number } {
    const counts = this.#counts.get(tenant) ?? {
      ...{ told: 0, failed: 0, withdrawn: 0, stale: 0, faults: 0 },
    };
    this.#counts.set(tenant, counts);
    return counts;
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
    const counts = this.#countOf(hook.tenantId);
    if (isTaken && this.#isNoted(job)) {
      queue.told(job);
      counts.told += 1;
      return;
    }
    queue.putOff(job.id, epochMs(clock.now() + pauseAfter(job.tries, random)));
    counts.failed += 1;
    if (counts.failed % LOG_EVERY !== 1) return;
    const { tenantId, hookId } = hook;
    const fields = { event: "loyalty.webhook-failed", tenantId, hookId, status, reason };
    log.warn({ ...fields, repeated: counts.failed }, "a receiver did not take a message");
  }
}

/**
 * Whether a message waits for another one of the same member to land: a request to erase for what the receiver is being
 * told, so that what it has taken last is that request, and the other way round.
 */
function isHeldBack(job: WaitingJob, flights: ReadonlyMap<string, Flight>): boolean {
  for (const { job: other } of flights.values())
    if (other.subject === job.subject && isErasure(other) !== isErasure(job)) return true;
  return false;
}

const isErasure = ({ event }: WaitingJob): boolean => event === "member.erased";
