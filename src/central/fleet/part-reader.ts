import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import { parsePeerMessage } from "../../wire/envelopes.ts";
import { type HealthMessage, healthSchema } from "../../wire/health-message.ts";
import type { AsideLoss, DirtyState, GatewayRow, RollupSum, StorePart } from "../repository.ts";
import { freshnessOf, type GatewayFreshness } from "./freshness.ts";

/** A gateway as figures see it. */
export interface GatewayReading {
  readonly row: GatewayRow;
  readonly fresh: GatewayFreshness;
  readonly health: HealthMessage | null;
}

/** What one database of the store says. */
export interface PartReading {
  readonly gateways: readonly GatewayReading[];
  /** How much of the last whole day (UTC) has arrived, by store with a door. */
  readonly yesterday: readonly RollupSum[];
  readonly dirty: DirtyState;
  readonly losses: readonly AsideLoss[];
}

const DAY_MS = 86_400_000;
/** A database that takes longer is away for the figures: those who ask for them do not wait much longer. */
const ANSWER_MS = 3000;

/** Reads each database of the store by itself, so that one that is away takes no figure of the others away. */
export class PartReader {
  readonly #parts: readonly StorePart[];
  readonly #clock: Clock;
  /** Databases that were asked and have not answered yet: they are not asked again meanwhile. */
  readonly #asked = new Set<StorePart>();

  constructor(parts: readonly StorePart[], clock: Clock) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /** What each says, in their order; null for one that is away. */
  read(): Promise<readonly (PartReading | null)[]> {
    return Promise.all(this.#parts.map((part) => this.#readInTime(part)));
  }

  #readInTime(part: StorePart): Promise<PartReading | null> {
    if (this.#asked.has(part)) return Promise.resolve(null);
    this.#asked.add(part);
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(ANSWER_MS, "figures of a database", () => resolve(null));
      readPart(part, this.#clock.now())
        .then(resolve, (error: unknown) => {
          if (error instanceof GatewayError) resolve(null);
          else reject(error);
        })
        .finally(() => {
          timer.cancel();
          this.#asked.delete(part);
        });
    });
  }
}

async function readPart(part: StorePart, now: EpochMs): Promise<PartReading> {
  const to = epochMs(Math.floor(now / DAY_MS) * DAY_MS);
  const span = { from: epochMs(to - DAY_MS), to };
  const [rows, documents, yesterday, dirty, losses] = await Promise.all([
    part.gateways(),
    part.documents("health", null),
    part.sums({ storeIds: null, grain: "day", scope: "store", metrics: ["entrants"], ...span }),
    part.dirtyState(),
    part.asideLosses(),
  ]);
  const healthAt = new Map(documents.map(({ key, at }) => [key.owner, at]));
  const texts = new Map(documents.map(({ key, text }) => [key.owner, text]));
  const fresh = freshnessOf(rows, healthAt, now);
  const gateways = rows.flatMap((row, index) => {
    const own = fresh[index];
    if (own === undefined) return [];
    const parsed = parsePeerMessage(healthSchema, texts.get(row.gatewayId) ?? "");
    return [{ row, fresh: own, health: parsed.ok ? parsed.value : null }];
  });
  return { gateways, yesterday, dirty, losses };
}
