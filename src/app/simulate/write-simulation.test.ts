import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { MetricValue } from "../../core/metric-value.ts";
import { loadSiteFile } from "../config-files.ts";
import { type ReplayResult, replay } from "../replay/replay.ts";
import { createSystemClock } from "../system-clock.ts";
import type { ShopModel } from "./model.ts";
import { Simulation } from "./simulation.ts";
import { type Level, type Written, writeSimulation } from "./write-simulation.ts";

let folder = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-simulate-"));
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface TruthFile {
  readonly spans: readonly {
    readonly values: readonly Pick<MetricValue, "metric" | "scope" | "value">[];
  }[];
}

interface Shop {
  readonly written: Written;
  readonly out: string;
  readonly truthOf: (metric: string, zone?: string) => number;
}

async function write(
  name: string,
  level: Level,
  options: { readonly seed?: number; readonly hours: number; readonly model?: Partial<ShopModel> },
): Promise<Shop> {
  const { seed = 3, hours, model = {} } = options;
  const out = join(folder, name);
  const simulation = new Simulation({ seed, difficulty: "default", faults: [], hours, model });
  const written = await writeSimulation(simulation, { out, level, days: 1, seed });
  const truth: TruthFile = JSON.parse(await readFile(join(out, "truth.json"), "utf8"));
  const truthOf = (metric: string, zone?: string): number => {
    const found = truth.spans[0]?.values.find(
      (one) =>
        one.metric === metric &&
        (one.scope.kind === "zone" ? one.scope.id === zone : zone === undefined),
    );
    return found?.value ?? Number.NaN;
  };
  return { written, out, truthOf };
}

async function replayed({ out, written }: Shop): Promise<ReplayResult> {
  const file = (name: string): readonly string[] =>
    written.files.includes(name) ? [join(out, name)] : [];
  const start = /--start (\S+)/.exec(written.replay)?.[1] ?? "";
  return replay({
    site: await loadSiteFile(join(out, "site.json")),
    videos: [],
    detections: [],
    tracks: file("tracks.jsonl").map((path) => ({ cameraId: "shop", path })),
    radios: file("radio.jsonl"),
    receipts: file("receipts.jsonl"),
    sensorEvents: file("sensor-events.jsonl"),
    pictures: new Map(),
    start: Date.parse(start) as ReplayResult["recording"]["from"],
    gatewayId: null,
    modelFor: () => assert.fail("nothing here needs a model"),
    clock: createSystemClock(),
    signal: new AbortController().signal,
  });
}

function tileOf({ recording }: ReplayResult, metric: string): number {
  return recording.values.find((value) => value.metric === metric)?.value ?? Number.NaN;
}

const near = (found: number, truth: number, ratio: number, what: string): void =>
  assert.ok(Math.abs(found / truth - 1) <= ratio, `${what}: ${found} for ${truth}`);

test("the same seed writes the same bytes, another seed others", async () => {
  const read = async (shop: Shop): Promise<string> =>
    readFile(join(shop.out, "sensor-events.jsonl"), "utf8");
  const first = await write("one", "crossings", { hours: 1 });
  const again = await write("two", "crossings", { hours: 1 });
  const other = await write("three", "crossings", { hours: 1, seed: 4 });
  assert.equal(await read(first), await read(again));
  assert.notEqual(await read(first), await read(other));
});

test("replayed crossings give receipts exactly, and counts less what was missed", async () => {
  const shop = await write("crossings", "crossings", { hours: 2 });
  const result = await replayed(shop);
  assert.equal(tileOf(result, "transactions"), shop.truthOf("transactions"));
  assert.equal(tileOf(result, "net-sales"), shop.truthOf("net-sales"));
  near(tileOf(result, "entrants"), shop.truthOf("entrants"), 0.06, "entrants");
});

test("replayed tracks are counted by the product's own lines and zones, near the truth", async () => {
  const model = { entriesPerHour: 80, staff: 0 };
  const shop = await write("tracks", "tracks", { hours: 0.5, model });
  const result = await replayed(shop);
  assert.ok(shop.truthOf("entrants") >= 25);
  near(tileOf(result, "entrants"), shop.truthOf("entrants"), 0.05, "entrants");
  near(tileOf(result, "passing-traffic"), shop.truthOf("passing-traffic"), 0.06, "passing");
  near(tileOf(result, "visit-duration-mean"), shop.truthOf("visit-duration-mean"), 0.1, "mean");
  assert.equal(tileOf(result, "transactions"), shop.truthOf("transactions"));
  const zones = result.days.at(-1)?.zones ?? [];
  for (const id of ["denim", "new-in", "shoes"]) {
    const zone = zones.find(({ zoneId }) => zoneId === id);
    const total = zone?.dwellTotal.value ?? Number.NaN;
    near(total, shop.truthOf("zone-dwell-total", id), 0.05, `dwell in ${id}`);
    const visits = zone?.visits.value ?? Number.NaN;
    near(visits, shop.truthOf("zone-visits", id), 0.08, `visits of ${id}`);
  }
});

test("replayed packets are heard as tags that come in, stay in zones and leave", async () => {
  const model = {
    entriesPerHour: 60,
    staff: 0,
    cardRatio: 1,
    basketRatio: 0,
    baskets: 1,
    carts: 0,
  };
  const shop = await write("packets", "packets", { hours: 0.15, model });
  const { events } = await replayed(shop);
  const seen = (type: string, state?: string): Set<unknown> =>
    new Set(
      events
        .filter((event) => event.type === `vitrine.${type}`)
        .map((event) => event.data as { readonly tagId?: string; readonly state?: string })
        .filter((told) => state === undefined || told.state === state)
        .map(({ tagId }) => tagId),
    );
  const inside = [...seen("tag-presence", "inside")].filter((id) => `${id}`.startsWith("card"));
  const visits = shop.written.visits;
  assert.ok(inside.length >= 0.5 * visits && inside.length <= visits, `${inside.length}/${visits}`);
  assert.ok(seen("tag-zone-exited").size >= 0.5 * inside.length);
});
