import type { FastifyInstance } from "fastify";
import { orFault } from "./fault-answer.ts";
import { isFlagSet } from "./query-flag.ts";
import { isFromUs } from "./sign-in-routes.ts";
import type { TagListView, TagsPort } from "./tags-view.ts";
import type { RefusalView } from "./views.ts";

/** Largest CSV body: as many tags as a plan may have, with long names. */
const CSV_BYTES = 4 * 2 ** 20;
const LISTED = { usual: 200, most: 20_000 } as const;

const FOREIGN: RefusalView = {
  error: "FOREIGN_ORIGIN",
  message: "Tags are changed from this gateway's own page or its command line only.",
  hint: "Open Set-up on the dashboard's own address.",
};
const NOT_CSV: RefusalView = {
  error: "REFUSED",
  message: "The body is no CSV file.",
  hint: "Send it as text/csv; `vitrine site tags template` prints one to begin with.",
};
const NO_TAGS: RefusalView = {
  error: "NOT_FOUND",
  message: "This gateway has no registry of tags.",
  hint: "It was started without a site plan that can hold them.",
};
/** What GET says there, so that a page needs no special case. */
const NONE: TagListView = {
  total: 0,
  matching: 0,
  canChange: false,
  isKept: false,
  zones: [],
  tags: [],
};
const NO_SUCH_TAG: RefusalView = {
  error: "NOT_FOUND",
  message: "No tag with this id is registered.",
  hint: "GET /api/tags lists them.",
};

interface Query {
  readonly search?: unknown;
  readonly limit?: unknown;
  readonly "dry-run"?: unknown;
  readonly "skip-invalid"?: unknown;
}

/**
 * GET /api/tags?search=&limit=, POST /api/tags/import (CSV body; ?dry-run, ?skip-invalid) and DELETE /api/tags/:id.
 * Open as long as nobody has set a password, like the rest of the dashboard; never to another site's page.
 */
export function tagRoutes(
  server: FastifyInstance,
  { tags }: { readonly tags?: TagsPort | undefined },
): void {
  server.addContentTypeParser(
    "text/csv",
    { parseAs: "buffer", bodyLimit: CSV_BYTES },
    (_request, body, done) => done(null, body),
  );
  server.get<{ Querystring: Query }>("/api/tags", (request, reply) => {
    void reply.header("cache-control", "no-store");
    if (tags === undefined) return reply.send(NONE);
    const { search, limit } = request.query;
    const wanted =
      typeof limit === "string" && /^\d{1,5}$/.test(limit) ? Number(limit) : LISTED.usual;
    const text = typeof search === "string" ? search.slice(0, 120) : "";
    return reply.send(tags.list(text, Math.min(wanted, LISTED.most)));
  });
  server.post<{ Querystring: Query }>(
    "/api/tags/import",
    { bodyLimit: CSV_BYTES },
    async (request, reply) => {
      if (!isFromUs(request)) return await reply.code(403).send(FOREIGN);
      if (tags === undefined) return await reply.code(404).send(NO_TAGS);
      if (!(request.body instanceof Uint8Array)) return await reply.code(415).send(NOT_CSV);
      const isDryRun = isFlagSet(request.query["dry-run"]);
      const skipsInvalid = isFlagSet(request.query["skip-invalid"]);
      return await orFault(reply, async () => {
        const outcome = await tags.importCsv(request.body as Uint8Array, {
          isDryRun,
          skipsInvalid,
        });
        return await reply.code(outcome.isAccepted || isDryRun ? 200 : 422).send(outcome);
      });
    },
  );
  server.delete<{ Params: { id: string } }>("/api/tags/:id", async (request, reply) => {
    if (!isFromUs(request)) return await reply.code(403).send(FOREIGN);
    if (tags === undefined) return await reply.code(404).send(NO_TAGS);
    return await orFault(reply, async () => {
      if (!(await tags.remove(request.params.id))) return await reply.code(404).send(NO_SUCH_TAG);
      return await reply.send({ removed: request.params.id });
    });
  });
}
