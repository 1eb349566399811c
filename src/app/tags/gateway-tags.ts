import type { TagImportView, TagListView } from "../../web/tags-view.ts";
import { type GatewayApi, refusalOf } from "../record/gateway-api.ts";
import type { TagsAtHand } from "./tags-at-hand.ts";

/** The tags of a running gateway; changes are in effect at once. */
export function gatewayTags(api: GatewayApi): TagsAtHand {
  return {
    list: async () => (await api.json("/api/tags?limit=20000")) as TagListView,
    async importCsv(csv, { isDryRun, skipsInvalid }) {
      const flags = [...(isDryRun ? ["dry-run"] : []), ...(skipsInvalid ? ["skip-invalid"] : [])];
      const path = `/api/tags/import?${flags.join("&")}`;
      const { status, answer } = await api.change("POST", path, csv);
      if (status !== 200 && status !== 422) throw refusalOf(status, answer);
      return answer as TagImportView;
    },
    async remove(id) {
      const path = `/api/tags/${encodeURIComponent(id)}`;
      const { status, answer } = await api.change("DELETE", path);
      if (status !== 200 && status !== 404) throw refusalOf(status, answer);
      return status === 200;
    },
  };
}
