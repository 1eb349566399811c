import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { MetricScope } from "../../core/metric-value.ts";
import { DEFINITIONS } from "../../metrics/definitions.ts";
import { streamOf } from "./draws.ts";
import { packetLines } from "./emit/packet-lines.ts";
import { trackLines } from "./emit/tracks-lines.ts";
import { type SensorSet, simulatedSiteDocument } from "./simulated-site.ts";
import { FIRST_MIDNIGHT, type Simulation, tradingDay, VARIANTS } from "./simulation.ts";
import type { TrueDay } from "./true-day.ts";
import { ShopTruth } from "./truth/shop-truth.ts";

/** At which of the places where sensors come in a simulation is written. */
export const LEVELS = ["crossings", "tracks", "packets"] as const;
export type Level = (typeof LEVELS)[number];

/** What to write. */
export interface WritePlan {
  readonly out: string;
  readonly level: Level;
  readonly days: number;
  readonly seed: number;
}

/** What was written, and how to replay it. */
export interface Written {
  readonly files: readonly string[];
  readonly visits: number;
  readonly replay: string;
}

/** Recordings begin before opening, earlier where there are staff, and end when the last has left. */
const BEFORE_MS = 360_000;
const BEFORE_STAFF_MS = 2_700_000;
const AFTER_MS = 1_200_000;
const AFTER_STAFF_MS = 2_400_000;

const SENSORS_OF: Readonly<Record<Level, SensorSet>> = {
  crossings: VARIANTS.all,
  tracks: VARIANTS.tracks,
  packets: VARIANTS.all,
};

/** Writes site plan, inputs and truth of a simulated shop into a folder; the same simulation gives the same bytes. */
export async function writeSimulation(simulation: Simulation, plan: WritePlan): Promise<Written> {
  await mkdir(plan.out, { recursive: true });
  const at = (name: string): string => join(plan.out, name);
  const site = simulatedSiteDocument(SENSORS_OF[plan.level], simulation.model);
  await writeFile(at("site.json"), `${JSON.stringify(site, null, 2)}\n`);
  const truth = new ShopTruth(simulation.layout);
  const inputs =
    plan.level === "crossings"
      ? await writeCrossings(simulation, plan, truth)
      : await writeHours(simulation, plan, truth);
  await writeFile(at("truth.json"), `${JSON.stringify(truthDocument(truth, plan), null, 2)}\n`);
  const visits = truth.days.reduce((sum, { rows }) => sum + rows.length, 0);
  const options = inputs.map(({ option, file }) => `${option}${at(file)}`).join(" ");
  const startAt =
    plan.level === "crossings" ? FIRST_MIDNIGHT : spanOf(simulation, simulation.day(0)).from;
  const start = new Date(startAt).toISOString();
  return {
    files: ["site.json", ...inputs.map(({ file }) => file), "truth.json"],
    visits,
    replay: `vitrine replay --site ${at("site.json")} --start ${start} ${options} --metrics ${at("metrics.json")}`,
  };
}

interface InputFile {
  readonly option: string;
  readonly file: string;
}

function spanOf(
  { model }: Simulation,
  day: TrueDay,
): { readonly from: number; readonly to: number } {
  const hasStaff = model.staff > 0;
  return {
    from: day.opensAt - (hasStaff ? BEFORE_STAFF_MS : BEFORE_MS),
    to: day.closesAt + (hasStaff ? AFTER_STAFF_MS : AFTER_MS),
  };
}

async function writeCrossings(
  simulation: Simulation,
  { out, days }: WritePlan,
  truth: ShopTruth,
): Promise<InputFile[]> {
  const senses = simulation.senses(VARIANTS.all);
  async function* lines(): AsyncGenerator<string> {
    for (let number = 0; number < days; number += 1) {
      const day = simulation.day(number);
      const { events, identified } = senses.sense(day);
      truth.add(day, identified);
      for (const { event } of events) yield `${JSON.stringify(event)}\n`;
    }
  }
  await pipeline(lines, createWriteStream(join(out, "sensor-events.jsonl")));
  return [{ option: "--sensor-events ", file: "sensor-events.jsonl" }];
}

async function writeHours(
  simulation: Simulation,
  { out, level, seed }: WritePlan,
  truth: ShopTruth,
): Promise<InputFile[]> {
  const day = simulation.day(0);
  const span = spanOf(simulation, day);
  const shop = simulation.shop(SENSORS_OF[level]);
  truth.add(day, new Set());
  const write = (file: string, lines: Iterable<string>): Promise<void> =>
    pipeline(withBreaks(lines), createWriteStream(join(out, file)));
  await write("tracks.jsonl", trackLines(day, shop.sensor, span, streamOf(seed, "places", 0)));
  await write("receipts.jsonl", receiptLines(day));
  const inputs = [
    { option: "--tracks shop=", file: "tracks.jsonl" },
    { option: "--pos ", file: "receipts.jsonl" },
  ];
  if (level === "tracks") return inputs;
  const { site, layout, tags, sensor } = shop;
  const packets = { day, site, layout, tags, sensor, span };
  await write("radio.jsonl", packetLines(packets, streamOf(seed, "air", 0)));
  return [...inputs, { option: "--radio ", file: "radio.jsonl" }];
}

function* withBreaks(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}

/** Receipts as a till with a right clock sends them to `in/pos`. */
function* receiptLines(day: TrueDay): Generator<string> {
  for (const { receiptId, kind, at, netMinor, units, lines, relatedReceiptId } of day.receipts) {
    yield JSON.stringify({
      v: 1,
      receiptId,
      kind,
      paidAt: new Date(Math.round(at / 1000) * 1000).toISOString(),
      netMinor,
      units,
      tillId: "till-1",
      lines,
      ...(relatedReceiptId === null ? {} : { relatedReceiptId }),
    });
  }
}

/** True values of the whole run and of each day, as a document. */
function truthDocument(truth: ShopTruth, plan: WritePlan): unknown {
  const count = truth.days.length;
  const spans = [{ from: 0, to: count }, ...truth.days.map((_, i) => ({ from: i, to: i + 1 }))];
  const scopes: readonly MetricScope[] = [
    { kind: "store" },
    ...truth.layout.zones.map(({ id }): MetricScope => ({ kind: "zone", id })),
  ];
  const values = (span: { readonly from: number; readonly to: number }): unknown =>
    DEFINITIONS.flatMap(({ metric, unit }) =>
      scopes.flatMap((scope) => {
        const query = { metric, scope, span, identity: "merged", parameters: {} } as const;
        const value = truth.value(query);
        return value === null ? [] : [{ metric, scope, unit, value }];
      }),
    );
  const { level, seed } = plan;
  return {
    v: 1,
    seed,
    level,
    spans: spans.map((span, i) => ({
      kind: i === 0 ? "run" : "day",
      from: tradingDay(span.from).from,
      to: tradingDay(span.to - 1).to,
      values: values(span),
    })),
  };
}
