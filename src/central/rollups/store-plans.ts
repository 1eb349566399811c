import { parseSitePlan } from "../../config/site.ts";
import { describeFaults } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { SitePlan } from "../../core/site.ts";
import type { DocumentRepository } from "../repository.ts";

export interface StorePlansOptions {
  /** Plans given on the command line; they win over what gateways report. */
  readonly files: readonly SitePlan[];
  readonly repository: Pick<DocumentRepository, "document" | "documents">;
  readonly log: Log;
}

interface Read {
  readonly text: string;
  readonly plan: SitePlan | null;
}

/** Plans kept as read; beyond it the one read first is forgotten and read again when it is asked for. */
const PLAN_CAP = 5_000;

/** The site plan of each shop: from a file, else the one its gateway reported. */
export class StorePlans {
  readonly #options: StorePlansOptions;
  readonly #files: ReadonlyMap<string, SitePlan>;
  readonly #read = new Map<string, Read>();

  constructor(options: StorePlansOptions) {
    this.#options = options;
    this.#files = new Map(options.files.map((plan) => [String(plan.store.id), plan]));
  }

  /** The plan of a shop; null when there is none, or none that can be read. @throws STORE_FAILED */
  async of(storeId: string): Promise<SitePlan | null> {
    const file = this.#files.get(storeId);
    if (file !== undefined) return file;
    const row = await this.#options.repository.document({ kind: "site", owner: storeId, part: "" });
    return row === null ? null : this.#parse(storeId, row.text);
  }

  /** All plans by shop. @throws STORE_FAILED */
  async all(): Promise<ReadonlyMap<string, SitePlan>> {
    const plans = new Map<string, SitePlan>();
    for (const { key, text } of await this.#options.repository.documents("site", null)) {
      const plan = this.#parse(key.owner, text);
      if (plan !== null) plans.set(key.owner, plan);
    }
    for (const [storeId, plan] of this.#files) plans.set(storeId, plan);
    return plans;
  }

  #parse(storeId: string, text: string): SitePlan | null {
    const known = this.#read.get(storeId);
    if (known?.text === text) return known.plan;
    const plan = this.#readPlan(storeId, text);
    const oldest = this.#read.keys().next().value;
    if (this.#read.size >= PLAN_CAP && oldest !== undefined) this.#read.delete(oldest);
    this.#read.set(storeId, { text, plan });
    return plan;
  }

  #readPlan(storeId: string, text: string): SitePlan | null {
    const document: unknown = JSON.parse(text);
    // Gateways leave the tags out: no figure of the centre needs them.
    const parsed = parseSitePlan(
      typeof document === "object" ? { receivers: [], tags: [], ...document } : document,
    );
    const why = parsed.ok ? "it names another store" : describeFaults(parsed.error);
    if (parsed.ok && parsed.value.store.id === storeId) return parsed.value;
    const fields = { event: "plans.unreadable", storeId, why };
    this.#options.log.warn(fields, "the reported site plan of a store cannot be used");
    return null;
  }
}
