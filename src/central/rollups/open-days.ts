import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { TradingDay } from "../../metrics/calendar/trading-day.ts";
import type { DocumentRepository } from "../repository.ts";

const KIND = "rollup-open";
/** Days remembered per shop; of more, the oldest are let go: metrics keep no more than six weeks either. */
const DAY_CAP = 43;

/** `running`: made, but not told to its end. `no-plan`: a day (UTC) with events of a shop without a plan. */
export type OpenReason = "running" | "no-plan";

export interface OpenDay {
  readonly storeId: string;
  readonly at: EpochMs;
  readonly why: OpenReason;
}

/** Days that must be made again although nothing new may come of them; kept in the store, so a restart forgets none. */
export class OpenDays {
  readonly #repository: Pick<DocumentRepository, "documents" | "saveDocument">;

  constructor(repository: Pick<DocumentRepository, "documents" | "saveDocument">) {
    this.#repository = repository;
  }

  /** All of them, by shop and oldest first. @throws STORE_FAILED */
  async list(): Promise<readonly OpenDay[]> {
    const rows = await this.#repository.documents(KIND, null);
    return rows
      .map(({ key, text }) => openDay(key.owner, key.part, text))
      .sort((a, b) => (a.storeId === b.storeId ? a.at - b.at : a.storeId < b.storeId ? -1 : 1));
  }

  /** @throws STORE_FAILED */
  async open(storeId: string, at: EpochMs, why: OpenReason, now: EpochMs): Promise<void> {
    const known = (await this.#repository.documents(KIND, storeId))
      .map(({ key, text }) => openDay(storeId, key.part, text))
      .sort((a, b) => a.at - b.at);
    if (known.some((one) => one.at === at && one.why === why)) return;
    for (const old of known.slice(0, Math.max(0, known.length + 1 - DAY_CAP)))
      await this.drop(storeId, old.at);
    await this.#repository.saveDocument({ kind: KIND, owner: storeId, part: String(at) }, why, now);
  }

  /** @throws STORE_FAILED */
  async close(storeId: string, day: TradingDay): Promise<void> {
    await this.drop(storeId, day.start);
  }

  /** @throws STORE_FAILED */
  async drop(storeId: string, at: EpochMs): Promise<void> {
    const key = { kind: KIND, owner: storeId, part: String(at) };
    await this.#repository.saveDocument(key, null, epochMs(0));
  }
}

const openDay = (storeId: string, part: string, text: string): OpenDay => ({
  storeId,
  at: epochMs(Number(part)),
  why: text === "no-plan" ? "no-plan" : "running",
});
