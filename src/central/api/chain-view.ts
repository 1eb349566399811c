import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { SitePlan } from "../../core/site.ts";
import type { StoreTile } from "../../wire/central-answers.ts";
import { parsePeerMessage } from "../../wire/envelopes.ts";
import {
  CERTIFICATE_WARNING_MS,
  type HealthMessage,
  healthSchema,
} from "../../wire/health-message.ts";
import { blindSensors, freshnessOf, type GatewayFreshness } from "../fleet/freshness.ts";
import type { CentralStore, GatewayRow, StoreRow } from "../repository.ts";
import type { StorePlans } from "../rollups/store-plans.ts";
import { attentionOf, byAttention } from "./attention.ts";
import { type ChainFigures, readChainFigures } from "./chain-figures.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** One gateway as the chain sees it now. */
export interface GatewayNow {
  readonly row: GatewayRow;
  readonly fresh: GatewayFreshness;
  readonly health: HealthMessage | null;
}

/** All stores as they stand now, those that need attention first. */
export interface ChainNow {
  readonly now: EpochMs;
  readonly tiles: readonly StoreTile[];
  readonly gateways: ReadonlyMap<string, readonly GatewayNow[]>;
  readonly plans: ReadonlyMap<string, SitePlan>;
}

/**
 * Reads the whole chain: a dozen questions to the store, however many stores there are. `overdue`: requests to erase by the
 * gateway that has not answered for too long. @throws STORE_FAILED
 */
export async function readChain(
  repository: CentralStore,
  plans: StorePlans,
  now: EpochMs,
  overdue: ReadonlyMap<string, number> = new Map(),
): Promise<ChainNow> {
  const [stores, rows, documents, lost, sites] = await Promise.all([
    repository.stores(),
    repository.gateways(),
    repository.documents("health", null),
    repository.lostSince(epochMs(now - DAY_MS)),
    plans.all(),
  ]);
  const gateways = gatewaysNow(rows, documents, now);
  const figures = await readChainFigures(repository, sites, now);
  const events = new Map(stores.map((row) => [row.storeId, row]));
  const lostOf = new Map(lost.map(({ gatewayId, n }) => [gatewayId, n]));
  const ids = new Set([...events.keys(), ...gateways.keys(), ...sites.keys()]);
  const tiles = [...ids].map((storeId) =>
    tileOf(storeId, {
      ...{
        site: sites.get(storeId) ?? null,
        events: events.get(storeId) ?? null,
        now,
        lostOf,
        overdue,
      },
      ...{ gateways: gateways.get(storeId) ?? [], figures: figures.get(storeId) ?? null },
    }),
  );
  return { now, tiles: tiles.sort(byAttention), gateways, plans: sites };
}

function gatewaysNow(
  rows: readonly GatewayRow[],
  documents: Awaited<ReturnType<CentralStore["documents"]>>,
  now: EpochMs,
): ReadonlyMap<string, readonly GatewayNow[]> {
  const healthAt = new Map(documents.map(({ key, at }) => [key.owner, at]));
  const texts = new Map(documents.map(({ key, text }) => [key.owner, text]));
  const fresh = freshnessOf(rows, healthAt, now);
  const byStore = new Map<string, GatewayNow[]>();
  for (const [index, row] of rows.entries()) {
    const own = fresh[index];
    if (row.storeId === null || own === undefined) continue;
    const parsed = parsePeerMessage(healthSchema, texts.get(row.gatewayId) ?? "");
    const one = { row, fresh: own, health: parsed.ok ? parsed.value : null };
    const list = byStore.get(row.storeId);
    if (list === undefined) byStore.set(row.storeId, [one]);
    else list.push(one);
  }
  return byStore;
}

interface TileParts {
  readonly site: SitePlan | null;
  readonly events: StoreRow | null;
  readonly gateways: readonly GatewayNow[];
  readonly figures: ChainFigures | null;
  readonly now: EpochMs;
  /** Events of the last 24 hours that will never come, by gateway. */
  readonly lostOf: ReadonlyMap<string, number>;
  readonly overdue: ReadonlyMap<string, number>;
}

/** From the best to the worst. */
const FRESHNESS: readonly StoreTile["freshness"][] = ["fresh", "late", "never", "silent"];

function tileOf(storeId: string, parts: TileParts): StoreTile {
  const { site, events, gateways, figures, now, lostOf, overdue } = parts;
  const ranks = gateways.map(({ fresh }) => FRESHNESS.indexOf(fresh.freshness));
  const seen = gateways.map(({ row }) => row.lastSeenAt);
  const state = {
    gateways: gateways.length,
    online: gateways.filter(({ fresh }) => fresh.isOnline).length,
    freshness: gateways.length === 0 ? "never" : (FRESHNESS[Math.max(...ranks)] ?? "never"),
    blindSensors: gateways.reduce(
      (sum, { health }) => sum + (health === null ? 0 : blindSensors(health)),
      0,
    ),
    shed: gateways.reduce((sum, { row }) => sum + (lostOf.get(row.gatewayId) ?? 0), 0),
    completeness: figures?.completeness ?? null,
    driftingDoors: figures?.driftingDoors ?? 0,
  };
  const { name = null, timeZone = null, currency = null } = site?.store ?? {};
  return {
    ...{ storeId, name, timeZone, currency },
    ...{ events: events?.events ?? 0, firstAt: events?.firstAt ?? null },
    ...{ lastAt: events?.lastAt ?? null, lastSeenAt: seen.length === 0 ? null : Math.max(...seen) },
    ...state,
    attention: [
      ...attentionOf({
        ...state,
        hasPlan: site !== null,
        replacedOutboxes: gateways.filter(({ health }) => isReplacedSince(health, now - WEEK_MS))
          .length,
        isUnheard: gateways.length === 0 && events === null && (figures?.today ?? null) === null,
        endingCertificates: gateways.filter(({ health }) => endsSoon(health, now)).length,
        overdueErasures: gateways.reduce(
          (sum, { row }) => sum + (overdue.get(row.gatewayId) ?? 0),
          0,
        ),
        fullDisks: gateways.filter(({ health }) => isDiskFull(health)).length,
        unsetClocks: gateways.filter(({ health }) => health?.clock.state === "unsynced").length,
      }),
    ],
    today: figures?.today ?? null,
  };
}

function endsSoon(health: HealthMessage | null, now: EpochMs): boolean {
  const until = health?.delivery.certificateUntil;
  return until !== undefined && Date.parse(until) - now < CERTIFICATE_WARNING_MS;
}

/** Below it, little can be kept through an outage. */
const LITTLE_ROOM_BYTES = 200_000_000;

function isDiskFull(health: HealthMessage | null): boolean {
  const free = health?.disk.freeBytes ?? null;
  return health?.delivery.code === "DISK_FULL" || (free !== null && free < LITTLE_ROOM_BYTES);
}

function isReplacedSince(health: HealthMessage | null, since: number): boolean {
  const replaced = health?.outbox.replaced;
  return replaced !== undefined && Date.parse(replaced.at) >= since;
}
