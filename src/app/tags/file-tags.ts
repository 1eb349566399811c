import type { Clock } from "../../core/clock.ts";
import { csvText } from "../../io/csv/csv-records.ts";
import { sitePlanFile } from "../../io/site/site-plan-file.ts";
import { TAG_CSV_BYTES } from "../../io/site/tag-csv.ts";
import { importTags, removeTag } from "../../io/site/tag-import.ts";
import { loadSiteFile } from "../config-files.ts";
import type { TagsAtHand } from "./tags-at-hand.ts";

/** The tags of a site plan file. A running gateway takes a change over when it starts. */
export function fileTags(path: string, clock: Clock): TagsAtHand {
  const store = sitePlanFile(path, clock);
  return {
    async list() {
      const { tags } = await loadSiteFile(path);
      const unheard = { zone: null, lastSeenAt: null, batteryRatio: null, batteryMv: null };
      return {
        total: tags.length,
        matching: tags.length,
        canChange: true,
        isKept: true,
        zones: [],
        tags: tags.map(({ id, kind, name = id }) => ({
          id,
          kind,
          name,
          state: "outside",
          ...unheard,
          isBatteryLow: false,
        })),
      };
    },
    async importCsv(csv, { isDryRun, skipsInvalid }) {
      const text = csvText(csv, "the file", TAG_CSV_BYTES);
      const rule = skipsInvalid ? "skip-invalid" : "all-or-nothing";
      const { result } = await store.update((plan) => importTags(plan, text, rule), isDryRun);
      return { isDryRun, ...result };
    },
    remove: async (id) => (await store.update((plan) => removeTag(plan, id))).result,
  };
}
