import type { FastifyInstance, FastifyReply } from "fastify";
import { parseEventsQuery } from "../../wire/central-api.ts";
import { fromCloudEvent } from "../../wire/cloud-event.ts";
import { parseReportQuery } from "../../wire/report-query.ts";
import { computeDay } from "../day-view.ts";
import { computeReport } from "../period-view.ts";
import type { EventQuery, StoredEvent } from "../repository.ts";
import { type ApiContext, addOperation, refuseInput, refuseUnknown } from "./api-context.ts";
import { metricSlot } from "./metric-slots.ts";
import { eventAnswer, visitAnswer } from "./visits.ts";

/** Figures, visits and events of one shop. */
export function addShopRoutes(app: FastifyInstance, context: ApiContext): void {
  const { repository, plans, metricsOf, clock } = context;
  const unknown = (reply: FastifyReply): FastifyReply =>
    refuseUnknown(reply, "SITE_UNKNOWN", "the centre has no site plan of this store");
  addOperation(app, "today", async ({ id, reply }) => {
    const site = await plans.of(id);
    if (site === null || metricsOf === null) return unknown(reply);
    return await computeDay(repository, site, metricsOf, clock.now());
  });
  addOperation(app, "report", async ({ id, query, reply }) => {
    const site = await plans.of(id);
    if (site === null || metricsOf === null) return unknown(reply);
    const asked = parseReportQuery(query);
    if (!asked.ok) return refuseInput(reply, asked.error);
    const report = await computeReport(repository, site, metricsOf, asked.value, clock.now());
    return report.ok ? report.value : refuseInput(reply, report.error);
  });
  addOperation(app, "metrics", async ({ id, query }) => {
    const { metric, scope, grain, from, to } = query;
    const storeIds = [id];
    const rows = await repository.rollups({ storeIds, grain, scope, metrics: [metric], from, to });
    return { storeId: id, metric, grain, values: rows.map(metricSlot) };
  });
  addVisitRoutes(app, context);
}

function addVisitRoutes(app: FastifyInstance, { repository }: ApiContext): void {
  addOperation(app, "events", async ({ id, reply, access, query: _checked }) => {
    const query = parseEventsQuery(reply.request.query);
    if (!query.ok) return refuseInput(reply, query.error);
    const rows = await repository.events({ storeId: id, ...query.value });
    const events = rows.map(({ body }) => eventAnswer(JSON.parse(body), access));
    return { events, next: nextOf(rows, query.value.limit) };
  });
  addOperation(app, "journeys", async ({ id, query: { from, to, limit, after }, access }) => {
    const type = "vitrine.completed";
    const rows = await repository.events({
      ...{ storeId: id, from, to, type, limit, after: afterOf(after) },
    });
    const visits = rows.flatMap(({ body }) => {
      const event = fromCloudEvent(JSON.parse(body));
      if (!event.ok || event.value.kind !== "completed" || event.value.isStaff) return [];
      return [visitAnswer(event.value, access)];
    });
    return { visits, next: nextOf(rows, limit) };
  });
}

function nextOf(rows: readonly StoredEvent[], limit: number): string | null {
  const last = rows.at(-1);
  return rows.length === limit && last !== undefined ? `${last.at}.${last.id}` : null;
}

function afterOf(text: string | undefined): EventQuery["after"] {
  if (text === undefined) return null;
  const dot = text.indexOf(".");
  return { at: Number(text.slice(0, dot)) as StoredEvent["at"], id: text.slice(dot + 1) };
}
