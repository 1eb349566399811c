import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { ShopLayout } from "./layout.ts";
import {
  DEFAULT_SHOP,
  type Difficulty,
  type Fault,
  SENSORS,
  type SensorModel,
  type ShopModel,
} from "./model.ts";
import { type SensedShop, ShopSenses } from "./sense/sense-day.ts";
import { simulatedTags } from "./sense/tags.ts";
import { simulateDay } from "./simulate-day.ts";
import { type SensorSet, simulatedLayout, simulatedSite } from "./simulated-site.ts";
import type { TrueDay } from "./true-day.ts";

/** What to simulate. */
export interface SimulationOptions {
  readonly seed: number;
  readonly difficulty: Difficulty;
  readonly faults: readonly Fault[];
  /** Hours from ten o'clock on which the shop is open; absent = the ten of the plan. */
  readonly hours?: number;
  readonly model?: Partial<ShopModel>;
  readonly sensor?: Partial<SensorModel>;
}

/** A Monday; the shop is in UTC and its trading day begins at four. */
export const FIRST_MIDNIGHT = epochMs(Date.UTC(2026, 2, 2));
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const OPENS_MS = 10 * HOUR_MS;
const OPEN_HOURS = 10;
const CUTOVER_MS = 4 * HOUR_MS;

/** Ways of watching one and the same shop. */
export const VARIANTS = {
  tracks: { following: true, customerTags: false },
  doors: { following: false, customerTags: false },
  tags: { following: false, customerTags: true },
  all: { following: true, customerTags: true },
} as const satisfies Readonly<Record<string, SensorSet>>;
export type VariantName = keyof typeof VARIANTS;

/** Half-open trading day of a number. */
export function tradingDay(number: number): { readonly from: EpochMs; readonly to: EpochMs } {
  const from = FIRST_MIDNIGHT + number * DAY_MS + CUTOVER_MS;
  return { from: epochMs(from), to: epochMs(from + DAY_MS) };
}

/** A shop with a seed: its true days, and what sensors make of them. Deterministic. */
export class Simulation {
  readonly layout: ShopLayout = simulatedLayout();
  readonly model: ShopModel;
  readonly sensor: SensorModel;
  readonly #options: SimulationOptions;
  readonly #zones = this.layout.zones.map((_, place) => place);

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.model = { ...DEFAULT_SHOP, ...options.model };
    this.sensor = { ...SENSORS[options.difficulty], ...options.sensor };
  }

  /** What happened on a day; days do not depend on each other. */
  day(number: number): TrueDay {
    const opensAt = epochMs(FIRST_MIDNIGHT + number * DAY_MS + OPENS_MS);
    const closesAt = epochMs(opensAt + (this.#options.hours ?? OPEN_HOURS) * HOUR_MS);
    return simulateDay(this.model, this.layout, {
      seed: this.#options.seed,
      number,
      opensAt,
      closesAt,
      factor: this.model.weekdays[number % 7] ?? 1,
      baskets: this.model.baskets,
      carts: this.model.carts,
    });
  }

  /** A shop with these sensors. */
  shop(sensors: SensorSet): SensedShop {
    const { seed, faults } = this.#options;
    return {
      site: simulatedSite(sensors, this.model),
      layout: this.layout,
      sensor: this.sensor,
      tags: simulatedTags(this.model),
      counter: { cameraId: "shop", zones: new Set(sensors.following ? this.#zones : []) },
      isFollowing: sensors.following,
      hasCustomerTags: sensors.customerTags,
      faults,
      seed,
      startAt: FIRST_MIDNIGHT,
      run: `s${seed}`,
    };
  }

  /** The sensors of such a shop; give them the days in order. */
  senses(sensors: SensorSet): ShopSenses {
    return new ShopSenses(this.shop(sensors));
  }
}
