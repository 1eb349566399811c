import type { FastifyInstance } from "fastify";
import { type EpochMs, epochMs, gatewayId } from "../../core/brand.ts";
import { type ApiContext, addOperation, refuseUnknown } from "./api-context.ts";

/** What gateways want and report, wishes and commands. The desk writes the audit log. */
export function addFleetRoutes(app: FastifyInstance, context: ApiContext): void {
  const { repository, fleet } = context;
  const isKnown = async (id: string): Promise<boolean> => (await repository.home(id)) !== null;
  const unknown = "the centre has heard of no gateway of this id";
  addOperation(app, "fleet", async ({ id, reply }) => {
    if (!(await isKnown(id))) return refuseUnknown(reply, "GATEWAY_UNKNOWN", unknown);
    const health = await repository.document({ kind: "health", owner: id, part: "" });
    return {
      gatewayId: id,
      desired: (await fleet?.desired(gatewayId(id))) ?? null,
      reported: (await fleet?.reported(gatewayId(id))) ?? null,
      health: health === null ? null : (JSON.parse(health.text) as unknown),
      healthAt: health?.at ?? null,
    };
  });
  addOperation(app, "setDesired", async ({ id, body, access, reply }) => {
    if (fleet === null || !(await isKnown(id)))
      return refuseUnknown(reply, "GATEWAY_UNKNOWN", unknown);
    const notAfter: EpochMs | null =
      body.notAfter === null ? null : epochMs(Date.parse(body.notAfter));
    const terms = { actor: access.name, notAfter };
    const { version, hash } = await fleet.setDesired(gatewayId(id), body.document, terms);
    return { version, hash };
  });
  addOperation(app, "command", async ({ id, body, access, reply }) => {
    if (fleet === null || !(await isKnown(id)))
      return refuseUnknown(reply, "GATEWAY_UNKNOWN", unknown);
    const terms = { actor: access.name, goodForMs: body.goodForMs };
    return { id: await fleet.command(gatewayId(id), body.command, terms) };
  });
}
