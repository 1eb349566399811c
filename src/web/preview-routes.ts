import type { Socket } from "node:net";
import websocket from "@fastify/websocket";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { PreviewEnd, PreviewRefusal, PreviewSource, PreviewViewer } from "../core/preview.ts";
import type { SitePlan } from "../core/site.ts";
import { isOwnOrigin } from "./access.ts";
import type { RefusalView, SetUpView } from "./views.ts";

export interface PreviewRouteDeps {
  readonly site: () => SitePlan;
  readonly preview: PreviewSource;
  /** Address of the player's script. */
  readonly playerUrl: string;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Answers to an upgrade; everywhere else an upgrade is refused. */
    readonly isWebSocket?: boolean;
  }
}

interface CameraRoute {
  readonly Params: { readonly id: string };
}

/** Stills of one address in a minute; each one costs an ffmpeg. */
const STILLS_PER_MINUTE = 30;
/** Viewers never send anything but a closing frame. */
const LARGEST_MESSAGE_BYTES = 1024;
/** A connection that asked for an upgrade and did not become a WebSocket is closed after this silence. */
const UNDECIDED_MS = 10_000;
/** Close code of a stream that the gateway ends; the reason is a word. @source RFC 6455 section 7.4.2, private use. */
export const STREAM_OVER = 4000;

const UNKNOWN_CAMERA: RefusalView = {
  error: "NOT_FOUND",
  message: "The site plan has no such camera.",
  hint: "The cameras are listed at /api/site.",
};
const NO_SOCKET: RefusalView = {
  error: "NOT_FOUND",
  message: "There is no WebSocket at this address.",
  hint: "The live preview of a camera is at /api/cameras/ID/preview.",
};
const FOREIGN: RefusalView = {
  error: "FOREIGN_ORIGIN",
  message: "Pictures are shown to this gateway's own page only.",
  hint: "Open the Set-up page of the dashboard.",
};

/** What a gateway without cameras of its own says to everybody who asks for a picture. */
export const NO_PREVIEW: PreviewSource = {
  policy: { isEnabled: false, isPixelated: true },
  hasPicture: () => false,
  refusal: () => OFF,
  watch: () => OFF,
  snapshot: () => Promise.resolve(OFF),
};
const OFF: PreviewRefusal = {
  word: "PREVIEW_DISABLED",
  message: "Pictures are switched off here.",
  hint: "They can be seen on the gateway itself, with `preview.enabled: true`.",
};

/**
 * Lets WebSockets in. To be called before any hook that may refuse a request: only then is the connection of a refused
 * upgrade, which no limit of the HTTP server watches over, closed with the answer.
 */
export async function admitWebSockets(server: FastifyInstance): Promise<void> {
  const upgraded = new Set<Socket>();
  server.server.on("upgrade", ({ socket }) => {
    upgraded.add(socket);
    socket.on("close", () => upgraded.delete(socket));
    // For answers given before any hook runs (an overlong address); a WebSocket takes the limit away again.
    socket.setTimeout(UNDECIDED_MS, () => socket.destroy());
  });
  await server.register(websocket, {
    options: { maxPayload: LARGEST_MESSAGE_BYTES, perMessageDeflate: false },
    // Without asking: a peer that does not answer the closing frame would hold up a shutdown for half a minute.
    preClose: (done) => {
      for (const socket of upgraded) socket.destroy();
      server.websocketServer.close(() => done());
    },
  });
  server.addHook("onRequest", async (request, reply) => {
    const isPlace = request.routeOptions.config.isWebSocket === true;
    if (request.ws && !isPlace) return await reply.code(404).send(NO_SOCKET);
  });
}

/**
 * What Set-up shows: GET /api/set-up, one still per GET /api/cameras/:id/snapshot.jpg, and the live preview as a
 * WebSocket at /api/cameras/:id/preview that carries an MPEG transport stream with MPEG-1 video and nothing else. All
 * behind the session guard of the API; whatever is refused is refused before anything is started.
 */
export function previewRoutes(server: FastifyInstance, deps: PreviewRouteDeps): void {
  const { preview } = deps;
  server.get("/api/set-up", (_request, reply) =>
    reply.header("cache-control", "no-store").send(setUpViewOf(deps)),
  );
  server.get<CameraRoute>(
    "/api/cameras/:id/snapshot.jpg",
    {
      exposeHeadRoute: false,
      config: { rateLimit: { max: STILLS_PER_MINUTE, timeWindow: 60_000 } },
    },
    async (request, reply) => {
      const unfit = unfitRequest(deps, request);
      if (unfit !== null) return await reply.code(unfit.status).send(unfit.body);
      const outcome = await preview.snapshot(request.params.id);
      if (!(outcome instanceof Uint8Array)) return await refuse(reply, outcome);
      return await reply
        .header("cache-control", "no-store")
        .type("image/jpeg")
        .send(Buffer.from(outcome.buffer, outcome.byteOffset, outcome.byteLength));
    },
  );
  server.get<CameraRoute>(
    "/api/cameras/:id/preview",
    {
      websocket: true,
      config: { isWebSocket: true },
      // Before the connection is upgraded: a refusal is a plain HTTP answer.
      preValidation: async (request, reply) => {
        const unfit = unfitRequest(deps, request);
        if (unfit !== null) return await reply.code(unfit.status).send(unfit.body);
        const refusal = preview.refusal(request.params.id);
        if (refusal !== null) return await refuse(reply, refusal);
        if (!request.ws) return await reply.code(426).header("upgrade", "websocket").send(UPGRADE);
      },
    },
    (socket, request) => show(socket, preview, request.params.id),
  );
}

const UPGRADE: RefusalView = {
  error: "REFUSED",
  message: "The live preview is a WebSocket.",
  hint: "The Set-up page of the dashboard shows it.",
};

/** The part of a WebSocket that is used. */
interface PreviewSocket {
  readonly bufferedAmount: number;
  send(chunk: Uint8Array): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: "close", listener: () => void): unknown;
}

/** Lets one socket look until it closes. */
function show(socket: PreviewSocket, preview: PreviewSource, cameraId: string): void {
  const viewer: PreviewViewer = {
    get waitingBytes() {
      return socket.bufferedAmount;
    },
    send: (chunk) => socket.send(chunk),
    end: (reason: PreviewEnd) => {
      socket.close(STREAM_OVER, reason);
      // A peer that takes nothing would never see the closing frame behind what waits for it.
      if (reason === "TOO_SLOW") socket.terminate();
    },
  };
  const outcome = preview.watch(cameraId, viewer);
  if (typeof outcome === "function") socket.on("close", outcome);
  else socket.close(STREAM_OVER, outcome.word);
}

/** Why a request gets no picture whatever the camera does; null when there is no reason. */
function unfitRequest(
  deps: PreviewRouteDeps,
  request: FastifyRequest<CameraRoute>,
): { readonly status: number; readonly body: RefusalView } | null {
  const { host, origin } = request.headers;
  const site = request.headers["sec-fetch-site"];
  const fetchSite = Array.isArray(site) ? site[0] : site;
  if (!isOwnOrigin({ host, origin, fetchSite })) return { status: 403, body: FOREIGN };
  const isKnown = deps.site().cameras.some(({ id }) => id === request.params.id);
  return isKnown ? null : { status: 404, body: UNKNOWN_CAMERA };
}

function refuse(reply: FastifyReply, refusal: PreviewRefusal): FastifyReply {
  const { word, message, hint } = refusal;
  const body: RefusalView = { error: word, message, hint };
  const status = STATUS[word] ?? 503;
  if (word === "TOO_MANY_VIEWERS") void reply.header("retry-after", "10");
  return reply.code(status).header("cache-control", "no-store").send(body);
}

/** Everything else is a camera that does not see. */
const STATUS: Readonly<Partial<Record<PreviewRefusal["word"], number>>> = {
  PREVIEW_DISABLED: 403,
  CAMERA_WITHOUT_PICTURE: 409,
};

function setUpViewOf({ site, preview, playerUrl }: PreviewRouteDeps): SetUpView {
  return {
    preview: { ...preview.policy, playerUrl },
    cameras: site().cameras.map(({ id, ground }) => ({
      id,
      hasPicture: preview.hasPicture(id),
      groundPoints: ground?.length ?? 0,
    })),
  };
}
