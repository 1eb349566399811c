import { parseSitePlan } from "../../config/site.ts";
import type { EpochMs } from "../../core/brand.ts";
import { describeFaults, fail, ok, type Result } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { SitePlan } from "../../core/site.ts";
import type { DocumentKey, DocumentRepository } from "../repository.ts";

export interface StorePlansOptions {
  /** Plans given on the command line; they win over what gateways report. */
  readonly files: readonly SitePlan[];
  readonly repository: Pick<DocumentRepository, "documents">;
  readonly log: Log;
}

/** What a gateway reported last, and when that changed. */
interface Report {
  readonly key: DocumentKey;
  readonly text: string;
  readonly at: EpochMs;
}

interface Read {
  readonly text: string;
  readonly plan: SitePlan | null;
}

/** Plans kept as read; beyond it the one read first is forgotten and read again when it is asked for. */
const PLAN_CAP = 5_000;

/** Reads the site plan that a gateway of a shop reported, or says what is wrong with it. Pure. */
export function readReportedPlan(storeId: string, document: unknown): Result<SitePlan, string> {
  // Gateways leave the tags out: no figure of the centre needs them.
  const parsed = parseSitePlan(
    typeof document === "object" ? { receivers: [], tags: [], ...document } : document,
  );
  if (!parsed.ok) return fail(describeFaults(parsed.error));
  return parsed.value.store.id === storeId ? ok(parsed.value) : fail("it names another store");
}

/**
 * The site plan of each shop: from a file, else what its gateways reported. Of several the one that changed last counts,
 * and cameras and receivers that only others have are added to it; when that makes no plan, it counts alone.
 */
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
    return this.#planOf(storeId, await this.#options.repository.documents("site", storeId));
  }

  /** All plans by shop. @throws STORE_FAILED */
  async all(): Promise<ReadonlyMap<string, SitePlan>> {
    const plans = new Map<string, SitePlan>();
    const byStore = new Map<string, Report[]>();
    for (const row of await this.#options.repository.documents("site", null))
      byStore.set(row.key.owner, [...(byStore.get(row.key.owner) ?? []), row]);
    for (const [storeId, rows] of byStore) {
      const plan = this.#planOf(storeId, rows);
      if (plan !== null) plans.set(storeId, plan);
    }
    for (const [storeId, plan] of this.#files) plans.set(storeId, plan);
    return plans;
  }

  #planOf(storeId: string, rows: readonly Report[]): SitePlan | null {
    // A report without its gateway was kept by an earlier version; the next that comes takes its place.
    const named = rows.filter(({ key }) => key.part !== "");
    const [newest, ...others] = [...(named.length > 0 ? named : rows)].sort((a, b) => b.at - a.at);
    if (newest === undefined) return null;
    const texts = [newest, ...others].map(({ text }) => text);
    const source = texts.join("\n");
    const known = this.#read.get(storeId);
    if (known?.text === source) return known.plan;
    const merged = others.length === 0 ? null : this.#readPlan(storeId, mergedPlan(texts));
    const plan = merged ?? this.#readPlan(storeId, newest.text);
    const oldest = this.#read.keys().next().value;
    if (this.#read.size >= PLAN_CAP && oldest !== undefined) this.#read.delete(oldest);
    this.#read.set(storeId, { text: source, plan });
    return plan;
  }

  #readPlan(storeId: string, text: string): SitePlan | null {
    const read = readReportedPlan(storeId, JSON.parse(text));
    if (read.ok) return read.value;
    const fields = { event: "plans.unreadable", storeId, why: read.error };
    this.#options.log.warn(fields, "the reported site plan of a store cannot be used");
    return null;
  }
}

/** Lists of a plan whose parts belong to one gateway each. */
const OWN_PARTS = ["cameras", "receivers"] as const;

type PlanText = Readonly<Record<string, unknown>>;

/** The first plan with what only the others have; later ones give way to earlier ones. Pure. */
function mergedPlan(texts: readonly string[]): string {
  const plans = texts.map((text) => JSON.parse(text) as PlanText);
  const lists = OWN_PARTS.map((name) => {
    const parts = new Map<unknown, unknown>();
    for (const part of plans.flatMap((plan) => partsOf(plan[name])))
      if (!parts.has(part.id)) parts.set(part.id, part);
    return [name, [...parts.values()]] as const;
  });
  return JSON.stringify({ ...plans[0], ...Object.fromEntries(lists) });
}

const partsOf = (list: unknown): readonly { readonly id: unknown }[] =>
  Array.isArray(list) ? list : [];
