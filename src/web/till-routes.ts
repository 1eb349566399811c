import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { orFault } from "./fault-answer.ts";
import { isFlagSet } from "./query-flag.ts";
import { isFromUs } from "./sign-in-routes.ts";
import type { ReceiptAnswer, TillPort } from "./till-view.ts";
import type { RefusalView } from "./views.ts";

/** Receipts in one request. */
const MAX_RECEIPTS = 100;
const JSON_BYTES = 2 ** 20;
const CSV_BYTES = 8 * 2 ** 20;

const NO_TILL: RefusalView = {
  error: "NOT_FOUND",
  message: "This gateway takes no receipts here.",
  hint: "It was started without a place to keep them.",
};
const NOT_ADMITTED: RefusalView = {
  error: "SIGNED_OUT",
  message: "Receipts need the till's token or a session.",
  hint: "Send `authorization: Bearer TOKEN` with the token of till.tokenFile.",
};
const TOO_MANY: RefusalView = {
  error: "REFUSED",
  message: `More than ${MAX_RECEIPTS} receipts in one request.`,
  hint: "Send them in several requests, or import a CSV file.",
};
const NOT_CSV: RefusalView = {
  error: "REFUSED",
  message: "The body is no CSV file.",
  hint: "Send it as text/csv; `vitrine pos template` prints one to begin with.",
};

const STATUS: Readonly<Record<ReceiptAnswer["state"], number>> = {
  taken: 201,
  known: 200,
  conflict: 409,
  invalid: 422,
};

interface TillRouteDeps {
  readonly till: TillPort | undefined;
  /** Whether the request has a live session, or needs none. */
  readonly hasSession: (request: FastifyRequest) => boolean;
}

/**
 * POST /api/pos (one receipt or a list of at most 100; the same receipt again changes nothing) and POST /api/pos/import
 * (CSV; ?dry-run, ?skip-invalid). A list is answered with 200 and one answer per receipt.
 */
export function tillRoutes(server: FastifyInstance, deps: TillRouteDeps): void {
  const admitted = (request: FastifyRequest): boolean =>
    hasToken(request, deps.till?.token ?? null) || (deps.hasSession(request) && isFromUs(request));
  // Open to requests without a session, because a till shows its token instead.
  const config = { open: true };
  server.post("/api/pos", { config, bodyLimit: JSON_BYTES }, async (request, reply) => {
    const { till } = deps;
    if (!admitted(request)) return await reply.code(401).send(NOT_ADMITTED);
    if (till === undefined) return await reply.code(404).send(NO_TILL);
    const { body } = request;
    if (Array.isArray(body) && body.length > MAX_RECEIPTS)
      return await reply.code(413).send(TOO_MANY);
    return await orFault(reply, async () => {
      if (Array.isArray(body)) return await reply.send(body.map((message) => till.take(message)));
      const answer = till.take(body);
      return await reply.code(STATUS[answer.state]).send(answer);
    });
  });
  server.post<{ Querystring: Readonly<Record<string, unknown>> }>(
    "/api/pos/import",
    { config, bodyLimit: CSV_BYTES },
    async (request, reply) => {
      const { till } = deps;
      if (!admitted(request)) return await reply.code(401).send(NOT_ADMITTED);
      if (till === undefined) return await reply.code(404).send(NO_TILL);
      const { body, query } = request;
      if (!(body instanceof Uint8Array)) return await reply.code(415).send(NOT_CSV);
      const isDryRun = isFlagSet(query["dry-run"]);
      return await orFault(reply, async () => {
        const outcome = await till.importCsv(body, {
          isDryRun,
          skipsInvalid: isFlagSet(query["skip-invalid"]),
        });
        return await reply.code(outcome.isAccepted || isDryRun ? 200 : 422).send(outcome);
      });
    },
  );
}

function hasToken(request: FastifyRequest, token: string | null): boolean {
  const shown = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === null || shown === undefined) return false;
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(shown), digest(token));
}
