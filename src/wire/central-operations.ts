import { z } from "zod";
import * as answers from "./central-answers.ts";
import { eventsQuerySchema } from "./central-api.ts";
import * as queries from "./central-queries.ts";
import { LOYALTY_OPERATIONS } from "./loyalty-operations.ts";

/** What a key may be allowed: reading figures, running the fleet, seeing loyalty cards and members, changing members. */
export const API_SCOPES = ["read", "ops", "loyalty", "loyalty:write"] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** One address of the centre's API. */
export interface Operation<
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType | null = z.ZodType | null,
> {
  readonly method: "get" | "put" | "post";
  /** With `:id` for a part of the path. */
  readonly path: string;
  readonly summary: string;
  readonly scope: ApiScope;
  readonly query: Query;
  readonly body: Body;
  readonly answer: z.ZodType;
  /** Media type; of other than JSON the schema is that of a text. */
  readonly type: "application/json" | "text/csv" | "application/x-ndjson";
}

const JSON_TYPE = "application/json";
const ask = <Query extends z.ZodType>(
  path: string,
  summary: string,
  answer: z.ZodType,
  query: Query,
): Operation<Query, null> => ({
  ...{ method: "get", path: `/api/v1${path}`, summary, scope: "read", query, body: null },
  ...{ answer, type: JSON_TYPE },
});
const read = (
  path: string,
  summary: string,
  answer: z.ZodType,
): Operation<typeof queries.noQuery, null> => ask(path, summary, answer, queries.noQuery);
const ops = <Query extends z.ZodType, Body extends z.ZodType | null>(
  operation: Operation<Query, Body>,
): Operation<Query, Body> => ({ ...operation, scope: "ops" });
const file = <Query extends z.ZodType>(
  path: string,
  summary: string,
  type: Operation["type"],
  query: Query,
): Operation<Query, null> => ({ ...ask(path, summary, z.string(), query), type });
const change = <Body extends z.ZodType>(
  method: "put" | "post",
  operation: Operation<typeof queries.noQuery, null>,
  body: Body,
): Operation<typeof queries.noQuery, Body> => ops({ ...operation, method, body });

/**
 * Every address of the centre's API by name: what it takes, what it answers and who may ask. The routes, the OpenAPI
 * document and its tests are made from this one table.
 */
export const OPERATIONS = {
  key: read("/key", "The name and the scopes of the key that asks", answers.keyAnswer),
  stores: read("/stores", "All stores with their present day and state", answers.storesAnswer),
  store: read("/stores/:id", "One store with its gateways and gaps", answers.storeAnswer),
  today: read(
    "/stores/:id/today",
    "The present trading day, made of its events now",
    answers.todayAnswer,
  ),
  report: ask(
    "/stores/:id/report",
    "A report over past days, made of their events now",
    answers.reportAnswer,
    z.looseObject({}).meta({ description: "As `/api/report` of a gateway (docs/api.md)" }),
  ),
  events: ask(
    "/stores/:id/events",
    "Events as CloudEvents; ids of cards are pseudonyms without scope loyalty",
    answers.eventsAnswer,
    eventsQuerySchema,
  ),
  metrics: ask(
    "/stores/:id/metrics",
    "One metric over any time, slot by slot",
    answers.metricsAnswer,
    queries.metricsQuery,
  ),
  journeys: ask(
    "/stores/:id/journeys",
    "Completed visits without who made them",
    answers.journeysAnswer,
    queries.journeysQuery,
  ),
  exportCsv: file(
    "/stores/:id/export.csv",
    "Figures of a store as a table",
    "text/csv",
    queries.exportQuery,
  ),
  exportNdjson: file(
    "/stores/:id/export.ndjson",
    "Figures of a store, one a line",
    "application/x-ndjson",
    queries.exportQuery,
  ),
  compare: ask("/compare", "One metric of all stores", answers.compareAnswer, queries.compareQuery),
  compareCsv: file(
    "/compare.csv",
    "One metric of all stores as a table",
    "text/csv",
    queries.compareQuery,
  ),
  definitions: read("/definitions", "Every metric: formula and edges", answers.definitionsAnswer),
  gateways: read("/gateways", "All gateways with their accounts", answers.gatewaysAnswer),
  gaps: read(
    "/gaps",
    "Events that will never come: the latest 20 gaps of each gateway, newest first",
    answers.gapsAnswer,
  ),
  quarantine: ops(
    ask(
      "/quarantine",
      "What could not be read, newest first",
      answers.quarantineAnswer,
      queries.pageQuery,
    ),
  ),
  audit: ops(ask("/audit", "Who did what, newest first", answers.auditAnswer, queries.pageQuery)),
  fleet: ops(read("/gateways/:id/fleet", "What a gateway wants and reports", answers.fleetAnswer)),
  setDesired: change(
    "put",
    read("/gateways/:id/desired", "Wishes a configuration", answers.desiredAnswer),
    queries.desiredBody,
  ),
  command: change(
    "post",
    read("/gateways/:id/commands", "Sends a command", answers.commandAnswer),
    queries.commandBody,
  ),
  ...LOYALTY_OPERATIONS,
  openapi: read("/openapi.json", "This document", answers.documentAnswer),
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof OPERATIONS;
