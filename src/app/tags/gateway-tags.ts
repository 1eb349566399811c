import { FAULTS, type FaultCode, GatewayError } from "../../core/errors.ts";
import type { TagImportView, TagListView } from "../../web/tags-view.ts";
import type { RefusalView } from "../../web/views.ts";
import type { GatewayApi } from "../record/gateway-api.ts";
import type { TagsAtHand } from "./tags-at-hand.ts";

/** The tags of a running gateway; changes are in effect at once. */
export function gatewayTags(api: GatewayApi): TagsAtHand {
  return {
    list: async () => (await api.json("/api/tags?limit=20000")) as TagListView,
    async importCsv(csv, { isDryRun, skipsInvalid }) {
      const flags = [...(isDryRun ? ["dry-run"] : []), ...(skipsInvalid ? ["skip-invalid"] : [])];
      const path = `/api/tags/import?${flags.join("&")}`;
      const { status, answer } = await api.change("POST", path, csv);
      if (status !== 200 && status !== 422) throw faultOf(status, answer);
      return answer as TagImportView;
    },
    async remove(id) {
      const path = `/api/tags/${encodeURIComponent(id)}`;
      const { status, answer } = await api.change("DELETE", path);
      if (status !== 200 && status !== 404) throw faultOf(status, answer);
      return status === 200;
    },
  };
}

/** The gateway's own fault when it names one of ours. */
function faultOf(status: number, answer: unknown): GatewayError {
  const { error, message } = (answer ?? {}) as Partial<RefusalView>;
  const isOurs = typeof error === "string" && error in FAULTS;
  const code = isOurs ? (error as FaultCode) : "GATEWAY_REFUSED";
  return new GatewayError(code, `the gateway refused (${status}): ${message ?? "no reason given"}`);
}
