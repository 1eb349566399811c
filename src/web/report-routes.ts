import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { FastifyInstance, FastifyReply } from "fastify";
import { describeFaults, type Result } from "../core/errors.ts";
import {
  type AskedExport,
  parseExportQuery,
  parseFigureQuery,
  parseReportQuery,
  parseRollupQuery,
} from "../wire/report-query.ts";
import { BYTE_ORDER_MARK, CSV_HEAD, csvLine, ndjsonLine } from "./csv-export.ts";
import type {
  Answered,
  ExportRow,
  RefusedQuestion,
  ReportsPort,
  RollupSlotView,
  RollupView,
} from "./reports-view.ts";
import type { RefusalView } from "./views.ts";

const NO_REPORTS: RefusalView = {
  error: "NOT_FOUND",
  message: "This gateway makes no reports.",
  hint: "GET /api/today holds the figures of the present day.",
};

/** Body of a refused question: a refusal with one entry per fault. */
interface RefusedQuery extends RefusalView {
  readonly faults: readonly RefusedQuestion[];
}

type Parsed<T> = Result<T, readonly RefusedQuestion[]>;

/**
 * GET /api/report, /api/journeys, /api/figure and /api/rollup (JSON), /api/export.csv and /api/export.ndjson
 * (streamed). docs/api.md describes them. A question that cannot be answered gets 400 with field, value and what was
 * expected.
 */
export function reportRoutes(
  server: FastifyInstance,
  { reports }: { readonly reports?: ReportsPort | undefined },
): void {
  const json = <T>(
    path: string,
    parse: (query: unknown) => Parsed<T>,
    read: (port: ReportsPort, asked: T) => Answered<unknown>,
  ): void => {
    server.get(path, (request, reply) => {
      void reply.header("cache-control", "no-store");
      if (reports === undefined) return reply.code(404).send(NO_REPORTS);
      const asked = parse(request.query);
      if (!asked.ok) return refuse(reply, asked.error);
      const answer = read(reports, asked.value);
      return answer.ok ? reply.send(answer.value) : refuse(reply, answer.error);
    });
  };
  json("/api/report", parseReportQuery, (port, asked) => port.report(asked));
  json("/api/journeys", parseReportQuery, (port, asked) => port.journeys(asked));
  json("/api/figure", parseFigureQuery, (port, asked) => port.figure(asked));
  rollupRoute(server, reports);
  exportRoute(server, reports, {
    path: "/api/export.csv",
    type: "text/csv; charset=utf-8; header=present",
    head: ({ hasMark }) => `${hasMark ? BYTE_ORDER_MARK : ""}${CSV_HEAD}`,
    line: csvLine,
  });
  exportRoute(server, reports, {
    path: "/api/export.ndjson",
    type: "application/x-ndjson; charset=utf-8",
    head: () => "",
    line: ndjsonLine,
  });
}

/** Values slot by slot. Between slots others get their turn: what is counted must not wait for a long table. */
function rollupRoute(server: FastifyInstance, reports: ReportsPort | undefined): void {
  server.get("/api/rollup", async (request, reply) => {
    void reply.header("cache-control", "no-store");
    if (reports === undefined) return await reply.code(404).send(NO_REPORTS);
    const asked = parseRollupQuery(request.query);
    if (!asked.ok) return await refuse(reply, asked.error);
    const table = reports.rollup(asked.value);
    if (!table.ok) return await refuse(reply, table.error);
    const slots: RollupSlotView[] = [];
    for (const slot of table.value.slots) {
      slots.push(slot);
      await nextTurn();
      // Nobody is there to read it any more.
      if (reply.raw.destroyed) return reply;
    }
    const body: RollupView = { grain: table.value.grain, slots };
    return await reply.send(body);
  });
}

/** How one kind of export is written. */
interface ExportForm {
  readonly path: string;
  readonly type: string;
  readonly head: (asked: AskedExport) => string;
  readonly line: (row: ExportRow) => string;
}

function exportRoute(
  server: FastifyInstance,
  reports: ReportsPort | undefined,
  form: ExportForm,
): void {
  server.get(form.path, (request, reply) => {
    void reply.header("cache-control", "no-store");
    if (reports === undefined) return reply.code(404).send(NO_REPORTS);
    const asked = parseExportQuery(request.query);
    if (!asked.ok) return refuse(reply, asked.error);
    const rows = reports.exportRows(asked.value);
    if (!rows.ok) return refuse(reply, rows.error);
    const name = form.path.slice("/api/export".length);
    return reply
      .type(form.type)
      .header("content-disposition", `attachment; filename="vitrine-${asked.value.grain}${name}"`)
      .send(Readable.from(lines(form, form.head(asked.value), rows.value), { objectMode: false }));
  });
}

/** Text slot by slot. Between slots others get their turn: a long export must not hold up what is counted. */
async function* lines(
  form: ExportForm,
  head: string,
  slots: Iterable<readonly ExportRow[]>,
): AsyncGenerator<string> {
  if (head !== "") yield head;
  for (const rows of slots) {
    if (rows.length > 0) yield rows.map(form.line).join("");
    await nextTurn();
  }
}

function refuse(reply: FastifyReply, faults: readonly RefusedQuestion[]): FastifyReply {
  const refused: RefusedQuery = {
    error: "QUERY_INVALID",
    message: describeFaults(faults).trim(),
    hint: "Correct the named fields; docs/api.md lists what each address takes.",
    faults,
  };
  return reply.code(400).send(refused);
}
