import type { FastifyInstance, FastifyReply } from "fastify";
import { BoundedMap } from "../../core/bounded-map.ts";
import type { EpochMs } from "../../core/brand.ts";
import { isDefined } from "../../metrics/definitions.ts";
import type { TodayView } from "../../metrics/reports/today.ts";
import { parseEventsQuery } from "../../wire/central-api.ts";
import { fromCloudEvent, isoTime } from "../../wire/cloud-event.ts";
import { parseReportQuery } from "../../wire/report-query.ts";
import { computeDay } from "../day-view.ts";
import { computeReport } from "../period-view.ts";
import type { EventQuery, StoredEvent } from "../repository.ts";
import {
  type ApiContext,
  type Asked,
  addOperation,
  refuseInput,
  refuseUnknown,
} from "./api-context.ts";
import { isStoreKnown, refuseMetric, refuseStore } from "./known-names.ts";
import { metricSlot } from "./metric-slots.ts";
import { maySeeNames } from "./tenant-access.ts";
import { eventAnswer, visitAnswer } from "./visits.ts";

/** How old a shared reading of a shop's day may be, and of how many shops it is kept. */
const FRESH_MS = 5_000;
const SHARED_CAP = 256;

/** Figures, visits and events of one shop. */
export function addShopRoutes(app: FastifyInstance, context: ApiContext): void {
  const { repository, plans, metricsOf, clock } = context;
  const unknown = (reply: FastifyReply): FastifyReply =>
    refuseUnknown(reply, "SITE_UNKNOWN", "the centre has no site plan of this store");
  const shared = new BoundedMap<string, Promise<TodayView>>({ cap: SHARED_CAP, idleMs: FRESH_MS });
  addOperation(app, "today", async ({ id, reply }) => {
    const site = await plans.of(id);
    if (site === null || metricsOf === null) return unknown(reply);
    // Many may look at a shop at once: they share one reading of its day.
    shared.expire(clock.mono());
    const known = shared.peek(id);
    if (known !== undefined) return await known;
    const reading = computeDay(repository, site, metricsOf, clock.now());
    shared.set(id, reading, clock.mono());
    reading.catch(() => shared.delete(id));
    return await reading;
  });
  addOperation(app, "report", async ({ id, query, reply }) => {
    const site = await plans.of(id);
    if (site === null || metricsOf === null) return unknown(reply);
    const asked = parseReportQuery(query);
    if (!asked.ok) return refuseInput(reply, asked.error);
    const report = await computeReport(repository, site, metricsOf, asked.value, clock.now());
    return report.ok ? report.value : refuseInput(reply, report.error);
  });
  addOperation(app, "metrics", async ({ id, query, reply }) => {
    const { metric, scope, grain, from, to } = query;
    if (!isDefined(metric)) return refuseMetric(reply, metric);
    const storeIds = [id];
    const rows = await repository.rollups({ storeIds, grain, scope, metrics: [metric], from, to });
    if (rows.length === 0 && !(await isStoreKnown(context, id))) return refuseStore(reply, id);
    return { storeId: id, metric, grain, values: rows.map(metricSlot) };
  });
  addVisitRoutes(app, context);
}

/** What a key that may see names reads of persons is noted, each time and before it is read. */
async function noteProfiles(
  context: ApiContext,
  { id, access }: Pick<Asked<"events">, "id" | "access">,
  what: "events" | "journeys",
  span: { readonly from: EpochMs; readonly to: EpochMs },
): Promise<void> {
  if (!maySeeNames(context, access, id)) return;
  const { repository, clock } = context;
  const detail = `${timeText(span.from)} to ${timeText(span.to)}`;
  const entry = { actor: access.name, action: `read:${what}`, target: id, detail };
  await repository.audit({ at: clock.now(), ...entry });
}

/** An open end of an interval is no time that can be written. */
const timeText = (at: EpochMs): string => (Math.abs(at) <= 8.64e15 ? isoTime(at) : "any time");

function addVisitRoutes(app: FastifyInstance, context: ApiContext): void {
  const { repository } = context;
  addOperation(app, "events", async ({ id, reply, access, query: _checked }) => {
    const query = parseEventsQuery(reply.request.query);
    if (!query.ok) return refuseInput(reply, query.error);
    await noteProfiles(context, { id, access }, "events", query.value);
    const rows = await repository.events({ storeId: id, ...query.value });
    if (rows.length === 0 && !(await isStoreKnown(context, id))) return refuseStore(reply, id);
    const isNamed = maySeeNames(context, access, id);
    const events = rows.map(({ body }) => eventAnswer(JSON.parse(body), access, isNamed));
    return { events, next: nextOf(rows, query.value.limit) };
  });
  addOperation(
    app,
    "journeys",
    async ({ id, query: { from, to, limit, after }, access, reply }) => {
      await noteProfiles(context, { id, access }, "journeys", { from, to });
      const type = "vitrine.completed";
      const rows = await repository.events({
        ...{ storeId: id, from, to, type, limit, after: afterOf(after) },
      });
      if (rows.length === 0 && !(await isStoreKnown(context, id))) return refuseStore(reply, id);
      const isNamed = maySeeNames(context, access, id);
      const visits = rows.flatMap(({ body }) => {
        const event = fromCloudEvent(JSON.parse(body));
        if (!event.ok || event.value.kind !== "completed" || event.value.isStaff) return [];
        return [visitAnswer(event.value, access, isNamed)];
      });
      return { visits, next: nextOf(rows, limit) };
    },
  );
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
