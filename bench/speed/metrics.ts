import { Simulation, tradingDay, VARIANTS } from "../../src/app/simulate/simulation.ts";
import { ToldShop } from "../../src/app/simulate/told-shop.ts";
import { epochMs } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import type { MetricScope } from "../../src/core/metric-value.ts";
import type { SitePlan } from "../../src/core/site.ts";
import { DEFINITIONS } from "../../src/metrics/definitions.ts";
import { createMetrics, type Metrics } from "../../src/metrics/metrics.ts";
import { readTexts } from "./flags.ts";

export const usage = `bench metrics [--visits N] [--seed S] [--json]
A busy shop-day (2000 visits, 12 zones, tracks, tags and till) from journey events to figures. seconds is the whole day
taken in, then the page of the day and every figure of store and zones; ratio = seconds / limitSeconds. updateMeanMs,
updateP50Ms and updateP95Ms are what one event costs that is taken in and followed by all live tiles, event after event
for half an hour of the afternoon; updateRatio = updateMeanMs / updateLimitMs. refreshP50Ms: the same in 400 places more
than a minute apart, so that every tile is worked out anew. Below 1 is good.

Example: npm run bench -- metrics --json`;

/** What the product allows on a desktop core. */
const LIMIT_SECONDS = 5;
const UPDATE_LIMIT_MS = 5;
const UPDATES = 400;
const HOURS = 10;

/** Measures; the work is the same on every machine. @throws USAGE */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const texts = readTexts(args, ["visits", "seed"]);
  const visits = whole("visits", texts.visits, 2_000);
  const recorded = record(visits, whole("seed", texts.seed, 1));
  const day = replayDay(recorded);
  const updates = measureUpdates(recorded, 1, 3_000);
  const refreshes = measureUpdates(recorded, recorded.events.length / 4 / UPDATES, UPDATES);
  const meanMs = updates.reduce((sum, ms) => sum + ms, 0) / updates.length;
  return {
    seconds: rounded(day.seconds),
    limitSeconds: LIMIT_SECONDS,
    ratio: rounded(day.seconds / LIMIT_SECONDS),
    ingestSeconds: rounded(day.ingestSeconds),
    figures: day.figures,
    updateMeanMs: rounded(meanMs),
    updateP50Ms: rounded(quantile(updates, 0.5)),
    updateP95Ms: rounded(quantile(updates, 0.95)),
    updateLimitMs: UPDATE_LIMIT_MS,
    updateRatio: rounded(meanMs / UPDATE_LIMIT_MS),
    refreshP50Ms: rounded(quantile(refreshes, 0.5)),
    events: recorded.events.length,
    visits: recorded.visits,
    zones: recorded.site.cameras.flatMap((camera) => camera.zones).length,
  };
}

interface Recorded {
  readonly site: SitePlan;
  readonly events: readonly JourneyEvent[];
  readonly visits: number;
}

/** The day as the journey stage tells it. */
function record(visits: number, seed: number): Recorded {
  const model = { entriesPerHour: visits / HOURS };
  const simulation = new Simulation({ seed, difficulty: "default", faults: [], model });
  const shop = simulation.shop(VARIANTS.all);
  const events: JourneyEvent[] = [];
  const told = new ToldShop(shop, (event) => events.push(event));
  const day = simulation.day(0);
  told.day(day);
  told.closeDay(day);
  told.finish();
  const customers = day.visits.filter(({ staff }) => staff === null);
  return { site: shop.site, events, visits: customers.length };
}

function replayDay({ site, events }: Recorded): {
  readonly seconds: number;
  readonly ingestSeconds: number;
  readonly figures: number;
} {
  const startMs = performance.now();
  const metrics = createMetrics({ site });
  for (const event of events) metrics.ingest(event);
  const ingestSeconds = (performance.now() - startMs) / 1000;
  const { from, to } = tradingDay(0);
  metrics.today(epochMs(to - 1));
  let figures = 0;
  for (const { metric } of DEFINITIONS)
    for (const scope of scopesOf(site, metric))
      if (isAnswered(metrics, metric, scope, from, to)) figures += 1;
  return { seconds: (performance.now() - startMs) / 1000, ingestSeconds, figures };
}

function scopesOf(site: SitePlan, metric: string): readonly MetricScope[] {
  if (metric === "zone-transition" || metric === "zone-lift")
    return [{ kind: "zone-pair", from: "denim", to: "shirts" }];
  if (!metric.startsWith("zone-") && !metric.startsWith("queue-")) return [{ kind: "store" }];
  return site.cameras.flatMap((camera) =>
    camera.zones.map((zone): MetricScope => ({ kind: "zone", id: zone.id })),
  );
}

function isAnswered(
  metrics: Metrics,
  metric: (typeof DEFINITIONS)[number]["metric"],
  scope: MetricScope,
  from: Parameters<Metrics["value"]>[2],
  to: Parameters<Metrics["value"]>[3],
): boolean {
  return metrics.value(metric, scope, from, to).value !== null;
}

/** Cost of an event and all live tiles after it, every so many events from the middle of the day on. */
function measureUpdates({ site, events }: Recorded, step: number, most: number): number[] {
  const metrics = createMetrics({ site });
  const begin = Math.floor(events.length / 2);
  const every = Math.max(1, Math.floor(step));
  const costs: number[] = [];
  let newest = events[0]?.at ?? epochMs(0);
  events.forEach((event, i) => {
    newest = event.at > newest ? event.at : newest;
    if (i < begin || (i - begin) % every !== 0 || costs.length >= most) {
      metrics.ingest(event);
      return;
    }
    const startMs = performance.now();
    metrics.ingest(event);
    metrics.today(newest);
    costs.push(performance.now() - startMs);
  });
  return costs;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function whole(name: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new GatewayError("USAGE", `expected a whole number from 1 for --${name}, found ${text}`);
}

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
