import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { STATION_BODIES } from "../../wire/station-api.ts";
import { clientKeyOf } from "../access.ts";
import { type Asset, encodedBody, prepareAsset } from "../assets.ts";
import { isFromUs } from "../sign-in-routes.ts";
import type { RefusalView } from "../views.ts";
import { stationPage } from "./station-page.ts";
import type { StationLanguageCode, StationPort } from "./station-view.ts";
import { TokenTries } from "./token-tries.ts";

/** The station page's files, bundled. */
export interface StationUi {
  readonly script: Uint8Array;
  readonly style: Uint8Array;
  readonly icon: Uint8Array;
}

const NOT_ADMITTED: RefusalView = {
  error: "SIGNED_OUT",
  message: "The station's own token is missing or wrong.",
  hint: "Open the page as /station#TOKEN, with the token of loyalty.station.tokenFile.",
};
const GUESSED: RefusalView = {
  error: "SIGNED_OUT",
  message: "Too many wrong tokens came from this address.",
  hint: "Wait a minute, then open the page as /station#TOKEN, with the token of loyalty.station.tokenFile.",
};
const FOREIGN: RefusalView = {
  error: "FOREIGN_ORIGIN",
  message: "This was sent by another site.",
  hint: "Use the page that this gateway serves at /station.",
};
const NOT_UNDERSTOOD: RefusalView = {
  error: "REFUSED",
  message: "The station does not understand this request.",
  hint: "The page is of another version than the gateway: load it anew.",
};

const BODY_BYTES = 2_048;
const LANGUAGES: readonly StationLanguageCode[] = ["en", "da", "de"];
/** A kiosk's camera may read codes; nothing else of the machine is for the page. */
const PERMISSIONS = "camera=(self), microphone=(), geolocation=(), payment=()";

type Body<Name extends keyof typeof STATION_BODIES> = z.output<(typeof STATION_BODIES)[Name]>;

/**
 * GET /station, its files, and /api/station/*: open to requests without a session of the dashboard, each of which shows
 * the station's token and comes from the page itself. What comes back names no member and holds nothing of a face.
 */
export function stationRoutes(
  server: FastifyInstance,
  port: StationPort,
  files: StationUi,
  clock: Pick<Clock, "mono">,
): void {
  pageRoutes(server, files);
  const door = new Door(port, clock);
  server.get<{ Querystring: { language?: unknown } }>(
    "/api/station",
    { config: { open: true } },
    (request, reply) => {
      if (!door.admits(request, reply)) return reply;
      const wanted = LANGUAGES.find((language) => language === request.query.language);
      return reply.header("cache-control", "no-store").send(port.facts(wanted ?? null));
    },
  );
  server.get("/api/station/act", { config: { open: true } }, (request, reply) => {
    if (!door.admits(request, reply)) return reply;
    return reply.header("cache-control", "no-store").send(port.act());
  });
  const post = poster(server, port, door);
  post("join", (body) => port.join(body));
  post("agree", ({ code, ...wish }) => port.agree(code, wish));
  post("recognise", ({ code }) => port.recognise(code));
  post("verify", ({ code }) => port.verify(code));
  post("identify", () => port.identify());
  post("enrol", ({ code, ...wish }) => port.enrol(code, wish));
  post("consents", ({ code }) => ({ purposes: port.consents(code) }));
  post("forget", ({ code, purposes }) => port.forget(code, purposes));
  post("stop", () => {
    port.stop();
    return {};
  });
}

/** What the shopper waits for ends when the page is gone: nobody is looked at who has left. */
const LOOKS: ReadonlySet<string> = new Set(["verify", "identify", "enrol"]);

function poster(server: FastifyInstance, port: StationPort, door: Door) {
  return <Name extends keyof typeof STATION_BODIES>(
    name: Name,
    answer: (body: Body<Name>) => unknown,
  ): void => {
    const options = { config: { open: true }, bodyLimit: BODY_BYTES };
    server.post(`/api/station/${name}`, options, async (request, reply) => {
      if (!door.admits(request, reply)) return reply;
      const parsed = STATION_BODIES[name].safeParse(request.body ?? {});
      if (!parsed.success) return await reply.code(400).send(NOT_UNDERSTOOD);
      let isOver = false;
      reply.raw.on("close", () => {
        if (!isOver && LOOKS.has(name)) port.stop();
      });
      try {
        const said = await answer(parsed.data as Body<Name>);
        return await reply.header("cache-control", "no-store").send(said);
      } finally {
        isOver = true;
      }
    });
  };
}

/** Lets in who shows the token, from the page itself. Who shows wrong ones has to wait, whatever comes next. */
class Door {
  readonly #wanted: Buffer;
  readonly #tries: TokenTries;

  constructor({ token }: Pick<StationPort, "token">, clock: Pick<Clock, "mono">) {
    this.#wanted = digest(token);
    this.#tries = new TokenTries(clock);
  }

  /** Whether a request may be answered; an answer was sent otherwise. */
  admits(request: FastifyRequest, reply: FastifyReply): boolean {
    const client = clientKeyOf(request.ip);
    const waitMs = this.#tries.waitMs(client);
    if (waitMs > 0) {
      void reply
        .code(429)
        .header("retry-after", Math.ceil(waitMs / 1_000))
        .send(GUESSED);
      return false;
    }
    const shown = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!timingSafeEqual(digest(shown), this.#wanted)) {
      if (shown !== "") this.#tries.failed(client);
      void reply.code(401).send(NOT_ADMITTED);
      return false;
    }
    this.#tries.passed(client);
    if (isFromUs(request)) return true;
    void reply.code(403).send(FOREIGN);
    return false;
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

function pageRoutes(server: FastifyInstance, { script, style, icon }: StationUi): void {
  const assets = {
    script: prepareAsset("station.js", "text/javascript; charset=utf-8", script),
    style: prepareAsset("station.css", "text/css; charset=utf-8", style),
    icon: prepareAsset("station-icon.svg", "image/svg+xml", icon),
  };
  const page = stationPage(assets);
  server.get("/station", { config: { open: true } }, (_request, reply) =>
    reply
      .type("text/html; charset=utf-8")
      .header("cache-control", "no-cache")
      .header("permissions-policy", PERMISSIONS)
      .send(page),
  );
  for (const asset of Object.values(assets)) {
    server.get(asset.url, { config: { open: true } }, (request, reply) =>
      sendAsset(request, reply, asset),
    );
  }
}

function sendAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  const { body, encoding } = encodedBody(asset, request.headers["accept-encoding"]);
  if (encoding !== null) void reply.header("content-encoding", encoding);
  return reply
    .type(asset.type)
    .header("vary", "accept-encoding")
    .header("cache-control", "public, max-age=31536000, immutable")
    .send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}
