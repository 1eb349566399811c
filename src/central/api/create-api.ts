import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { GatewayError } from "../../core/errors.ts";
import { openApiDocument } from "../../wire/openapi.ts";
import { type ApiContext, addOperation } from "./api-context.ts";
import { addChainRoutes } from "./chain-routes.ts";
import { addExportRoutes } from "./export-routes.ts";
import { addFleetRoutes } from "./fleet-routes.ts";
import { addGuard } from "./guard.ts";
import { addLoyaltyRoutes } from "./loyalty-routes.ts";
import { addPage, type PageFiles } from "./page-routes.ts";
import { addRecordRoutes } from "./record-routes.ts";
import { addShopRoutes } from "./shop-routes.ts";

export interface ApiOptions extends ApiContext {
  /** A token with all scopes, beside the keys of the store; null = none. */
  readonly token: string | null;
  /** Whether requests without a key are served, by the loopback name and while there are no keys. */
  readonly isOpen: boolean;
  /** The chain page; null = none is served. */
  readonly page: PageFiles | null;
  /** Requests a minute of one key; 600 when absent. */
  readonly requestsPerMinute?: number;
}

/** Largest body: a whole configuration. */
const BODY_BYTES = 262_144;

/** Builds the API and the page of the centre; the caller listens. Every address is one of `OPERATIONS`. */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 128 },
  });
  app.setErrorHandler((error, _request, reply) => answerError(error, reply));
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: "NOT_FOUND", message: "no such address" }),
  );
  const { repository, requestsPerMinute = 600 } = options;
  await addGuard(app, { ...options, keys: repository, requestsPerMinute });
  app.get("/healthz", { config: { isPublic: true } }, async (_request, reply) => {
    const link = options.linkState();
    const isWell = link.kind === "connected";
    return reply.code(isWell ? 200 : 503).send({
      status: isWell ? "ok" : "degraded",
      broker: link.kind,
      code: link.kind === "offline" ? link.code : null,
    });
  });
  const document = openApiDocument();
  addOperation(app, "openapi", () => document);
  addOperation(app, "key", ({ access }) => ({ name: access.name, scopes: [...access.scopes] }));
  addChainRoutes(app, options);
  addShopRoutes(app, options);
  addExportRoutes(app, options);
  addRecordRoutes(app, options);
  addFleetRoutes(app, options);
  addLoyaltyRoutes(app, options);
  if (options.page !== null) await addPage(app, options.page);
  return app;
}

const CLIENT_FAULTS: ReadonlySet<string> = new Set(["MESSAGE_INVALID", "USAGE"]);

function answerError(error: unknown, reply: FastifyReply): FastifyReply {
  if (error instanceof GatewayError) {
    const status = CLIENT_FAULTS.has(error.code) ? 400 : 503;
    return reply.code(status).send({ error: error.code, message: error.message, hint: error.hint });
  }
  const { status, message } = requestFault(error);
  if (status === 429) return reply.code(429).send({ error: "TOO_MANY_REQUESTS", message });
  if (status < 500) return reply.code(status).send({ error: "BAD_REQUEST", message });
  return reply.code(status).send({ error: "INTERNAL", message: "internal error" });
}

function requestFault(error: unknown): { readonly status: number; readonly message: string } {
  const { statusCode, message } = Object(error) as { statusCode?: unknown; message?: unknown };
  return {
    status: typeof statusCode === "number" ? statusCode : 500,
    message: typeof message === "string" ? message : "refused",
  };
}
