import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { parseCentralLoyalty } from "../../src/central/loyalty/loyalty-config.ts";
import type { LoyaltySetting } from "../../src/central/loyalty/loyalty-desk.ts";
import { epochMs, lineId, monoMs, tagId, visitId, zoneId } from "../../src/core/brand.ts";
import type { JourneyCompleted } from "../../src/core/events.ts";

/** A notice as the API takes it. */
export const API_NOTICE = { id: "loyalty", version: 3, language: "da", sha256: "5b".repeat(32) };

/** A consent as the API takes it. */
export const apiConsent = (purpose = "loyalty-beacon", isMinor = false) => ({
  purpose,
  notice: API_NOTICE,
  proof: { kind: "device", ref: "app-7" },
  isMinor,
});

export const HOOK_SECRET = "a-secret-of-the-receiver-that-is-long-enough";

/** A loyalty setting of two tenants: acme with two stores far apart, other with one. */
export function loyaltySetting(stateDir: string, webhooks: readonly object[] = []): LoyaltySetting {
  const parsed = parseCentralLoyalty({
    v: 1,
    stateDir: join(stateDir, "loyalty"),
    tenants: [
      {
        ...{ tenantId: "acme", jurisdiction: "kiosk-verify", switchedOnBy: "Ada Holm, manager" },
        apiKeys: ["crm"],
        groups: [
          {
            storeGroup: "north",
            stores: [
              { storeId: "shop1", latitude: 55.676, longitude: 12.568 },
              { storeId: "shop2", latitude: 56.162, longitude: 10.203 },
            ],
          },
        ],
        webhooks,
      },
      {
        ...{ tenantId: "other", apiKeys: ["rival"], webhooks },
        groups: [{ storeGroup: "south", stores: [{ storeId: "shop9" }] }],
      },
    ],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return {
    config: parsed.value,
    masterKey: new Uint8Array(32).fill(7),
    secretOf: () => HOOK_SECRET,
  };
}

/** What a receiver of webhooks got. */
export interface Received {
  readonly path: string;
  readonly body: string;
  readonly signature: string;
  readonly delivery: string;
}

/** A receiver of webhooks on loopback; `statuses` are its next answers, 200 when there are none left. */
export class HookReceiver {
  readonly received: Received[] = [];
  readonly statuses: number[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += String(chunk);
      });
      request.on("end", () => {
        const { "vitrine-signature": signature, "vitrine-delivery": delivery } = request.headers;
        this.received.push({
          ...{ path: request.url ?? "", body },
          ...{ signature: String(signature), delivery: String(delivery) },
        });
        response.statusCode = this.statuses.shift() ?? 200;
        if (response.statusCode === 302) response.setHeader("location", "/elsewhere");
        response.end();
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", () => resolve()));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/hook`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** A completed visit of whoever carries a card. */
export function visit(card: string, change: Partial<JourneyCompleted> = {}): JourneyCompleted {
  const at = epochMs(1_780_000_000_000);
  return {
    ...{ kind: "completed", source: "visits#1", seq: 1, at, atMono: monoMs(1), clock: "synced" },
    ...{ visitId: visitId("visit-1"), revision: 0, isWithdrawn: false, method: "tag" },
    ...{ tagKind: "loyalty-card", tagId: tagId(card), enteredAt: epochMs(at - 600_000) },
    ...{ exitedAt: at, isEntrySeen: true, isExitSeen: true, entryLineId: lineId("door") },
    ...{ exitLineId: lineId("door"), endedBy: "exit", reentries: 0, isStaff: false },
    stays: [{ zoneId: zoneId("shoes"), enteredAt: at, dwellMs: 60_000, isCensored: false }],
    ...{ staysDropped: 0, queues: [], basket: null, receipts: [] },
    began: { source: "visits#1", seq: 0 },
    ...change,
  };
}
