import { type EpochMs, epochMs, type GatewayId } from "../../core/brand.ts";
import { epochAt } from "../../core/clock.ts";
import type { EventOrigin, JourneyEvent, SensorEvent } from "../../core/events.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { eventHash } from "../../io/mqtt/event-hash.ts";
import { createJourney } from "../../journey/journey.ts";
import { runOf } from "../../journey/visits/carrier.ts";
import { isOurs, restedOn } from "../../journey/visits/numbering.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import type { TodayView } from "../../metrics/reports/today.ts";
import { TILES } from "../../metrics/reports/today-view.ts";
import { type CloudEvent, toCloudEvent } from "../../wire/cloud-event.ts";
import { visitOptionsOf } from "../visit-calendar.ts";
import type { EventOriginContext } from "./detections-log-file.ts";

interface Timed {
  /** Wall-clock time with fractions, by which everything is put in order. */
  readonly at: number;
  readonly order: number;
  readonly event: SensorEvent;
  readonly context: EventOriginContext;
  /** False for what only the figures must know. */
  readonly isTold: boolean;
}

/** Events of all inputs, brought into one order of time; those of one instant stay as they came. */
export class CollectedEvents {
  readonly #all: Timed[] = [];

  add(event: SensorEvent, context: EventOriginContext, isTold = true): void {
    const at = context.anchor.epoch + (event.atMono - context.anchor.mono);
    this.#all.push({ at, order: this.#all.length, event, context, isTold });
  }

  inOrder(): readonly Timed[] {
    return [...this.#all].sort((a, b) => a.at - b.at || a.order - b.order);
  }
}

/** What journey and metrics made of everything collected. */
export interface Told {
  readonly events: readonly CloudEvent[];
  /** Store-level figures over the recorded span alone. */
  readonly values: readonly MetricValue[];
  /** One view per trading day that the recording touches, as it stands at the end of the day or of the recording. */
  readonly days: readonly TodayView[];
}

const keyOf = ({ source, seq }: EventOrigin): string => `${seq} ${source}`;

/** The recorded span and whose events they are to be. */
export interface TellOptions {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Dresses all events as those of this gateway; null = of the one they come from. */
  readonly gatewayId: GatewayId | null;
}

/** Journey and metrics over everything collected, in order of time. */
export function tell(site: SitePlan, collected: CollectedEvents, options: TellOptions): Told {
  const { from, to } = options;
  const metrics = createMetrics({ site });
  const events: CloudEvent[] = [];
  const days: TodayView[] = [];
  let view: TodayView | null = null;
  const closeDayBefore = (at: EpochMs): void => {
    if (view !== null && at >= view.dayEnd) days.push(metrics.today(epochMs(view.dayEnd - 1)));
    if (view === null || at >= view.dayEnd) view = metrics.today(at);
  };
  const crossings = new Map<string, Timed>();
  const runs = new Map<string, Timed>();
  let current: Timed | null = null;
  const contextOf = (): EventOriginContext => {
    if (current === null) throw new TypeError("an event outside of the replay");
    return current.context;
  };
  // What is told about earlier events belongs to the gateway, and to the life of it, that saw those.
  const bornOf = (event: JourneyEvent): Timed | null =>
    isOurs(event) ? (runs.get(restedOn(event)) ?? null) : current;
  const onEvent = (event: JourneyEvent): void => {
    closeDayBefore(event.at);
    metrics.ingest(event);
    const born =
      event.kind === "staff-crossed" ? crossings.get(keyOf(event.crossing)) : bornOf(event);
    if (born?.isTold !== true) return;
    const { storeId, gatewayId, boot } = born.context;
    const dressing = { storeId, gatewayId: options.gatewayId ?? gatewayId, boot };
    events.push(toCloudEvent(event, { ...dressing, recordedAt: event.at, hash: eventHash }));
  };
  const visits = visitOptionsOf(site);
  const journey = createJourney({ site, anchor: () => contextOf().anchor, onEvent, visits });
  const ingest = (timed: Timed): void => {
    journey.advance(epochMs(timed.at));
    current = timed;
    if (timed.isTold) runs.set(runOf(timed.event.source), timed);
    if (timed.event.kind === "line-crossed") crossings.set(keyOf(timed.event), timed);
    journey.ingest(timed.event);
  };
  // The figures are those of the last moment in which the sensors still saw.
  const isEnd = ({ event, context }: Timed): boolean =>
    event.kind === "sensor-changed" &&
    event.state === "stopped" &&
    epochAt(context.anchor, event.atMono) >= to;
  const ordered = collected.inOrder();
  for (const timed of ordered) if (!isEnd(timed)) ingest(timed);
  journey.finish();
  closeDayBefore(to);
  days.push(metrics.today(to));
  const values = TILES.map((metric) => metrics.value(metric, { kind: "store" }, from, to));
  for (const timed of ordered) if (isEnd(timed)) ingest(timed);
  return { events, values, days };
}
