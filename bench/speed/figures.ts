import { join } from "node:path";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { LoopWatch } from "../../src/central/fleet/loop-lag.ts";
import { openRepository } from "../../src/central/open-repository.ts";
import type { CentralStore } from "../../src/central/repository.ts";
import { FiguresThread } from "../../src/central/rollups/figures-thread.ts";
import { RollupWorker } from "../../src/central/rollups/rollup-worker.ts";
import { StorePlans } from "../../src/central/rollups/store-plans.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { createMetrics } from "../../src/metrics/metrics.ts";
import { hasPostgres } from "../../test/central/postgres-programs.ts";
import { PostgresServer } from "../../test/central/postgres-server.ts";
import { commitDay, siteOf } from "../../test/central/shop-day.ts";
import { tempDir, until } from "../../test/e2e/delivery-rig.ts";
import { batchOf } from "./central-batches.ts";

export const usage =
  "npm run bench -- figures [DAYS] --json   shop days made per second, and how late the centre's event loop is meanwhile, with events coming in: made by the thread, over made in place";

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 4, 12, 4);
const PEOPLE = 3000;
const PAUSE_MS = 20;
const LONGEST_MS = 120_000;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
const round = (value: number): number => Math.round(value * 1000) / 1000;

/** How late the loop was while days were made, with a batch committed every few milliseconds. */
interface Lateness {
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
  readonly daysPerSecond: number;
  readonly commitMaxMs: number;
}

/** Commits small batches of other shops until told to stop; returns the longest commit. */
function ingest(store: CentralStore, round: number): () => Promise<number> {
  let isOver = false;
  const run = async (): Promise<number> => {
    let longestMs = 0;
    for (let n = 0; !isOver; n += 1) {
      const startMs = performance.now();
      await store.commit([batchOf(n % 500, round * 1000 + Math.floor(n / 500), 0)]);
      longestMs = Math.max(longestMs, performance.now() - startMs);
      await pause();
    }
    return longestMs;
  };
  const running = run();
  return () => {
    isOver = true;
    return running;
  };
}

async function lateness(
  store: CentralStore,
  days: number,
  turn: number,
  make: () => Promise<void>,
): Promise<Lateness> {
  const stop = ingest(store, turn);
  const watch = new LoopWatch();
  // Lateness is told from one turn of the loop to the next: one before, and one after.
  await pause();
  const startMs = performance.now();
  await make();
  const tookMs = performance.now() - startMs;
  await pause();
  const { p99Ms, maxMs } = watch.take();
  watch.stop();
  const commitMaxMs = round(await stop());
  const daysPerSecond = round((days * 1000) / tookMs);
  return { lagP99Ms: round(p99Ms), lagMaxMs: round(maxMs), daysPerSecond, commitMaxMs };
}

async function measure(url: string, days: number): Promise<Readonly<Record<string, unknown>>> {
  const store = await openRepository(url, SILENT_LOG);
  const clock = createSystemClock();
  const shops = Array.from({ length: days }, (_, n) => `shop-x${n}`);
  const sites = shops.map(siteOf);
  const fill = async (shift: number): Promise<void> => {
    for (const shop of shops) await commitDay(store, shop, START + shift * DAY_MS, PEOPLE);
  };
  await fill(0);
  const birth = { store: url, sites, keepDays: null, holder: "thread" };
  const thread = new FiguresThread({ birth, clock, log: SILENT_LOG, random: Math.random });
  const inThread = await lateness(store, days, 0, async () => {
    thread.start(0);
    await until("the days are made", () => thread.counts.days >= days, LONGEST_MS);
  });
  await thread.stop();
  await fill(1);
  const worker = new RollupWorker({
    repository: store,
    plans: new StorePlans({ files: sites, repository: store, log: SILENT_LOG }),
    metricsOf: (site) => createMetrics({ site }),
    ...{ holder: "place", clock, log: SILENT_LOG },
  });
  const inPlace = await lateness(store, days, 1, async () => {
    while (worker.counts.days < days) await worker.turn();
  });
  await store.close();
  return { thread: inThread, inPlace, ratio: round(inThread.lagMaxMs / inPlace.lagMaxMs) };
}

/** Lateness of the loop on both engines; a day has 3,000 crossings. */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const days = Number(args[0] ?? 10);
  const dir = tempDir();
  const server = hasPostgres() ? await PostgresServer.create() : null;
  try {
    return {
      sqlite: await measure(`sqlite:${join(dir.path, "central.db")}`, days),
      postgres: server === null ? null : await measure(await server.createDatabase(), days),
      ...{ days, eventsPerDay: PEOPLE },
    };
  } finally {
    await server?.remove();
    dir.remove();
  }
}
