import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { epochMs } from "../../core/brand.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import { loadSiteFile } from "../config-files.ts";
import { beginningNow } from "./demo-day.ts";

const site = await loadSiteFile(join(import.meta.dirname, "../../../config/demo/site.json"));

for (const zone of ["UTC", "Asia/Kathmandu", "America/St_Johns", "Europe/Copenhagen"]) {
  test(`the demonstration's trading day begins within the minute before its start in ${zone}`, () => {
    const now = epochMs(Date.UTC(2026, 10, 22, 5, 7, 48));
    const { dayStart } = createMetrics({ site: beginningNow(site, zone, now) }).today(now);
    assert.equal(now - dayStart, 48_000);
  });
}
