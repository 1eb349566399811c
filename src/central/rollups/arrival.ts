import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { GatewayRow } from "../repository.ts";

/** Streams of which a figure is made; what is shed of others costs no figure. */
const FIGURE_STREAMS: ReadonlySet<string> = new Set(["journey", "zone"]);

/** What a gateway told of its outbox, and when it came (the centre's clock). */
export interface OutboxNews {
  readonly at: EpochMs;
  readonly waiting: number;
}

/** How far what a shop's gateways saw has arrived. */
export interface Arrival {
  /** Everything before this instant has come, as far as the centre can know. */
  readonly until: EpochMs;
  /** Events of the interval that will never come: those of gap records received within it. */
  shedWithin(from: EpochMs, to: EpochMs): number;
}

/**
 * How far a shop's events have come. A gateway that waits with nothing has told everything up to its last health;
 * of any other, and of one that never told, it is the shop's newest event. The slowest gateway decides. Pure.
 */
export function arrivalOf(
  gateways: readonly Pick<GatewayRow, "gatewayId" | "gaps">[],
  news: ReadonlyMap<string, OutboxNews>,
  lastEventAt: EpochMs,
): Arrival {
  const told = lastEventAt + 1;
  const horizons = gateways.map(({ gatewayId }) => {
    const health = news.get(gatewayId);
    return health?.waiting === 0 ? Math.max(health.at, told) : told;
  });
  const gaps = gateways
    .flatMap(({ gaps: rows }) => rows)
    .filter(({ stream }) => FIGURE_STREAMS.has(stream));
  return {
    until: epochMs(horizons.length === 0 ? told : Math.min(...horizons)),
    shedWithin: (from, to) =>
      gaps
        .filter(({ receivedAt }) => receivedAt >= from && receivedAt < to)
        .reduce((sum, { n }) => sum + n, 0),
  };
}

/** What the completeness of a slot is made of. */
export interface SlotArrival {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Share of the part that has arrived in which the sensors were seeing, 0..1. */
  readonly coverage: number;
  /** Events of the day that arrived and that never will. */
  readonly stored: number;
  readonly shed: number;
}

/**
 * Share of the sensor time of a slot that has arrived, 0..1: of what is over of it, how much lies before `until`,
 * times how much the sensors saw, times the share of the day's events that were not shed. Pure.
 */
export function completenessOf(slot: SlotArrival, until: EpochMs, now: EpochMs): number {
  const overMs = Math.min(slot.to, now) - slot.from;
  if (overMs <= 0) return 0;
  const arrivedMs = Math.max(0, Math.min(slot.to, now, until) - slot.from);
  const told = slot.shed === 0 ? 1 : slot.stored / (slot.stored + slot.shed);
  return Math.min(1, (arrivedMs / overMs) * slot.coverage * told);
}
