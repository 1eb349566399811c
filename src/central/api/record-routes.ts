import type { FastifyInstance } from "fastify";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { GatewayRow, QuarantineRow } from "../repository.ts";
import { type ApiContext, addOperation } from "./api-context.ts";
import { maySeeNamesOf } from "./tenant-access.ts";

/** What came, what did not, what could not be read, and who did what. */
export function addRecordRoutes(app: FastifyInstance, context: ApiContext): void {
  const { repository, clock } = context;
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
  addOperation(app, "quarantine", async ({ query: { before, limit }, access }) => {
    const detail = `before ${before ?? "now"}, at most ${limit}`;
    const entry = { actor: access.name, action: "read:quarantine", target: "all gateways", detail };
    await repository.audit({ at: clock.now(), ...entry });
    const rows = await repository.quarantined(before ?? null, limit);
    return {
      rows: rows.map((row) => asideAnswer(row, maySeeNamesOf(context, access, row.gatewayId))),
      next: rows.length === limit ? (rows.at(-1)?.n ?? null) : null,
      lost: await repository.asideLosses(),
    };
  });
  addOperation(app, "audit", async ({ query: { before, limit } }) => {
    const entries = await repository.audits(before ?? null, limit);
    return { entries, next: entries.length === limit ? (entries.at(-1)?.n ?? null) : null };
  });
}

/** A text in a reason, as it was found in the message; it may be cut. */
const FOUND_TEXT = /found "(?:[^"\\]|\\.)*"?/g;

/**
 * What was set aside for a key. It could not be read, so nobody can tell where in it the id of a card or a receipt stands:
 * to who may not see names neither the body is shown nor the texts that the reason quotes from it. Pure.
 */
function asideAnswer(
  row: QuarantineRow,
  maySeeNames: boolean,
): Omit<QuarantineRow, "body"> & { readonly body: string | null } {
  if (maySeeNames) return row;
  return { ...row, body: null, reason: row.reason.replaceAll(FOUND_TEXT, "found a text") };
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
