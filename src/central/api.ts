import { timingSafeEqual } from "node:crypto";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type EpochMs, epochMs } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";
import { describeFaults, GatewayError, type InputFault } from "../core/errors.ts";
import type { SitePlan } from "../core/site.ts";
import type { LinkState } from "../io/mqtt/link.ts";
import { type EventsQuery, parseEventsQuery } from "../wire/central-api.ts";
import { parseReportQuery } from "../wire/report-query.ts";
import { computeDay } from "./day-view.ts";
import { computeReport, type PeriodMetrics } from "./period-view.ts";
import type { EventRepository, GatewayRow } from "./repository.ts";

export interface ApiOptions {
  readonly repository: EventRepository;
  readonly linkState: () => LinkState;
  /** Site plans by store, for the day's figures; a shop without one has events but no figures. */
  readonly siteOf: (storeId: string) => SitePlan | null;
  readonly metricsOf: ((site: SitePlan) => PeriodMetrics) | null;
  /** Required in `authorization: Bearer ...` of every request but /healthz; null only on loopback. */
  readonly token: string | null;
  readonly clock: Clock;
}

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Builds the read API of the centre; the caller listens. Everything answers JSON; nothing can be changed by it. */
export function createApi(options: ApiOptions): FastifyInstance {
  const { repository, clock } = options;
  const app = fastify({ logger: false, bodyLimit: 1024 });
  app.addHook("onRequest", async (request, reply) => guard(options, request, reply));
  app.setErrorHandler((error, _request, reply) => answerError(error, reply));
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: "NOT_FOUND", message: "no such address" }),
  );
  app.get("/healthz", async (_request, reply) => {
    const link = options.linkState();
    const isWell = link.kind === "connected";
    return reply.code(isWell ? 200 : 503).send({
      status: isWell ? "ok" : "degraded",
      broker: link.kind,
      code: link.kind === "offline" ? link.code : null,
    });
  });
  app.get("/api/v1/gateways", async () => {
    const rows = await repository.gateways();
    return { gateways: rows.map((row) => gatewayBody(row, clock.now())) };
  });
  app.get("/api/v1/stores", async () => ({ stores: await repository.stores() }));
  app.get<{ Params: { id: string }; Querystring: Record<string, string> }>(
    "/api/v1/stores/:id/events",
    async (request, reply) => {
      const query = parseEventsQuery(request.query);
      if (query.ok) return eventsPage(repository, request.params.id, query.value);
      return refuseQuery(reply, query.error);
    },
  );
  shopRoutes(app, options);
  return app;
}

/** Figures of one shop: its present day, and reports over past ones. */
function shopRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { repository, siteOf, metricsOf, clock } = options;
  const unknown = { error: "SITE_UNKNOWN", message: "the centre has no site plan of this store" };
  app.get<{ Params: { id: string } }>("/api/v1/stores/:id/today", async (request, reply) => {
    const site = siteOf(request.params.id);
    if (site === null || metricsOf === null) return reply.code(404).send(unknown);
    return computeDay(repository, site, metricsOf, clock.now());
  });
  app.get<{ Params: { id: string } }>("/api/v1/stores/:id/report", async (request, reply) => {
    const site = siteOf(request.params.id);
    if (site === null || metricsOf === null) return reply.code(404).send(unknown);
    const query = parseReportQuery(request.query);
    if (!query.ok) return refuseQuery(reply, query.error);
    const report = await computeReport(repository, site, metricsOf, query.value, clock.now());
    return report.ok ? report.value : refuseQuery(reply, report.error);
  });
}

function refuseQuery(reply: FastifyReply, faults: readonly InputFault[]): FastifyReply {
  const message = describeFaults(faults);
  return reply.code(400).send({ error: "MESSAGE_INVALID", message, faults });
}

async function eventsPage(
  repository: EventRepository,
  storeId: string,
  query: EventsQuery,
): Promise<Readonly<Record<string, unknown>>> {
  const rows = await repository.events({ storeId, ...query });
  const last = rows.at(-1);
  const isFull = rows.length === query.limit && last !== undefined;
  return {
    events: rows.map((row): unknown => JSON.parse(row.body)),
    next: isFull ? `${last.at}.${last.id}` : null,
  };
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

async function guard(
  options: ApiOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (options.token === null) {
    // Without a token only the loopback name is served: a web page that rebinds its own name gets nothing.
    if (LOOPBACK_HOST.test(request.headers.host ?? "")) return;
    await reply.code(403).send({ error: "FORBIDDEN", message: "use the loopback address" });
    return;
  }
  if (request.url === "/healthz" || isToken(request.headers.authorization, options.token)) return;
  await reply.code(401).send({ error: "UNAUTHORIZED", message: "send the token as bearer" });
}

function isToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function answerError(error: unknown, reply: FastifyReply): FastifyReply {
  if (error instanceof GatewayError) {
    return reply.code(503).send({ error: error.code, message: error.message, hint: error.hint });
  }
  const status = statusOf(error);
  const message = status < 500 && error instanceof Error ? error.message : "internal error";
  return reply.code(status).send({ error: status < 500 ? "BAD_REQUEST" : "INTERNAL", message });
}

function statusOf(error: unknown): number {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return 500;
  return typeof error.statusCode === "number" ? error.statusCode : 500;
}
