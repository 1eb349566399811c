import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { GapRow, GatewayRow, StreamAccount } from "../repository.ts";

/** Streams of which a figure is made; what is shed of others costs no figure. */
const FIGURE_STREAMS: ReadonlySet<string> = new Set(["fresh", "journey", "zone"]);

/** What a gateway told of its outbox, and when it came (the centre's clock). */
export interface OutboxNews {
  readonly at: EpochMs;
  /** Newest number of each stream that was kept then. */
  readonly committed: Readonly<Record<string, number>>;
}

/** How far what a shop's gateways saw has arrived. */
export interface Arrival {
  /** Everything before this instant has come, as far as the centre can know. */
  readonly until: EpochMs;
}

/** What is known of a gateway that tells of a shop. */
export type Teller = Pick<GatewayRow, "gatewayId" | "streams" | "lastSeenAt">;

/** Longer than an outbox keeps anything: who was silent for so long has nothing more to tell, or is gone. */
const GONE_MS = 14 * 86_400_000;

/**
 * How far a shop's events have come: the slowest stream of the slowest gateway decides. A stream of which everything is
 * here that the gateway had kept at its last health is told up to that health; any other up to its own newest event. A
 * gateway that never told its health is believed up to its newest event. Who was silent for a fortnight is not waited
 * for. Without gateways it is the shop's newest event. Pure.
 */
export function arrivalOf(
  gateways: readonly Teller[],
  news: ReadonlyMap<string, OutboxNews>,
  lastEventAt: EpochMs,
  now: EpochMs,
): Arrival {
  const horizons = gateways
    .map((gateway) => horizonOf(gateway, news.get(gateway.gatewayId) ?? null))
    .filter((horizon, index) => {
      const seenAt = gateways[index]?.lastSeenAt ?? 0;
      return Math.max(horizon, seenAt) > now - GONE_MS;
    });
  return { until: epochMs(horizons.length === 0 ? lastEventAt + 1 : Math.min(...horizons)) };
}

function horizonOf({ streams, lastSeenAt }: Teller, health: OutboxNews | null): number {
  const accounts = new Map<string, StreamAccount>();
  // The newest epoch of a stream stands first.
  for (const account of streams)
    if (FIGURE_STREAMS.has(account.stream) && !accounts.has(account.stream))
      accounts.set(account.stream, account);
  const newest = Math.max(-1, ...[...accounts.values()].map(({ lastAt }) => lastAt ?? -1)) + 1;
  if (health === null) return accounts.size === 0 ? lastSeenAt : newest;
  const kept = Object.keys(health.committed).filter((stream) => FIGURE_STREAMS.has(stream));
  const names = new Set([...kept, ...accounts.keys()]);
  const told = [...names].map((stream) => {
    const account = accounts.get(stream);
    const isHere = (account?.seq ?? 0) >= (health.committed[stream] ?? 0);
    const ownNewest = (account?.lastAt ?? -1) + 1;
    return isHere ? Math.max(health.at, ownNewest) : ownNewest;
  });
  return told.length === 0 ? health.at : Math.min(...told);
}

/**
 * About how many events of an interval will never come: those of a gap are taken to be spread evenly over the time
 * between the events around it. Pure.
 */
export function lostWithin(gaps: readonly GapRow[], from: EpochMs, to: EpochMs): number {
  return gaps
    .filter(({ stream }) => FIGURE_STREAMS.has(stream))
    .reduce((sum, gap) => {
      const lastAt = gap.lastAt ?? gap.receivedAt;
      const firstAt = Math.min(gap.firstAt ?? lastAt, lastAt);
      if (firstAt === lastAt) return lastAt >= from && lastAt < to ? sum + gap.n : sum;
      const overlapMs = Math.max(0, Math.min(to, lastAt) - Math.max(from, firstAt));
      return sum + (gap.n * overlapMs) / (lastAt - firstAt);
    }, 0);
}

/** What the completeness of a slot is made of. */
export interface SlotArrival {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Share of the part that has arrived in which the sensors were seeing, 0..1. */
  readonly coverage: number;
  /** Events of the slot that arrived, and about how many never will. */
  readonly stored: number;
  readonly lost: number;
}

/**
 * Share of the sensor time of a slot that has arrived, 0..1: of what is over of it, how much lies before `until`,
 * times how much the sensors saw, times the share of its events that were not shed. Pure.
 */
export function completenessOf(slot: SlotArrival, until: EpochMs, now: EpochMs): number {
  const overMs = Math.min(slot.to, now) - slot.from;
  if (overMs <= 0) return 0;
  const arrivedMs = Math.max(0, Math.min(slot.to, now, until) - slot.from);
  const told = slot.lost === 0 ? 1 : slot.stored / (slot.stored + slot.lost);
  return Math.min(1, (arrivedMs / overMs) * slot.coverage * told);
}
