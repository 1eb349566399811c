import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { OpeningHours, SitePlan, Weekday } from "../../core/site.ts";
import { createTradingCalendar } from "../../metrics/calendar/trading-day.ts";
import type { ShopLayout } from "./layout.ts";
import { DEFAULT_SHOP, SENSORS, type ShopModel } from "./model.ts";
import { planLayout } from "./plan-layout.ts";
import type { SensedShop } from "./sense/sense-day.ts";
import type { ShopTags } from "./sense/tags.ts";
import { simulateDay } from "./simulate-day.ts";
import { ToldShop } from "./told-shop.ts";
import type { TrueDay } from "./true-day.ts";

/** One past day of the demonstration. */
export interface DemoHistoryDay {
  /** Local midnights, half-open; the last day may be cut short. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** In the order in which they were told; none is at or after the beginning of the running trading day. */
  readonly events: readonly JourneyEvent[];
}

/** What past to make up. */
export interface DemoHistoryOptions {
  readonly seed: number;
  /** Days before now. */
  readonly days: number;
}

/** A small shop with a week like others: Saturdays are busy. */
const DEMO_SHOP: ShopModel = {
  ...DEFAULT_SHOP,
  entriesPerHour: 14,
  passersPerEntrant: 3,
  staff: 2,
  members: 0,
  cardRatio: 0,
  weekdays: [0.85, 0.9, 0.95, 1, 1.2, 1.45, 0.75],
};
const WEEK: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const USUAL_HOURS: readonly OpeningHours[] = [{ days: WEEK, fromMin: 600, toMin: 1_200 }];
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_MS = 4 * 86_400_000;
const RUN = "history";

/**
 * The days before the running trading day of a demonstration, made up: what the sensors of its plan would have told, run
 * through the journey stage. One day at a time, oldest first; nothing when the plan has no floor to walk on. The same
 * plan, time and seed give the same days. Whoever shows them has to say that they are simulated.
 */
export function* demoHistory(
  site: SitePlan,
  now: EpochMs,
  options: DemoHistoryOptions,
): Generator<DemoHistoryDay> {
  const layout = planLayout(site);
  if (layout === null) return;
  const { timeZone, dayCutoverMin, hours = USUAL_HOURS } = site.store;
  const trading = createTradingCalendar(timeZone, dayCutoverMin);
  const endsAt = trading.dayOf(now).start;
  const calendar = createTradingCalendar(timeZone, 0);
  const spans: { from: EpochMs; to: EpochMs }[] = [];
  for (let at = endsAt; spans.length <= options.days; ) {
    const day = calendar.dayOf(epochMs(at - 1));
    spans.unshift({ from: day.start, to: epochMs(Math.min(day.end, endsAt)) });
    at = day.start;
  }
  let events: JourneyEvent[] = [];
  const shop = sensedShop(site, layout, spans[0]?.from ?? endsAt, options.seed);
  const told = new ToldShop(shop, (event) => events.push(event));
  for (const [number, span] of spans.entries()) {
    const day = calendar.dayOf(span.from);
    const open = calendar.wallSpans(day, hours)[0];
    if (open !== undefined && open.from < span.to) {
      const weekday = Math.floor((open.from - FIRST_MONDAY_MS) / 86_400_000) % 7;
      const plan = { opensAt: open.from, closesAt: open.to, number, seed: options.seed };
      const factor = DEMO_SHOP.weekdays[weekday] ?? 1;
      const baskets = shop.tags.baskets.length;
      const made = simulateDay(DEMO_SHOP, layout, { ...plan, factor, baskets, carts: 0 });
      const past = emptyAt(made, trading.dayOf(open.to).start);
      told.day(past, () => undefined, endsAt);
      if (span.to < endsAt) told.closeDay(past);
    }
    if (number === spans.length - 1) {
      told.stop(endsAt);
      told.finish();
    }
    yield { ...span, events: events.filter(({ at }) => at < endsAt) };
    events = [];
  }
}

/**
 * The day without the parties that are inside at an instant. A demonstration's trading day begins when it is started, in
 * the middle of the opening hours as a rule, and a day's doors add up only when nobody is inside where it is cut.
 */
function emptyAt(day: TrueDay, at: EpochMs): TrueDay {
  const parties = new Set(
    day.visits
      .filter(
        ({ enteredAt, exitedAt, staff }) => staff === null && enteredAt < at && at <= exitedAt,
      )
      .map(({ party }) => party),
  );
  const gone = new Set(
    day.visits
      .filter(({ party, staff }) => staff === null && parties.has(party))
      .map(({ id }) => id),
  );
  return {
    ...day,
    visits: day.visits.filter(({ id }) => !gone.has(id)),
    passes: day.passes.filter(({ person }) => !gone.has(person)),
    receipts: day.receipts.filter(({ visit }) => visit === null || !gone.has(visit)),
  };
}

function sensedShop(
  site: SitePlan,
  layout: ShopLayout,
  startAt: EpochMs,
  seed: number,
): SensedShop {
  const camera = site.cameras.find(({ lines }) =>
    lines.some(({ id }) => id === layout.doors[0]?.lineId),
  );
  const seen = new Set(camera?.zones.map(({ id }) => id));
  const zones = layout.zones.flatMap(({ id }, place) => (seen.has(id) ? [place] : []));
  return {
    site,
    layout,
    // A trading day with a night in its middle cannot be closed where doors miss people: one of them weighs hours.
    sensor: SENSORS.perfect,
    tags: tagsOf(site),
    counter: { cameraId: camera?.id ?? "", zones: new Set(zones) },
    isFollowing: camera?.followsVisits ?? false,
    hasCustomerTags: true,
    faults: [],
    seed,
    startAt,
    run: RUN,
  };
}

function tagsOf({ tags }: SitePlan): ShopTags {
  const cards = tags.filter(({ kind }) => kind === "loyalty-card").map(({ id }) => id);
  return {
    staff: tags.filter(({ kind }) => kind === "staff").map(({ id }) => id),
    baskets: tags.flatMap(({ id, kind }) =>
      kind === "basket" ? [{ id, kind: "basket" as const }] : [],
    ),
    cardOf: (member) => cards[member - 1],
  };
}
