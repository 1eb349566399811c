import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply } from "fastify";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { DEFINITIONS, isDefined } from "../../metrics/definitions.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import type { RollupRow } from "../repository.ts";
import { type ApiContext, type Asked, addOperation } from "./api-context.ts";
import { csvRow } from "./csv-row.ts";
import { isStoreKnown, refuseMetric, refuseStore } from "./known-names.ts";
import { metricSlot } from "./metric-slots.ts";

const DAY_MS = 86_400_000;
/** Time read in one go: one day of quarters or a month of days of a store is some thousand rows. */
const PAGE_MS = { quarter: DAY_MS, day: 31 * DAY_MS } as const;

const COLUMNS = [
  ...["from_utc", "to_utc", "until_utc", "scope", "metric", "value", "unit", "ci95_low"],
  ...["ci95_high", "n", "coverage", "completeness", "imputed_share", "method", "definition"],
  ...["version", "revision", "final_at_utc", "reason"],
];

/** Figures of a store as files, read and sent piece by piece; each is noted in the audit log. */
export function addExportRoutes(app: FastifyInstance, context: ApiContext): void {
  addOperation(app, "exportCsv", async (asked) => {
    const refusal = await refused(context, asked);
    if (refusal !== null) return refusal;
    await note(context, asked, "csv");
    const head = csvRow(COLUMNS);
    return send(asked, "csv", lines(context, asked, csvOf, head));
  });
  addOperation(app, "exportNdjson", async (asked) => {
    const refusal = await refused(context, asked);
    if (refusal !== null) return refusal;
    await note(context, asked, "ndjson");
    return send(asked, "ndjson", lines(context, asked, ndjsonOf, ""));
  });
}

type AskedExport = Asked<"exportCsv"> | Asked<"exportNdjson">;

async function refused(
  context: ApiContext,
  { id, reply, query: { metric } }: AskedExport,
): Promise<FastifyReply | null> {
  if (metric !== undefined && !isDefined(metric)) return refuseMetric(reply, metric);
  return (await isStoreKnown(context, id)) ? null : refuseStore(reply, id);
}

async function note(
  { repository, clock }: ApiContext,
  { id, access, query }: AskedExport,
  form: string,
): Promise<void> {
  const detail = `${form}, ${query.grain}, ${isoTime(query.from)} to ${isoTime(query.to)}`;
  const entry = { actor: access.name, action: "export", target: id, detail };
  await repository.audit({ at: clock.now(), ...entry });
}

function send({ reply, id }: AskedExport, ending: string, text: AsyncGenerator<string>): unknown {
  const type = ending === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
  const name = `${id.replaceAll(/[^A-Za-z0-9_-]/g, "_")}.${ending}`;
  reply.header("content-disposition", `attachment; filename="${name}"`);
  return reply.type(type).send(Readable.from(text));
}

async function* lines(
  { repository }: ApiContext,
  { id, query }: AskedExport,
  write: (row: RollupRow) => string,
  head: string,
): AsyncGenerator<string> {
  const { grain, scope = null, metric, from, to } = query;
  const metrics = metric === undefined ? DEFINITIONS.map((one) => one.metric) : [metric];
  if (head !== "") yield head;
  for (let at: EpochMs = from; at < to; at = epochMs(at + PAGE_MS[grain])) {
    const end = epochMs(Math.min(to, at + PAGE_MS[grain]));
    const span = { storeIds: [id], grain, scope, metrics, from: at, to: end };
    const text = (await repository.rollups(span)).map(write).join("");
    if (text !== "") yield text;
  }
}

function csvOf(row: RollupRow): string {
  const slot = metricSlot(row);
  const { ci95, definition, reason } = slot;
  return csvRow([
    ...[isoTime(row.from), isoTime(row.to), isoTime(epochMs(slot.until)), row.scope, row.metric],
    ...[row.value, slot.unit, ci95?.[0] ?? null, ci95?.[1] ?? null, slot.n, slot.coverage],
    ...[row.completeness, slot.imputedShare, slot.method, definition.id, definition.version],
    ...[row.revision, isoTime(row.finalAt), reason === null ? null : reason.text],
  ]);
}

const ndjsonOf = (row: RollupRow): string =>
  `${JSON.stringify({ storeId: row.storeId, metric: row.metric, grain: row.grain, ...metricSlot(row) })}\n`;
