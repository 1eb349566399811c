import type { EpochMs } from "../../core/brand.ts";
import type { MetricId, MetricScope, MetricValue } from "../../core/metric-value.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import type { Facet, Readings } from "../figures/facets.ts";
import { answer } from "../figures/figures.ts";
import type { Question, Sources } from "../sources.ts";

/** Live answers remembered; those of the page are a few hundred. Full = all are forgotten and worked out again. */
const MAX_LIVE = 4096;

interface Live {
  readonly value: unknown;
  readonly read: readonly Facet[];
  checkedAt: number;
  readonly from: EpochMs;
  readonly minute: number;
}

/**
 * Answers that are worked out again only when something they rest on has changed. Those about a day that goes on would
 * change with every instant and nothing else: each stands until the minute is over, and its `to` says when it was true.
 */
export class LiveAnswers {
  readonly #sources: Sources;
  readonly #readings: Readings;
  readonly #live = new Map<string, Live>();

  constructor(sources: Sources, readings: Readings) {
    this.#sources = sources;
    this.#readings = readings;
  }

  /** Answers remembered. */
  get size(): number {
    return this.#live.size;
  }

  /** The answer to exactly this question. */
  exact(question: Question): MetricValue {
    const { metric, scope, from, to } = question;
    const key = `= ${metric} ${scopeKey(scope)} ${from} ${to}`;
    return this.#readings.memo(key, () => answer(this.#sources, question));
  }

  /** A metric from `from` up to now, or to when anything it rests on last changed within this minute. */
  upTo(metric: MetricId, scope: MetricScope, from: EpochMs, now: EpochMs): MetricValue {
    return this.keep(`${metric} ${scopeKey(scope)}`, from, now, () =>
      answer(this.#sources, { metric, scope, from, to: now }),
    );
  }

  /** Whatever is worked out of the same sources, remembered alike; `key` tells results apart. */
  keep<T>(key: string, from: EpochMs, now: EpochMs, compute: () => T): T {
    // A slot that has just begun is not in the answer of its first instant.
    const minute = Math.ceil(now / SLOT_MS);
    const known = this.#live.get(key);
    if (known !== undefined && known.from === from && known.minute === minute) {
      if (this.#readings.isUnchanged(known.read, known.checkedAt)) {
        known.checkedAt = this.#readings.changes;
        return known.value as T;
      }
    }
    const checkedAt = this.#readings.changes;
    const { value, read } = this.#readings.watch(compute);
    if (this.#live.size >= MAX_LIVE) this.#live.clear();
    this.#live.set(key, { value, read, checkedAt, from, minute });
    return value;
  }
}

function scopeKey(scope: MetricScope): string {
  switch (scope.kind) {
    case "store":
      return "store";
    case "zone":
    case "line":
      return `${scope.kind} ${scope.id}`;
    case "zone-pair":
      return `pair ${JSON.stringify([scope.from, scope.to])}`;
  }
}
