import { type EpochMs, epochMs } from "../core/brand.ts";
import type { JourneyEvent } from "../core/events.ts";
import type { SitePlan } from "../core/site.ts";
import type { TodayView } from "../metrics/reports/today.ts";
import { fromCloudEvent } from "../wire/cloud-event.ts";
import type { EventQuery, EventRepository } from "./repository.ts";

/** The metrics of one shop as the centre needs them: take events in, show the day. */
export interface DayMetrics {
  ingest(event: JourneyEvent): void;
  today(now: EpochMs): TodayView;
}

const PAGE_EVENTS = 1000;

/**
 * Computes the Today view of a shop afresh from the stored events of its trading day, with the same code as the
 * gateway. Events that cannot be read any more are skipped.
 */
export async function computeDay(
  repository: EventRepository,
  site: SitePlan,
  metricsOf: (site: SitePlan) => DayMetrics,
  now: EpochMs,
): Promise<TodayView> {
  const metrics = metricsOf(site);
  const from = metrics.today(now).dayStart;
  await tellEvents(repository, { storeId: site.store.id, from, to: epochMs(now + 1) }, metrics);
  return metrics.today(now);
}

/** Tells metrics the stored events of an interval, in order of time. Reads in pages. */
export async function tellEvents(
  repository: EventRepository,
  span: Pick<EventQuery, "storeId" | "from" | "to">,
  metrics: Pick<DayMetrics, "ingest">,
): Promise<void> {
  let after: EventQuery["after"] = null;
  for (;;) {
    const page: Awaited<ReturnType<EventRepository["events"]>> = await repository.events({
      ...span,
      type: null,
      limit: PAGE_EVENTS,
      after,
    });
    for (const { body } of page) {
      const event = fromCloudEvent(JSON.parse(body));
      if (event.ok) metrics.ingest(event.value);
    }
    after = page.at(-1) ?? null;
    if (page.length < PAGE_EVENTS) return;
    // An embedded store answers at once: without a pause nothing else would be done until the last page.
    await new Promise(setImmediate);
  }
}
