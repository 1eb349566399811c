import type { FastifyReply } from "fastify";
import { GatewayError } from "../core/errors.ts";
import type { RefusalView } from "./views.ts";

/** How long whoever finds the disk full should wait before sending again. */
const RETRY_AFTER_S = "30";

/**
 * Answers a fault of the world by its code, never cached: 400 when what was sent is to blame, 503 when the disk is full
 * and nothing is lost that is sent again, else 409. Anything else is a bug and goes on.
 */
export async function orFault(
  reply: FastifyReply,
  work: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  void reply.header("cache-control", "no-store");
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, message, hint } = error;
    const refused: RefusalView = { error: code, message, hint };
    if (code === "DISK_FULL")
      return await reply.code(503).header("retry-after", RETRY_AFTER_S).send(refused);
    return await reply.code(code === "INPUT_INVALID" ? 400 : 409).send(refused);
  }
}
