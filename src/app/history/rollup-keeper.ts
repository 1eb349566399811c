import type { EpochMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { MetricId, MetricScope, MetricValue } from "../../core/metric-value.ts";
import { scopeText } from "../../core/scope-text.ts";
import type { SitePlan } from "../../core/site.ts";
import type { History } from "../../io/history/history.ts";
import type { SavedRollup } from "../../io/history/history-rows.ts";
import type { TradingDay } from "../../metrics/calendar/trading-day.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { ReasonCode } from "../../metrics/reasons.ts";
import { ADDITIVE } from "../../metrics/reports/archive.ts";
import { doorsOf, reportMetrics, zonesOf } from "../../metrics/reports/period-report.ts";
import { type ShopDays, slotsOf } from "../../metrics/reports/report-period.ts";
import type { Grain } from "../../metrics/reports/reports.ts";

export interface RollupKeeperDeps {
  readonly site: SitePlan;
  readonly days: ShopDays;
  readonly metrics: Pick<Metrics, "takeDirtySlots" | "rollup" | "sources">;
  readonly history: Pick<History, "saveRollups" | "rollups">;
  readonly clock: Clock;
}

/** What to save of each slot. */
interface Kept {
  readonly scope: MetricScope;
  readonly metrics: readonly MetricId[];
}

interface DueSlot {
  readonly grain: Grain;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Events of a slot may come so much later without correcting it. */
const GRACE_MS = 60_000;
/** Slots made in one go, coarse ones first: the rest waits for the next time, so that nothing live is held up. */
const SLOTS_AT_ONCE = 240;
const GRAINS: readonly Grain[] = ["day", "hour", "quarter", "minute"];
/** Where a minute means something: the counts of doors, frontage and till. */
const BY_MINUTE: ReadonlySet<MetricId> = new Set<MetricId>([
  "passing-traffic",
  "entrants",
  "exits",
  "transactions",
  "net-sales",
]);

/**
 * Saves the values of slots that are over: minutes (counts only), quarters and hours (counts, occupancy and the two
 * conversions), trading days (everything a report shows). A late event makes its slots due again, and the correction
 * is saved with a higher revision. Slots due are remembered until they are saved; there are at most as many as the
 * metrics keep. A life that ended before all of a closed day was saved leaves that to the next, which looks at its first
 * turn for kept days without all of their final values.
 */
export class RollupKeeper {
  readonly #deps: RollupKeeperDeps;
  readonly #kept: Readonly<Record<Grain, readonly Kept[]>>;
  readonly #due: Readonly<Record<Grain, Map<EpochMs, EpochMs>>> = {
    minute: new Map(),
    quarter: new Map(),
    hour: new Map(),
    day: new Map(),
  };

  #hasLookedBack = false;
  /** Start of the last trading day whose slots were noted for its being over; null before there was one. */
  #lastOver: EpochMs | null = null;

  constructor(deps: RollupKeeperDeps) {
    this.#deps = deps;
    this.#kept = {
      minute: keptAt(deps.site, "minute"),
      quarter: keptAt(deps.site, "quarter"),
      hour: keptAt(deps.site, "hour"),
      day: keptAt(deps.site, "day"),
    };
  }

  /** Slots that wait to be saved. */
  get waiting(): number {
    return GRAINS.reduce((sum, grain) => sum + this.#due[grain].size, 0);
  }

  /** Saves slots that are due and over; returns how many values were new or different. */
  save(): number {
    if (!this.#hasLookedBack) this.#lookBack();
    this.#noteOver();
    this.#note();
    const { history } = this.#deps;
    const rows: SavedRollup[] = [];
    const taken: DueSlot[] = [];
    for (const { grain, from, to } of this.#over()) {
      const made = this.#rowsOf(grain, from, to);
      const ready = made.filter(({ value }) => !isBeingEstimated(value));
      if (ready.length === made.length) taken.push({ grain, from, to });
      rows.push(...ready);
    }
    const written = history.saveRollups(rows);
    // Refused by the disk, they stay due.
    if (written !== null) for (const { grain, from } of taken) this.#due[grain].delete(from);
    return written ?? 0;
  }

  /** The next slots that are due and over, coarse ones first. */
  #over(): readonly DueSlot[] {
    const over = this.#deps.clock.now() - GRACE_MS;
    return GRAINS.flatMap((grain) =>
      [...this.#due[grain]].map(([from, to]): DueSlot => ({ grain, from, to })),
    )
      .filter(({ to }) => to <= over)
      .slice(0, SLOTS_AT_ONCE);
  }

  #note(): void {
    const { metrics } = this.#deps;
    for (const { grain, from, to, isWhole } of metrics.takeDirtySlots()) {
      this.#due[grain].set(from, to);
      if (isWhole) this.#noteAll(from, to);
    }
  }

  #noteAll(from: EpochMs, to: EpochMs): void {
    for (const grain of GRAINS)
      for (const slot of slotsOf(this.#deps.days, grain, from, to))
        this.#due[grain].set(slot.from, slot.to);
  }

  /** What the life before left: every kept day that has ended and lacks some of its final values. */
  #lookBack(): void {
    this.#hasLookedBack = true;
    const now = this.#deps.clock.now();
    for (const { span } of this.#deps.metrics.sources.book.days)
      if (span.end <= now && !this.#isFinal(span)) this.#noteAll(span.start, span.end);
  }

  /** A day that is over for the sensors is looked at once more: its end tells who was inside in its hours. */
  #noteOver(): void {
    const { sources } = this.#deps.metrics;
    const over = sources.book.days.filter((day) => sources.isOver(day));
    for (const { span } of over.slice(this.#lastOver === null ? -1 : 0)) {
      if (this.#lastOver !== null && span.start <= this.#lastOver) continue;
      this.#noteAll(span.start, span.end);
      this.#lastOver = span.start;
    }
  }

  /** Whether everything a report shows of a trading day is on the disk, for good. */
  #isFinal({ start, end }: TradingDay): boolean {
    const final = new Set<string>();
    const rows = this.#deps.history.rollups({ grain: "day", from: start, to: end });
    for (const { value, isFinal } of rows)
      if (isFinal) final.add(`${scopeText(value.scope)} ${value.metric}`);
    return this.#kept.day.every(({ scope, metrics }) =>
      metrics.every((metric) => final.has(`${scopeText(scope)} ${metric}`)),
    );
  }

  #rowsOf(grain: Grain, from: EpochMs, to: EpochMs): SavedRollup[] {
    return this.#kept[grain].flatMap(({ scope, metrics }) => {
      const slots = this.#deps.metrics.rollup({ grain, metrics, scope, from, to });
      return slots.flatMap(({ values, isFinal }) =>
        values.map((value) => ({ grain, value, isFinal, sharesDefinition: isPlain(value) })),
      );
    });
  }
}

function keptAt(site: SitePlan, grain: Grain): readonly Kept[] {
  const wanted = (metric: MetricId): boolean =>
    grain === "day" ||
    (grain === "minute" ? BY_MINUTE.has(metric) : ADDITIVE.has(metric) || SHORT.has(metric));
  const of = (scope: MetricScope, metrics: readonly MetricId[]): Kept => ({
    scope,
    metrics: metrics.filter(wanted),
  });
  return [
    of({ kind: "store" }, reportMetrics("store")),
    ...doorsOf(site).map(({ id }) => of({ kind: "line", id }, reportMetrics("line"))),
    ...zonesOf(site).map(({ id, kind }) => of({ kind: "zone", id }, reportMetrics(kind))),
  ].filter(({ metrics }) => metrics.length > 0);
}

const SHORT: ReadonlySet<MetricId> = new Set<MetricId>([
  "occupancy-peak",
  "shopfront-conversion",
  "sales-conversion",
]);

/** Whether the value will be known in a few minutes. Pure. */
export const isBeingEstimated = ({ reason }: MetricValue): boolean =>
  reason?.code === ("estimating" satisfies ReasonCode);

/** Counts have few different parameters, so that their definitions are worth sharing. */
const isPlain = ({ metric }: MetricValue): boolean => ADDITIVE.has(metric);
