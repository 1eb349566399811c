import type { FastifyInstance } from "fastify";
import { type Assets, encodedBody } from "./assets.ts";
import type { DashboardSource } from "./dashboard-source.ts";
import type { LiveHub } from "./live-hub.ts";
import { appPage } from "./pages.ts";
import { type DefinitionView, type RefusalView, siteViewOf } from "./views.ts";

interface RouteDeps {
  readonly source: DashboardSource;
  readonly definitions: () => readonly DefinitionView[];
  readonly assets: Assets;
  readonly hub: LiveHub;
}

/** The JSON API; every answer is made at the moment of asking and never cached. */
export function apiRoutes(server: FastifyInstance, deps: RouteDeps): void {
  const answers: readonly (readonly [path: string, read: () => unknown])[] = [
    ["/api/today", () => deps.source.today()],
    ["/api/status", () => deps.source.status()],
    ["/api/site", () => siteViewOf(deps.source.site())],
    ["/api/definitions", () => deps.definitions()],
  ];
  for (const [path, read] of answers) {
    server.get(path, (_request, reply) => reply.header("cache-control", "no-store").send(read()));
  }
  server.get("/healthz", { config: { open: true } }, (_request, reply) =>
    reply.header("cache-control", "no-store").send({ ok: true }),
  );
}

/** GET /api/stream: `today`, `status`, `people` and `heartbeat` events until the reader leaves. */
export function streamRoute(server: FastifyInstance, hub: LiveHub): void {
  const full: RefusalView = {
    error: "TOO_MANY_READERS",
    message: "As many pages are open as this gateway serves at once.",
    hint: "Close one; this page tries again by itself.",
  };
  server.get("/api/stream", { exposeHeadRoute: false }, (_request, reply) => {
    const sink = reply.raw;
    if (hub.isFull()) return reply.code(503).header("retry-after", "10").send(full);
    reply.hijack();
    // A hijacked reply sends no headers of its own: those of helmet and the limiter are copied by hand.
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) sink.setHeader(name, value);
    }
    sink.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
    hub.attach(sink);
    return reply;
  });
}

/** Addresses of the one page; its script draws what belongs to each. */
const PAGES = ["/", "/journeys", "/compare", "/definitions", "/set-up", "/set-up/walk"];

/** The page and its files, all from memory. */
export function pageRoutes(server: FastifyInstance, assets: Assets, hasSession: boolean): void {
  const page = appPage(assets, hasSession);
  for (const path of PAGES) {
    server.get(path, (_request, reply) =>
      reply.type("text/html; charset=utf-8").header("cache-control", "no-cache").send(page),
    );
  }
  for (const asset of Object.values(assets)) {
    server.get(asset.url, { config: { open: asset.open } }, (request, reply) => {
      const accept = request.headers["accept-encoding"];
      const { body, encoding } = encodedBody(asset, Array.isArray(accept) ? accept[0] : accept);
      if (encoding !== null) void reply.header("content-encoding", encoding);
      return reply
        .type(asset.type)
        .header("vary", "accept-encoding")
        .header("cache-control", asset.open ? "public, max-age=31536000, immutable" : "no-cache")
        .send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    });
  }
  server.get("/favicon.ico", { config: { open: true } }, (_request, reply) =>
    reply.redirect(assets["icon.svg"].url, 302),
  );
}
