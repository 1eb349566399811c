import { BoundedMap } from "../core/bounded-map.ts";
import type { MonoMs } from "../core/brand.ts";

/** How much one gateway may send. */
export interface QuotaOptions {
  /** Bytes per second in the long run. */
  readonly bytesPerSecond: number;
  /** Bytes it may send at once, after a pause. */
  readonly burstBytes: number;
  /** Messages that are kept when they have to be set aside, after a pause; absent = 32. */
  readonly asidesAtOnce?: number;
}

/** Half as much again as a gateway needs to bring in a backlog of 20,000 events/s of 550 bytes. */
const DEFAULT_QUOTA: QuotaOptions = {
  bytesPerSecond: 16_777_216,
  burstBytes: 67_108_864,
};

/** A message costs at least this much: many small ones are as much work as few large ones. */
const LEAST_BYTES = 4096;
/** Messages of a kind that is due once a minute, and each a transaction, in one burst; 64 a second by default. */
const RARE_IN_BURST = 256;
const LONGEST_PAUSE_MS = 60_000;
const GATEWAYS = 20_000;
const IDLE_MS = 600_000;
const ASIDES_AT_ONCE = 32;
/** One more message set aside is kept so often. */
const ASIDE_EVERY_MS = 10_000;

/** What is to be done about a message: take it and ask for a pause (0 = none), or drop it. */
export type QuotaVerdict =
  | { readonly kind: "take"; readonly pauseMs: number }
  | { readonly kind: "drop" };

interface Bucket {
  left: number;
  atMono: MonoMs;
}

/** One bucket per gateway that fills up again; those of the gateways longest silent are forgotten beyond 20,000. */
class Buckets {
  readonly #most: number;
  readonly #perMs: number;
  readonly #buckets = new BoundedMap<string, Bucket>({ cap: GATEWAYS, idleMs: IDLE_MS });

  constructor(most: number, perMs: number) {
    this.#most = most;
    this.#perMs = perMs;
  }

  of(gatewayId: string, mono: MonoMs): Bucket {
    const found = this.#buckets.get(gatewayId, mono);
    const bucket = found ?? { left: this.#most, atMono: mono };
    if (found === undefined) this.#buckets.set(gatewayId, bucket, mono);
    const refill = (mono - bucket.atMono) * this.#perMs;
    bucket.left = Math.min(this.#most, bucket.left + refill);
    bucket.atMono = mono;
    return bucket;
  }
}

/**
 * Counts what each gateway sends, on all channels together. Beyond its quota a gateway is asked to pause; beyond it once
 * more, because it did not, its messages are dropped unread (it keeps them).
 */
export class GatewayQuota {
  readonly #options: QuotaOptions;
  readonly #buckets: Buckets;

  constructor(options: QuotaOptions = DEFAULT_QUOTA) {
    this.#options = options;
    this.#buckets = new Buckets(options.burstBytes, options.bytesPerSecond / 1000);
  }

  /** Charges a message to its sender; `isRare`: one of a kind that is due about once a minute. */
  charge(gatewayId: string, bytes: number, isRare: boolean, mono: MonoMs): QuotaVerdict {
    const { bytesPerSecond, burstBytes } = this.#options;
    const bucket = this.#buckets.of(gatewayId, mono);
    if (bucket.left < -burstBytes) return { kind: "drop" };
    bucket.left -= Math.max(bytes, LEAST_BYTES, isRare ? burstBytes / RARE_IN_BURST : 0);
    const owedMs = Math.ceil((-bucket.left * 1000) / bytesPerSecond);
    return { kind: "take", pauseMs: Math.min(LONGEST_PAUSE_MS, Math.max(0, owedMs)) };
  }
}

/** Whether one more message of a gateway is kept when it is set aside: each is a transaction. */
export class AsideBudget {
  readonly #buckets: Buckets;

  constructor({ asidesAtOnce = ASIDES_AT_ONCE }: Partial<QuotaOptions> = {}) {
    this.#buckets = new Buckets(asidesAtOnce, 1 / ASIDE_EVERY_MS);
  }

  take(gatewayId: string, mono: MonoMs): boolean {
    const bucket = this.#buckets.of(gatewayId, mono);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }
}
