import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { createSystemClock } from "../../src/app/system-clock.ts";
import type { CentralStore } from "../../src/central/repository.ts";
import { FiguresThread } from "../../src/central/rollups/figures-thread.ts";
import { RollupWorker } from "../../src/central/rollups/rollup-worker.ts";
import { StorePlans } from "../../src/central/rollups/store-plans.ts";
import { epochMs } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import type { SitePlan } from "../../src/core/site.ts";
import { createMetrics } from "../../src/metrics/metrics.ts";
import { freePort, until } from "../e2e/delivery-rig.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { ENGINES, open } from "./engines.ts";
import { commitDay, figuresOf, siteOf } from "./shop-day.ts";

const DAY = Date.UTC(2026, 4, 12, 4);
const DAY_MS = 86_400_000;
const SHOPS = ["shop1", "shop2", "shop3"];
const SITES = SHOPS.map(siteOf);
const log = SILENT_LOG;

function workerOf(store: CentralStore, holder: string, clock: FakeClock): RollupWorker {
  return new RollupWorker({
    repository: store,
    plans: new StorePlans({ files: SITES, repository: store, log }),
    metricsOf: (site: SitePlan) => createMetrics({ site }),
    ...{ holder, clock, log },
  });
}

const threadOf = (store: string, holder = "one"): FiguresThread =>
  new FiguresThread({
    birth: { store, sites: SITES, keepDays: null, holder },
    ...{ clock: createSystemClock(), log, random: Math.random },
  });

for (const engine of ENGINES) {
  describe(`figures made beside the centre, in ${engine.name}`, { skip: !engine.isThere }, () => {
    let store: CentralStore;
    let url: string;
    before(() => engine.start());
    after(() => engine.stop());
    beforeEach(async () => {
      url = await engine.create();
      store = await open(url);
    });
    afterEach(() => store.close());

    test("a thread makes the days while the centre has the store open, as a worker in place does", async () => {
      for (const shop of SHOPS) await commitDay(store, shop, DAY, 12);
      const thread = threadOf(url);
      thread.start(0);
      await until("the days are made", () => thread.counts.days === SHOPS.length);
      await commitDay(store, "shop1", DAY + DAY_MS, 3);
      await thread.stop();
      assert.equal((await store.dirtyHours(9, "shop2")).length, 0);
      const made = await figuresOf(store);
      assert.ok(made.some(({ metric, value }) => metric === "entrants" && value === 12));

      const other = await open(await engine.create());
      for (const shop of SHOPS) await commitDay(other, shop, DAY, 12);
      await workerOf(other, "two", new FakeClock({ epoch: createSystemClock().now() })).turn();
      const inPlace = await figuresOf(other);
      assert.deepEqual(made, inPlace);
      await other.close();
    });

    test("how much waits and since when is known, and nothing does when all is made", async () => {
      assert.deepEqual(await store.dirtyState(), { hours: 0, since: null });
      await commitDay(store, "shop1", DAY, 1);
      await commitDay(store, "shop2", DAY - DAY_MS, 1);
      const state = await store.dirtyState();
      assert.equal(state.since, DAY);
      assert.equal(state.hours, (await store.dirtyHours(99)).length);
      await workerOf(store, "one", new FakeClock({ epoch: epochMs(DAY + 2 * DAY_MS) })).turn();
      assert.deepEqual(await store.dirtyState(), { hours: 0, since: null });
    });
  });
}

const POSTGRES = ENGINES[1];

describe("two centres that share a store", { skip: POSTGRES?.isThere !== true }, () => {
  let url: string;
  let stores: CentralStore[];
  before(() => POSTGRES?.start());
  after(() => POSTGRES?.stop());
  beforeEach(async () => {
    url = (await POSTGRES?.create()) ?? "";
    stores = await Promise.all([open(url), open(url)]);
  });
  afterEach(() => Promise.all(stores.map((store) => store.close())));

  test("each day is made by one of them, and the shop stays with it until it lets go", async () => {
    const [first, second] = stores as [CentralStore, CentralStore];
    for (const shop of SHOPS)
      for (const day of [0, 1, 2]) await commitDay(first, shop, DAY + day * DAY_MS, 4);
    const clock = new FakeClock({ epoch: epochMs(DAY + 9 * DAY_MS) });
    const workers = [workerOf(first, "one", clock), workerOf(second, "two", clock)];
    await Promise.all(workers.map((worker) => worker.turn()));
    const days = workers.map(({ counts }) => counts.days);
    assert.equal((days[0] ?? 0) + (days[1] ?? 0), 9);
    assert.deepEqual(await first.dirtyState(), { hours: 0, since: null });

    await commitDay(first, "shop1", DAY + 4 * DAY_MS, 4);
    for (const worker of workers) await worker.turn();
    const after = workers.map(({ counts }) => counts.days);
    const owner = after[0] === days[0] ? 1 : 0;
    assert.equal((after[0] ?? 0) + (after[1] ?? 0), 10, "only its owner makes the next");
    await workers[owner]?.release();
    await commitDay(first, "shop1", DAY + 5 * DAY_MS, 4);
    await workers[1 - owner]?.turn();
    assert.equal(workers[1 - owner]?.counts.days, (after[1 - owner] ?? 0) + 1);
  });

  test("a claim nobody renews ends by time, and a renewed one does not", async () => {
    const [first, second] = stores as [CentralStore, CentralStore];
    assert.equal(await first.claimStore("shop1", "one", 60_000), true);
    assert.equal(await second.claimStore("shop1", "two", 60_000), false);
    assert.equal(await first.claimStore("shop1", "one", 0), true);
    assert.equal(await second.claimStore("shop1", "two", 60_000), true);
    await first.releaseStore("shop1", "one");
    assert.equal(await first.claimStore("shop1", "one", 60_000), false, "it was another's by then");
  });
});

test("a store that does not answer costs turns, not the thread", async () => {
  const away = `postgres://nobody@127.0.0.1:${await freePort()}/t`;
  const thread = threadOf(away);
  thread.start(0);
  await until("the turn failed", () => thread.counts.failed > 0);
  assert.equal(thread.counts.died, 0);
  await thread.stop();
});

test("a thread that dies is counted and does no harm", async () => {
  // Sites that cannot be plans: the thread falls over them.
  const birth = { sites: [null as unknown as SitePlan], keepDays: null, holder: "one" };
  const thread = new FiguresThread({
    birth: { ...birth, store: "sqlite::memory:" },
    ...{ clock: createSystemClock(), log, random: Math.random },
  });
  thread.start(0);
  await until("it died", () => thread.counts.died > 0);
  await thread.stop();
});
