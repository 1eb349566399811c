import type { FastifyInstance, FastifyReply } from "fastify";
import type { CalibrationPort, CalibrationView } from "./calibration-view.ts";
import { isFromUs } from "./sign-in-routes.ts";
import type { RefusalView } from "./views.ts";
import type { WalkPort, WalkRefusal, WalkView } from "./walk-view.ts";

const NO_WALK_MODE: RefusalView = {
  error: "NOT_FOUND",
  message: "This gateway locates no tags.",
  hint: "It needs a receiver; see the section about calibration in docs/radio.md.",
};
/** What GET says there, so that a page needs no special case. */
const NO_WALK_VIEW: WalkView = {
  state: "idle",
  obstacle: "This gateway locates no tags: it has no receiver.",
  tags: [],
  tagCount: 0,
  zones: [],
  receivers: [],
  tag: null,
  here: null,
  canUndo: false,
  wantedMs: 0,
  startedAt: null,
  endsAt: null,
  notes: [],
  result: null,
};
/** Nothing to say. */
const NO_CALIBRATION: CalibrationView = { warnings: [], facts: [], why: null };
const FOREIGN: RefusalView = {
  error: "FOREIGN_ORIGIN",
  message: "A walk is led from this gateway's own page or its command line only.",
  hint: "Open Set-up on the dashboard's own address.",
};
const BODY: RefusalView = {
  error: "REFUSED",
  message: "The body is not what this address takes.",
  hint: 'Send {"tagId": "..."} to start and {"zoneId": "..."} to tap, as application/json.',
};
const STATUS: Readonly<Record<WalkRefusal["word"], number>> = {
  WALK_IMPOSSIBLE: 409,
  WALK_RUNNING: 409,
  NO_WALK: 409,
  UNKNOWN_TAG: 404,
  UNKNOWN_ZONE: 404,
  TOO_MANY_TAPS: 409,
  NOTHING_TO_SAVE: 409,
  SAVE_REFUSED: 409,
};

/**
 * GET, POST and DELETE under /api/walk: the walk mode. Every accepted change answers with the view after it. Open as
 * long as nobody has set a password, like the rest of the dashboard; never to another site's page. Beside it
 * GET /api/self-calibration.
 */
export function walkRoutes(
  server: FastifyInstance,
  {
    walk,
    calibration,
  }: {
    readonly walk?: WalkPort | undefined;
    readonly calibration?: CalibrationPort | undefined;
  },
): void {
  const answer = (reply: FastifyReply, refusal: WalkRefusal | null): FastifyReply => {
    void reply.header("cache-control", "no-store");
    if (walk === undefined) return reply.code(404).send(NO_WALK_MODE);
    if (refusal === null) return reply.send(walk.view());
    const { word, message, hint } = refusal;
    return reply.code(STATUS[word]).send({ error: word, message, hint } satisfies RefusalView);
  };
  const change = (
    path: string,
    act: (
      walk: WalkPort,
      body: unknown,
    ) => Promise<WalkRefusal | null> | WalkRefusal | null | "body",
  ): void => {
    server.post(path, async (request, reply) => {
      if (!isFromUs(request)) return await reply.code(403).send(FOREIGN);
      if (walk === undefined) return await answer(reply, null);
      const outcome = await act(walk, request.body);
      if (outcome === "body") return await reply.code(400).send(BODY);
      return await answer(reply, outcome);
    });
  };
  server.get("/api/walk", (_request, reply) =>
    reply.header("cache-control", "no-store").send(walk?.view() ?? NO_WALK_VIEW),
  );
  server.get("/api/self-calibration", (_request, reply) =>
    reply.header("cache-control", "no-store").send(calibration?.view() ?? NO_CALIBRATION),
  );
  change("/api/walk", (port, body) => withText(body, "tagId", (id) => port.start(id)));
  change("/api/walk/tap", (port, body) => withText(body, "zoneId", (id) => port.tap(id)));
  change("/api/walk/pause", (port) => port.pause());
  change("/api/walk/undo", (port) => port.undo());
  change("/api/walk/finish", (port) => port.finish());
  change("/api/walk/save", (port) => port.save());
  server.delete("/api/walk", async (request, reply) => {
    if (!isFromUs(request)) return await reply.code(403).send(FOREIGN);
    walk?.cancel();
    return await answer(reply, null);
  });
}

function withText(
  body: unknown,
  key: string,
  act: (text: string) => WalkRefusal | null,
): WalkRefusal | null | "body" {
  const value = (body as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  return typeof value === "string" && value.length <= 100 ? act(value) : "body";
}
