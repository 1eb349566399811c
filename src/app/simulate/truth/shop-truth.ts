import type { MetricId, MetricScope } from "../../../core/metric-value.ts";
import type { ShopLayout } from "../layout.ts";
import type { TrueDay } from "../true-day.ts";
import { CUSTOMER_TRUTH } from "./customer-truth.ts";
import type { Identity, TrueFigure } from "./question.ts";
import { type TruthDay, truthDay } from "./true-rows.ts";
import { insideAt, VISIT_TRUTH } from "./visit-truth.ts";
import { ZONE_TRUTH } from "./zone-truth.ts";

const TRUTH: Readonly<Partial<Record<MetricId, TrueFigure>>> = {
  ...VISIT_TRUTH,
  ...ZONE_TRUTH,
  ...CUSTOMER_TRUTH,
};

/** A span of days, by number, half-open. */
export interface DaySpan {
  readonly from: number;
  readonly to: number;
}

/** What is asked of the truth. */
export interface TruthQuery {
  readonly metric: MetricId;
  readonly scope: MetricScope;
  readonly span: DaySpan;
  readonly identity: Identity;
  /** Of the definition, as the value told them: tau, windows. */
  readonly parameters: Readonly<Record<string, number | string>>;
}

/** The truth about days of a simulated shop, computed from the model itself and by none of the product's figures. */
export class ShopTruth {
  readonly layout: ShopLayout;
  readonly #days: TruthDay[] = [];

  constructor(layout: ShopLayout) {
    this.layout = layout;
  }

  get days(): readonly TruthDay[] {
    return this.#days;
  }

  /** Days in order; `identified` are the visits whose card was heard. */
  add(day: TrueDay, identified: ReadonlySet<number>): void {
    this.#days.push(truthDay(day, this.layout, identified));
  }

  /** The true value; null where the metric has no meaning there. */
  value({ metric, scope, span, identity, parameters }: TruthQuery): number | null {
    const isStore = scope.kind === "store";
    const figure = TRUTH[metric];
    const isOfStore = metric in VISIT_TRUTH || metric in CUSTOMER_TRUTH;
    if (figure === undefined || isOfStore !== isStore) return null;
    const days = this.#days.filter(({ number }) => number >= span.from && number < span.to);
    const earlier = this.#days.filter(({ number }) => number < span.from);
    return figure({ days, earlier, scope, identity, layout: this.layout, parameters });
  }

  /** Customers inside at an instant. */
  insideAt(at: number): number {
    return insideAt(this.#days, at);
  }

  /** Everybody in a zone at an instant, passing through or not. */
  peopleIn(zoneId: string, at: number): number {
    const zone = this.layout.zones.findIndex(({ id }) => id === zoneId);
    let people = 0;
    for (const { stays } of this.#days)
      for (const { from, to } of stays[zone] ?? []) if (from <= at && at < to) people += 1;
    return people;
  }
}
