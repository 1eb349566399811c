import type { EpochMs, GatewayId, TenantId } from "../../core/brand.ts";
import { fail, ok, type Result } from "../../core/errors.ts";
import type { CentralStore } from "../repository.ts";
import { destroyKey, keptKeys } from "./key-shelf.ts";
import type { LoyaltyDesk } from "./loyalty-desk.ts";
import type { ActRefusal } from "./member-acts.ts";
import { CENTRE, hookOf } from "./tenant-consents.ts";
import type { TenantDesk } from "./tenant-desk.ts";

/** Who is not waited for any more, and who answers for that. */
export interface WriteOff {
  readonly tenantId: TenantId;
  readonly consumer: string;
  /** Absent: every open request. */
  readonly erasureId?: string;
  readonly by: string;
  readonly reason: string;
  readonly isRetired: boolean;
}

export interface WrittenOff {
  readonly consumer: string;
  readonly writtenOff: number;
  readonly closed: number;
  readonly isRetired: boolean;
}

type Store = Pick<CentralStore, "gateways" | "audit" | "document" | "documents" | "changeDocument">;

const refusal = (status: 404 | 409, error: string, message: string): ActRefusal => ({
  ...{ status, error, message },
});

/**
 * Writes off what somebody was asked to erase and never will: noted in the ledger with the person and the reason, and in
 * the audit log. The centre itself cannot be written off, nor a gateway that is connected, unless it is retired. A retired
 * gateway is not asked any more, and the key of its templates is destroyed, so that what it holds opens nothing.
 * @throws STORE_FAILED, the ledger's faults; done again, it goes on
 */
export async function writeOff(
  loyalty: LoyaltyDesk,
  store: Store,
  wish: WriteOff,
  { actor, at }: { readonly actor: string; readonly at: EpochMs },
): Promise<Result<WrittenOff, ActRefusal>> {
  const { tenantId, consumer, erasureId, by, reason, isRetired } = wish;
  const desk = loyalty.desk(tenantId);
  if (desk === null) return fail(refusal(404, "CONSUMER_UNKNOWN", "there is no such tenant"));
  const refused = await refusalOf(desk, store, wish);
  if (refused !== null) return fail(refused);
  const detail = `${by}: ${reason}`;
  await store.audit({ at, actor, action: "loyalty:write-off", target: consumer, detail });
  if (isRetired) await retire(desk, store, consumer as GatewayId, { actor, at });
  let [writtenOff, closed] = [0, 0];
  for (const open of waitingFor(desk, consumer, erasureId)) {
    if (!desk.consents.writeOff(open, consumer, { by, reason })) continue;
    writtenOff += 1;
    if (desk.consents.erasure(open) === null) closed += 1;
  }
  return ok({ consumer, writtenOff, closed, isRetired });
}

const waitingFor = (desk: TenantDesk, consumer: string, only?: string): readonly string[] =>
  desk.consents
    .openErasures()
    .filter(({ waiting }) => waiting.includes(consumer))
    .map(({ erasureId }) => erasureId)
    .filter((id) => only === undefined || id === only);

async function refusalOf(
  desk: TenantDesk,
  store: Store,
  { consumer, erasureId, isRetired }: WriteOff,
): Promise<ActRefusal | null> {
  if (consumer === CENTRE)
    return refusal(409, "NOT_WRITTEN_OFF", "the centre erases itself, and tries until it has");
  const isGateway = hookOf(consumer) === null;
  if (isRetired && !isGateway)
    return refusal(409, "NOT_WRITTEN_OFF", "a receiver is retired in the loyalty file");
  const isAsked = isGateway && desk.consents.gateways.has(consumer as GatewayId);
  const waits = waitingFor(desk, consumer, erasureId).length > 0;
  if (!waits && !(isRetired && isAsked))
    return refusal(404, "CONSUMER_UNKNOWN", "no open request to erase waits for it");
  if (isRetired || !isGateway) return null;
  const row = (await store.gateways()).find(({ gatewayId }) => gatewayId === consumer);
  return row?.online === true
    ? refusal(409, "NOT_WRITTEN_OFF", "the gateway is connected and can answer")
    : null;
}

async function retire(
  desk: TenantDesk,
  store: Store,
  gatewayId: GatewayId,
  by: { readonly actor: string; readonly at: EpochMs },
): Promise<void> {
  const { tenantId } = desk;
  const kept = await keptKeys(store, tenantId);
  if (kept.some((one) => one.gatewayId === gatewayId))
    await destroyKey(store, { tenantId, gatewayId }, by);
  desk.consents.retire(gatewayId);
}
