import { join } from "node:path";
import Database from "better-sqlite3";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { openRepository } from "../../src/central/open-repository.ts";
import type { CentralStore, RollupQuery } from "../../src/central/repository.ts";
import { epochMs } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { hasPostgres } from "../../test/central/postgres-programs.ts";
import { PostgresServer } from "../../test/central/postgres-server.ts";
import { tempDir } from "../../test/e2e/delivery-rig.ts";

export const usage =
  "npm run bench -- query [DAYS] --json   a month of quarter hours of 1,000 stores summed, the same by days, and one store-day, over the limits of 300 ms (PostgreSQL) and 1 s (SQLite)";

const STORES = 1000;
/** Quarter hours of a trading day of twelve hours. */
const QUARTERS = 48;
const METRICS = ["visitors", "passers"];
const MONTH_DAYS = 30;
const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 2, 1);
const REPEATS = 5;
const LIMITS_MS = { postgres: 300, sqlite: 1000 } as const;
/** As docs/central.md advises for a server of its own. */
const SETTINGS = ["shared_buffers=1GB", "max_wal_size=4GB", "fsync=off"];

interface Figure {
  readonly store: string;
  readonly grain: "quarter" | "day";
  readonly metric: string;
  readonly series: number;
  readonly times: readonly number[];
}

/** Instants at which the slots of some days begin. */
function slotTimes(grain: Figure["grain"], days: number): readonly number[] {
  const perDay = grain === "day" ? 1 : QUARTERS;
  return Array.from(
    { length: days * perDay },
    (_, index) => START + Math.floor(index / perDay) * DAY_MS + (index % perDay) * QUARTER_MS,
  );
}

/** Every series of every store with the slots it has figures of. */
function figures(days: number): readonly Figure[] {
  const kinds = METRICS.flatMap((metric) => [
    { metric, grain: "quarter" as const, times: slotTimes("quarter", days) },
    { metric, grain: "day" as const, times: slotTimes("day", days) },
  ]);
  return Array.from({ length: STORES }, (_, store) =>
    kinds.map((kind, index) => ({
      ...kind,
      store: `shop-${store}`,
      series: store * kinds.length + index + 1,
    })),
  ).flat();
}

const valueAt = (series: number, at: number): number => (series * 31 + at / QUARTER_MS) % 40;
const DETAIL = JSON.stringify({ definition: { id: "visitors", version: 1 }, method: "counted" });

async function fillPostgres(url: string, days: number): Promise<void> {
  const client = new pg.Client({ connectionString: url, options: "-c search_path=vitrine" });
  await client.connect();
  const copy = (into: string, text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const stream = client.query(copyFrom(`COPY ${into} FROM STDIN`));
      stream.on("finish", resolve);
      stream.on("error", reject);
      stream.end(text);
    });
  for (const { store, grain, metric, series, times } of figures(days)) {
    await client.query("INSERT INTO series OVERRIDING SYSTEM VALUE VALUES($1,$2,$3,$4,'store')", [
      ...[store, series, grain, metric],
    ]);
    const lines = times.map(
      (at) =>
        `${store}\t${series}\t${at}\t${at + QUARTER_MS}\t${valueAt(series, at)}\t1\t${at}\t1\t${DETAIL}\n`,
    );
    await copy("rollup", lines.join(""));
  }
  await client.query("VACUUM ANALYZE rollup");
  await client.query("ANALYZE series");
  await client.end();
}

function fillSqlite(path: string, days: number): void {
  const db = new Database(path);
  const addSeries = db.prepare("INSERT INTO series VALUES(?,?,?,?,'store')");
  const addFigure = db.prepare("INSERT INTO rollup VALUES(?,?,?,1)");
  const addDetail = db.prepare("INSERT INTO rollup_detail VALUES(?,?,?,?,1,?)");
  db.pragma("journal_mode=WAL");
  db.pragma("synchronous=OFF");
  db.transaction(() => {
    for (const { store, grain, metric, series, times } of figures(days)) {
      addSeries.run(series, store, grain, metric);
      for (const at of times) {
        addFigure.run(series, at, valueAt(series, at));
        addDetail.run(series, at, at + QUARTER_MS, at, DETAIL);
      }
    }
  })();
  db.close();
}

async function medianMs(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const startMs = performance.now();
    await run();
    times.push(performance.now() - startMs);
  }
  return times.sort((a, b) => a - b)[REPEATS >> 1] ?? Number.NaN;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

async function measure(
  store: CentralStore,
  limitMs: number,
  days: number,
): Promise<Readonly<Record<string, number>>> {
  const month = Math.min(days, MONTH_DAYS);
  const from = epochMs(START + (days - month) * DAY_MS);
  const chain: RollupQuery = {
    ...{ storeIds: null, grain: "quarter", scope: "store", metrics: ["visitors"], from },
    to: epochMs(from + month * DAY_MS),
  };
  const sums = await store.sums(chain);
  const slots = sums.reduce((sum, row) => sum + row.slots, 0);
  if (slots !== STORES * month * QUARTERS) throw new Error(`${slots} slots were summed`);
  const day = { ...chain, storeIds: ["shop-7"], metrics: METRICS, to: epochMs(from + DAY_MS) };
  const quartersMs = await medianMs(() => store.sums(chain));
  return {
    chainMonthByQuartersMs: round(quartersMs),
    ratioToLimit: round(quartersMs / limitMs),
    chainMonthByDaysMs: round(await medianMs(() => store.sums({ ...chain, grain: "day" }))),
    storeDayMs: round(await medianMs(() => store.rollups(day))),
    slotsSummed: slots,
  };
}

async function onSqlite(days: number): Promise<Readonly<Record<string, number>>> {
  const dir = tempDir();
  try {
    const path = join(dir.path, "central.db");
    await (await openRepository(`sqlite:${path}`, SILENT_LOG)).close();
    fillSqlite(path, days);
    const store = await openRepository(`sqlite:${path}`, SILENT_LOG);
    const found = await measure(store, LIMITS_MS.sqlite, days);
    await store.close();
    return found;
  } finally {
    dir.remove();
  }
}

async function onPostgres(days: number): Promise<Readonly<Record<string, number>> | null> {
  if (!hasPostgres()) return null;
  const server = await PostgresServer.create(SETTINGS);
  try {
    const url = await server.createDatabase();
    const store = await openRepository(url, SILENT_LOG);
    await fillPostgres(url, days);
    const found = await measure(store, LIMITS_MS.postgres, days);
    await store.close();
    return found;
  } finally {
    await server.remove();
  }
}

/** Milliseconds of the questions a chain asks, the median of five, on figures of `DAYS` days (30) of 1,000 stores. */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const days = Number(args[0] ?? MONTH_DAYS);
  return {
    postgres: await onPostgres(days),
    sqlite: await onSqlite(days),
    ...{ stores: STORES, days, limitsMs: LIMITS_MS },
  };
}
