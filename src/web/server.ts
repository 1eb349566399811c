import { randomBytes } from "node:crypto";
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import fastify, { type FastifyError, type FastifyInstance } from "fastify";
import type { Clock } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import { Disposer, type Log, type Service } from "../core/lifecycle.ts";
import type { PreviewSource } from "../core/preview.ts";
import { isLoopbackHost, mayServeOnLoopback } from "./access.ts";
import { prepareAssets, type UiFiles } from "./assets.ts";
import type { DashboardSource } from "./dashboard-source.ts";
import { LIVE_LIMITS, LiveHub, type LiveLimits } from "./live-hub.ts";
import { admitWebSockets, NO_PREVIEW, previewRoutes } from "./preview-routes.ts";
import { RecordingStreams } from "./recording-streams.ts";
import { reportRoutes } from "./report-routes.ts";
import { apiRoutes, pageRoutes, streamRoute } from "./routes.ts";
import { SignIn } from "./sign-in.ts";
import { guardBySession, hasLiveSession, signInRoutes } from "./sign-in-routes.ts";
import { type StationUi, stationRoutes } from "./station/station-routes.ts";
import type { StationPort } from "./station/station-view.ts";
import { tagRoutes } from "./tag-routes.ts";
import { tillRoutes } from "./till-routes.ts";
import type { DefinitionView, RefusalView } from "./views.ts";
import { walkRoutes } from "./walk-routes.ts";

/** What the dashboard is made of. */
export interface DashboardDeps {
  readonly source: DashboardSource;
  /** The metric definitions, for GET /api/definitions. */
  readonly definitions: () => readonly DefinitionView[];
  /** Address to listen on. Anything but loopback needs a password. */
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** null leaves the page open, which is allowed on loopback only. */
  readonly password: string | null;
  /** Pictures for set-up; absent: there are none, and whoever asks is told so. */
  readonly preview?: PreviewSource;
  /** The station's page and what it can have done; absent: there is none. */
  readonly station?: { readonly port: StationPort; readonly files: StationUi } | undefined;
  /** The page's files, from `loadUi`. */
  readonly assets: UiFiles;
  readonly clock: Clock;
  readonly log: Log;
  /** Requests a minute from one address; 600 when absent. */
  readonly requestsPerMinute?: number;
  readonly limits?: LiveLimits;
}

/** The dashboard's HTTP server. */
export interface Dashboard extends Service {
  /** Address a browser can open; null before `start` and after disposal. */
  readonly url: string | null;
}

/** Largest number of connections, pages and API together. */
const CONNECTION_CAP = 256;

/**
 * HTTP server of the dashboard: JSON API, event stream, page and sign-in.
 * `start` throws WEB_PASSWORD_REQUIRED before anything listens, PORT_IN_USE, or LISTEN_FAILED.
 */
export function createDashboard(deps: DashboardDeps): Dashboard {
  const undo = new Disposer();
  let url: string | null = null;
  return {
    name: "web",
    get url() {
      return url;
    },
    async start(signal) {
      if (deps.password === null && !isLoopbackHost(deps.host)) {
        throw new GatewayError(
          "WEB_PASSWORD_REQUIRED",
          `listening on ${deps.host} needs a password`,
          { context: { host: deps.host } },
        );
      }
      const hub = new LiveHub({ ...deps, limits: deps.limits ?? LIVE_LIMITS });
      const server = createServer();
      undo.add(() => server.close());
      undo.add(() => hub[Symbol.asyncDispose]());
      const recordings = new RecordingStreams(deps.source, deps.clock, deps.log);
      undo.add(() => recordings[Symbol.asyncDispose]());
      await assemble(server, deps, hub, recordings);
      if (signal.aborted) return;
      const port = await listen(server, deps);
      hub.start();
      url = urlOf(deps.host, port);
      deps.log.info({ event: "web.listening", url }, "the dashboard is open");
    },
    async [Symbol.asyncDispose]() {
      url = null;
      await undo[Symbol.asyncDispose]();
    },
  };
}

function createServer(): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: 4_096,
    // Bounds a client that sends its request byte by byte.
    requestTimeout: 10_000,
    keepAliveTimeout: 20_000,
    // Open event streams must not hold up a shutdown.
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 100 },
  });
  server.server.maxConnections = CONNECTION_CAP;
  return server;
}

async function assemble(
  server: FastifyInstance,
  deps: DashboardDeps,
  hub: LiveHub,
  recordings: RecordingStreams,
): Promise<void> {
  const assets = prepareAssets(deps.assets);
  answerFaults(server, deps.log);
  await admitWebSockets(server);
  if (isLoopbackHost(deps.host)) refuseForeignHosts(server);
  await server.register(helmet, HEADERS);
  server.addHook("onRequest", async (_request, reply) => {
    reply.header("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()");
  });
  await server.register(rateLimit, {
    max: deps.requestsPerMinute ?? 600,
    timeWindow: 60_000,
    cache: 1_024,
    errorResponseBuilder: (_request, context) => ({
      statusCode: 429,
      message: `Too many requests from this address; ask again in ${context.after}.`,
    }),
  });
  await server.register(cookie, { secret: randomBytes(32).toString("base64url") });
  const signIn = deps.password === null ? null : new SignIn(deps.password, deps.clock);
  if (signIn !== null) {
    guardBySession(server, signIn);
    signInRoutes(server, { signIn, assets, log: deps.log });
  }
  apiRoutes(server, { ...deps, assets, hub });
  streamRoute(server, hub);
  previewRoutes(server, {
    site: () => deps.source.site(),
    preview: deps.preview ?? NO_PREVIEW,
    playerUrl: assets["preview-player.js"].url,
  });
  recordings.route(server);
  reportRoutes(server, deps.source);
  tagRoutes(server, deps.source);
  tillRoutes(server, {
    till: deps.source.till,
    hasSession: (request) => signIn === null || hasLiveSession(request, signIn),
  });
  walkRoutes(server, deps.source);
  if (deps.station !== undefined)
    stationRoutes(server, deps.station.port, deps.station.files, deps.clock);
  pageRoutes(server, assets, deps.password !== null);
  await server.ready();
}

/** Nothing from elsewhere, nothing inline, no frames; plain HTTP in the shop's network, so no HSTS. */
const HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      "default-src": ["'none'"],
      "script-src": ["'self'"],
      "style-src": ["'self'"],
      "img-src": ["'self'"],
      "connect-src": ["'self'"],
      "form-action": ["'self'"],
      "base-uri": ["'none'"],
      "frame-ancestors": ["'none'"],
    },
  },
  strictTransportSecurity: false,
  // Not `no-referrer`: browsers would then send `Origin: null` with our own sign-in form.
  referrerPolicy: { policy: "same-origin" as const },
  xFrameOptions: { action: "deny" as const },
};

function refuseForeignHosts(server: FastifyInstance): void {
  const refused: RefusalView = {
    error: "FOREIGN_HOST",
    message: "This dashboard answers to names of this machine only.",
    hint: "Open it as http://localhost or http://127.0.0.1.",
  };
  server.addHook("onRequest", async (request, reply) => {
    if (mayServeOnLoopback(request.headers.host)) return;
    return await reply.code(421).send(refused);
  });
}

function answerFaults(server: FastifyInstance, log: Log): void {
  server.setNotFoundHandler((_request, reply) => {
    const missing: RefusalView = {
      error: "NOT_FOUND",
      message: "There is nothing at this address.",
      hint: "The dashboard is at /.",
    };
    return reply.code(404).send(missing);
  });
  server.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ event: "web.request-failed", err: error }, "a request failed");
    const answer: RefusalView = {
      error: status === 429 ? "TOO_MANY_REQUESTS" : status >= 500 ? "FAILED" : "REFUSED",
      message: status >= 500 ? "The gateway could not answer." : error.message,
      hint: status >= 500 ? "The reason is in the gateway's log." : "Correct the request.",
    };
    return reply.code(status).send(answer);
  });
}

async function listen(server: FastifyInstance, deps: DashboardDeps): Promise<number> {
  try {
    await server.listen({ host: deps.host, port: deps.port });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (typeof code !== "string") throw cause;
    const context = { host: deps.host, port: deps.port, reason: code };
    if (code === "EADDRINUSE") {
      throw new GatewayError("PORT_IN_USE", `${deps.host}:${deps.port} is taken`, {
        cause,
        context,
      });
    }
    throw new GatewayError(
      "LISTEN_FAILED",
      `cannot listen on ${deps.host}:${deps.port} (${code})`,
      {
        cause,
        context,
      },
    );
  }
  const address = server.server.address();
  return typeof address === "object" && address !== null ? address.port : deps.port;
}

function urlOf(host: string, port: number): string {
  const everywhere = host === "0.0.0.0" || host === "::";
  const name = everywhere ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
