import { readFileSync } from "node:fs";
import { parseSitePlan } from "../../src/config/site.ts";
import type { SitePlan } from "../../src/core/site.ts";

/** Reads a site plan that is known to be right. */
export function readSitePlanFile(path: string): SitePlan {
  const outcome = parseSitePlan(JSON.parse(readFileSync(path, "utf8")));
  if (!outcome.ok) throw new TypeError(`${path} is no site plan`);
  return outcome.value;
}
