import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { siteOf } from "../../../test/central/shop-day.ts";
import { epochMs } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { SqliteStore } from "../sqlite/sqlite-store.ts";
import { StorePlans } from "./store-plans.ts";

type Plan = Readonly<Record<string, unknown>>;
const { dayCutoverMin: _default, ...SHOP } = siteOf("shop").store;
const line = (id: string): Plan => ({ id, name: id, role: "door", a: [0, 0.5], b: [1, 0.5] });
const camera = (id: string, name = id, lines: readonly Plan[] = []): Plan => ({ id, name, lines });
const planOf = (...cameras: readonly Plan[]): Plan => ({ v: 1, store: SHOP, cameras });
let store: SqliteStore;
let plans: StorePlans;

beforeEach(() => {
  store = new SqliteStore(":memory:");
  plans = new StorePlans({ files: [], repository: store, log: SILENT_LOG });
});
afterEach(() => store.close());

const report = (gateway: string, plan: Plan, at: number): Promise<void> =>
  store.saveDocument(
    { kind: "site", owner: "shop", part: gateway },
    JSON.stringify(plan),
    epochMs(at),
  );
const named = (name: string): Plan => ({ ...planOf(), store: { ...SHOP, name } });
const camerasOf = async (): Promise<readonly string[]> =>
  (await plans.of("shop"))?.cameras.map(({ id, name }) => `${id} ${name}`) ?? [];

test("two gateways of one shop keep their plans, and the shop has the cameras of both", async () => {
  await report("gw1", planOf(camera("door")), 1);
  await report("gw2", planOf(camera("till")), 2);
  assert.deepEqual(await camerasOf(), ["till till", "door door"]);
  await report("gw1", planOf(camera("door", "Front door")), 3);
  assert.deepEqual(await camerasOf(), ["door Front door", "till till"]);
  assert.deepEqual((await plans.all()).get("shop"), await plans.of("shop"));
});

test("where two plans differ, the one that changed last counts", async () => {
  await report("gw1", named("old"), 1);
  await report("gw2", named("new"), 2);
  assert.equal((await plans.of("shop"))?.store.name, "new");
  await report("gw2", planOf(camera("cam", "a")), 3);
  await report("gw1", planOf(camera("cam", "b")), 4);
  assert.deepEqual((await camerasOf())[0], "cam b");
});

test("plans that make none together do not take the newest away", async () => {
  // The same line in two cameras.
  await report("gw1", planOf(camera("door", "door", [line("l")])), 1);
  await report("gw2", planOf(camera("twin", "twin", [line("l")])), 2);
  assert.deepEqual(await camerasOf(), ["twin twin"]);
});

test("a plan kept without its gateway by an earlier version counts until one comes with it", async () => {
  await report("", planOf(camera("old")), 9);
  assert.deepEqual(await camerasOf(), ["old old"]);
  await report("gw1", planOf(camera("door")), 1);
  assert.deepEqual(await camerasOf(), ["door door"]);
});
