import { readFile } from "node:fs/promises";
import { Low } from "lowdb";
import { parse as parseYaml } from "yaml";
import { parseSitePlan } from "../../config/site.ts";
import type { Clock } from "../../core/clock.ts";
import { describeFaults, GatewayError } from "../../core/errors.ts";
import type { SitePlan } from "../../core/site.ts";
import { durableJson } from "./durable-json.ts";
import { withFileLock } from "./file-lock.ts";
import { jsonText } from "./json-text.ts";

/** A site plan as it stands in its file: times as HH:MM, defaults left out. */
export type SiteDocument = Record<string, unknown>;

/** What came of an edit. */
export interface SiteEdit<T> {
  /** The plan as it stands in the file now; after a dry run, as it would. */
  readonly plan: SitePlan;
  readonly result: T;
}

/** The site plan at rest, for whoever changes it while the shop runs. */
export interface SitePlanStore {
  /** Where it is; null for one that is only in memory. */
  readonly path: string | null;
  /**
   * Changes the document in place; it is checked as a plan and written at once, whole or not at all. Edits of this and
   * other processes wait for each other. With `isDry` everything happens but the writing.
   * @throws CONFIG_UNREADABLE, CONFIG_INVALID when the file or the edited plan is refused, SITE_UNWRITABLE,
   * SITE_CHANGED, DISK_FULL, and what `edit` throws; the file is as it was then
   */
  update<T>(edit: (document: SiteDocument) => T, isDry?: boolean): Promise<SiteEdit<T>>;
}

/** The plan in a JSON file. A plan in YAML is read by everybody and rewritten by nobody: its comments would be lost. */
export function sitePlanFile(path: string, clock: Clock): SitePlanStore {
  return {
    path,
    async update(edit, isDry = false) {
      await refuseYaml(path);
      return await withFileLock(path, clock, "SITE_UNWRITABLE", async () => {
        const low = new Low<SiteDocument>(
          durableJson({
            path,
            check: (document) => {
              checked(document, path, "is not");
              return document as SiteDocument;
            },
            print: jsonText,
            unwritable: "SITE_UNWRITABLE",
            owner: "shared",
          }),
          {},
        );
        await low.read();
        const before = JSON.stringify(low.data);
        const result = edit(low.data);
        const plan = checked(low.data, path, "would not be");
        if (!isDry && JSON.stringify(low.data) !== before) await low.write();
        return { plan, result };
      });
    },
  };
}

/** A plan that lives as long as the process, for the demonstration. */
export function sitePlanInMemory(document: SiteDocument): SitePlanStore {
  let current = document;
  return {
    path: null,
    async update(edit, isDry = false) {
      const copy = structuredClone(current);
      const result = edit(copy);
      const plan = checked(copy, "the plan", "would not be");
      if (!isDry) current = copy;
      return { plan, result };
    },
  };
}

function checked(document: unknown, path: string, verb: string): SitePlan {
  const outcome = parseSitePlan(document);
  if (outcome.ok) return outcome.value;
  const message = `${path} ${verb} a valid plan:\n${describeFaults(outcome.error)}`;
  throw new GatewayError("CONFIG_INVALID", message, { context: { path } });
}

async function refuseYaml(path: string): Promise<void> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new GatewayError("CONFIG_UNREADABLE", `cannot read ${path}`, {
      cause,
      context: { path },
    });
  });
  if (isJson(text)) return;
  if (!isYaml(text))
    throw new GatewayError("CONFIG_INVALID", `${path} is neither valid JSON nor YAML`);
  const message = `${path} is written in YAML; rewriting it would lose its comments and its form`;
  throw new GatewayError("SITE_UNWRITABLE", message, { context: { path } });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ""));
    return true;
  } catch {
    // JSON.parse tells "this is not JSON" only by throwing; that is the answer, not a fault.
    return false;
  }
}

function isYaml(text: string): boolean {
  try {
    parseYaml(text);
    return true;
  } catch {
    // As above.
    return false;
  }
}
