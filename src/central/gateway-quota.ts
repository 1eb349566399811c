import { BoundedMap } from "../core/bounded-map.ts";
import type { MonoMs } from "../core/brand.ts";

/** How much one gateway may send. */
export interface QuotaOptions {
  /** Bytes per second in the long run. */
  readonly bytesPerSecond: number;
  /** Bytes it may send at once, after a pause. */
  readonly burstBytes: number;
}

/** Half as much again as a gateway needs to bring in a backlog of 20,000 events/s of 550 bytes. */
export const DEFAULT_QUOTA: QuotaOptions = {
  bytesPerSecond: 16_777_216,
  burstBytes: 67_108_864,
};

/** A message costs at least this much: many small ones are as much work as few large ones. */
const LEAST_BYTES = 4096;
const LONGEST_PAUSE_MS = 60_000;
const GATEWAYS = 20_000;
const IDLE_MS = 600_000;

/** What is to be done about a message: take it and ask for a pause (0 = none), or drop it. */
export type QuotaVerdict =
  | { readonly kind: "take"; readonly pauseMs: number }
  | { readonly kind: "drop" };

interface Bucket {
  bytes: number;
  atMono: MonoMs;
}

/**
 * One bucket of bytes per gateway. Beyond it a gateway is asked to pause; beyond it once more, because it did not,
 * its messages are dropped unread (it keeps them). Buckets of the gateways longest silent are forgotten beyond 20,000.
 */
export class GatewayQuota {
  readonly #options: QuotaOptions;
  readonly #buckets = new BoundedMap<string, Bucket>({ cap: GATEWAYS, idleMs: IDLE_MS });

  constructor(options: QuotaOptions = DEFAULT_QUOTA) {
    this.#options = options;
  }

  /** Charges a message to its sender. */
  charge(gatewayId: string, bytes: number, mono: MonoMs): QuotaVerdict {
    const { bytesPerSecond, burstBytes } = this.#options;
    const found = this.#buckets.get(gatewayId, mono);
    const bucket = found ?? { bytes: burstBytes, atMono: mono };
    if (found === undefined) this.#buckets.set(gatewayId, bucket, mono);
    const refill = ((mono - bucket.atMono) * bytesPerSecond) / 1000;
    bucket.bytes = Math.min(burstBytes, bucket.bytes + refill);
    bucket.atMono = mono;
    if (bucket.bytes < -burstBytes) return { kind: "drop" };
    bucket.bytes -= Math.max(bytes, LEAST_BYTES);
    const owedMs = Math.ceil((-bucket.bytes * 1000) / bytesPerSecond);
    return { kind: "take", pauseMs: Math.min(LONGEST_PAUSE_MS, Math.max(0, owedMs)) };
  }
}
