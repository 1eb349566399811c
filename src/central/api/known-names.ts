import type { FastifyReply } from "fastify";
import { epochMs } from "../../core/brand.ts";
import { DEFINITIONS } from "../../metrics/definitions.ts";
import { type ApiContext, refuseInput } from "./api-context.ts";

/** Whether a store has a plan, events or a gateway. @throws STORE_FAILED */
export async function isStoreKnown(
  { repository, plans }: Pick<ApiContext, "repository" | "plans">,
  storeId: string,
): Promise<boolean> {
  if ((await plans.of(storeId)) !== null) return true;
  const [from, to] = [epochMs(-9e15), epochMs(9e15)];
  const any = await repository.events({ storeId, from, to, type: null, limit: 1, after: null });
  if (any.length > 0) return true;
  return (await repository.gateways()).some((row) => row.storeId === storeId);
}

/** Says that there is no such store: 404, with what was asked for. */
export function refuseStore(reply: FastifyReply, storeId: string): FastifyReply {
  const faults = [
    { path: "id", found: JSON.stringify(storeId), expected: "a store of /api/v1/stores" },
  ];
  const message = "there is no such store";
  return reply.code(404).send({ error: "STORE_UNKNOWN", message, faults });
}

/** Says that there is no such metric: 400, with all there are. */
export function refuseMetric(reply: FastifyReply, metric: string): FastifyReply {
  const expected = `one of ${DEFINITIONS.map((one) => one.metric).join(", ")}`;
  return refuseInput(reply, [{ path: "metric", found: JSON.stringify(metric), expected }]);
}
