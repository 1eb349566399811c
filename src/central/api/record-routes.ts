import type { FastifyInstance } from "fastify";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { GatewayRow } from "../repository.ts";
import { type ApiContext, addOperation } from "./api-context.ts";

/** What came, what did not, what could not be read, and who did what. */
export function addRecordRoutes(app: FastifyInstance, { repository, clock }: ApiContext): void {
  addOperation(app, "gateways", async () => {
    const rows = await repository.gateways();
    return { gateways: rows.map((row) => gatewayBody(row, clock.now())) };
  });
  addOperation(app, "gaps", async () => {
    const rows = await repository.gateways();
    const gaps = rows.flatMap(({ gatewayId, storeId, gaps: own }) =>
      own.map((gap) => ({ gatewayId, storeId, ...gap })),
    );
    return { gaps: gaps.sort((a, b) => b.receivedAt - a.receivedAt) };
  });
  addOperation(app, "quarantine", async ({ query: { before, limit } }) => {
    const rows = await repository.quarantined(before ?? null, limit);
    return { rows, next: rows.length === limit ? (rows.at(-1)?.n ?? null) : null };
  });
  addOperation(app, "audit", async ({ query: { before, limit } }) => {
    const entries = await repository.audits(before ?? null, limit);
    return { entries, next: entries.length === limit ? (entries.at(-1)?.n ?? null) : null };
  });
}

function gatewayBody(row: GatewayRow, now: EpochMs): Readonly<Record<string, unknown>> {
  const sum = (key: "stored" | "known" | "shed" | "quarantined"): number =>
    row.streams.reduce((total, account) => total + account[key], 0);
  return {
    ...row,
    lastSeenAgeMs: epochMs(Math.max(0, now - row.lastSeenAt)),
    totals: {
      stored: sum("stored"),
      known: sum("known"),
      shed: sum("shed"),
      quarantined: sum("quarantined"),
    },
  };
}
