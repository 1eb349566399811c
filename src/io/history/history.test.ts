import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import Database from "better-sqlite3";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { MetricValue } from "../../core/metric-value.ts";
import { seededRandom } from "../../core/random.ts";
import { type History, type HistoryOptions, openHistory } from "./history.ts";
import type { Retention, SavedDay, SavedRollup } from "./history-rows.ts";

const folder = await mkdtemp(join(tmpdir(), "vitrine-history-"));
const open: History[] = [];
after(async () => {
  for (const history of open) history.close();
  await rm(folder, { recursive: true, force: true });
});

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 10, 2, 4);
const dayStart = (index: number): EpochMs => epochMs(START + index * DAY_MS);
let files = 0;
const newPath = (): string => {
  files += 1;
  return join(folder, `history-${files}.db`);
};

function openAt(path: string, options: Partial<HistoryOptions> = {}): History {
  const history = openHistory({ path, clock: new FakeClock(), log: SILENT_LOG, ...options });
  open.push(history);
  return history;
}

const day = (index: number, body = `{"day":${index}}`): SavedDay => ({
  dayStart: dayStart(index),
  dayEnd: dayStart(index + 1),
  v: 1,
  body,
});

function value(patch: Partial<MetricValue> = {}): MetricValue {
  return {
    metric: "entrants",
    scope: { kind: "store" },
    value: 12,
    unit: "people",
    reason: null,
    definition: { id: "entrants", version: 2, parameters: { doors: "all" } },
    method: "count",
    coverage: 1,
    imputedShare: 0,
    n: 12,
    effectiveN: null,
    ci95: null,
    from: dayStart(0),
    to: dayStart(1),
    revision: 0,
    ...patch,
  };
}

const row = (patch: Partial<MetricValue> = {}, isFinal = true): SavedRollup => ({
  grain: "day",
  value: value(patch),
  isFinal,
  sharesDefinition: false,
});
const ALL = { from: dayStart(-3000), to: dayStart(3000) };
const valuesOf = (history: History, grain: SavedRollup["grain"] = "day"): MetricValue[] =>
  [...history.rollups({ grain, ...ALL })].map((one) => one.value);

test("a snapshot comes back whole after the file is opened again, oldest day first", () => {
  const path = newPath();
  const first = openAt(path);
  const body = JSON.stringify({ text: "é".repeat(10_000) });
  const customers = [{ customer: "card-1", dayStart: dayStart(0), visits: 2 }];
  assert.equal(first.base, null);
  assert.ok(first.save({ base: dayStart(2), days: [day(1), day(0, body)], customers }));
  first.close();
  const again = openAt(path);
  assert.equal(again.base, dayStart(2));
  assert.deepEqual([...again.days(dayStart(2), 42)], [day(0, body), day(1)]);
  assert.deepEqual(again.customers(dayStart(0)), customers);
});

test("a customer's day that is taken back is gone, and one that is corrected is replaced", () => {
  const history = openAt(newPath());
  const came = (customer: string, visits: number) => ({ customer, dayStart: dayStart(0), visits });
  const save = (...customers: readonly ReturnType<typeof came>[]) =>
    history.save({ base: dayStart(1), days: [], customers });
  save(came("a", 1), came("b", 1));
  save(came("a", 0), came("b", 3));
  assert.deepEqual(history.customers(dayStart(0)), [came("b", 3)]);
});

test("only the newest days that ended in time are given back", () => {
  const history = openAt(newPath());
  const days = [0, 1, 2, 3].map((index) => day(index));
  history.save({ base: dayStart(4), days, customers: [] });
  const starts = [...history.days(dayStart(3), 2)].map((one) => one.dayStart);
  assert.deepEqual(starts, [dayStart(1), dayStart(2)]);
});

test("a day saved again replaces the one before", () => {
  const history = openAt(newPath());
  history.save({ base: dayStart(1), days: [day(0)], customers: [] });
  history.save({ base: dayStart(2), days: [day(0, "{}"), day(1)], customers: [] });
  assert.deepEqual(
    [...history.days(dayStart(9), 42)].map((one) => one.body),
    ["{}", '{"day":1}'],
  );
});

test("a value keeps every field over the disk", () => {
  const history = openAt(newPath());
  const full = value({
    metric: "zone-transition",
    scope: { kind: "zone-pair", from: "table", to: "exit-with-tx" },
    value: null,
    reason: { code: "small-sample", text: 'Only 3: "few".' },
    method: "none",
    coverage: 0.25,
    imputedShare: 0.125,
    n: 3,
    effectiveN: 2.5,
    ci95: [0.1, 0.9],
    revision: 7,
  });
  const plain = value({ scope: { kind: "line", id: "door" } });
  history.saveRollups([row(full), { ...row(plain), sharesDefinition: true }]);
  assert.deepEqual(new Set(valuesOf(history)), new Set([full, plain]));
});

test("values are read by grain, time, scope and metric", () => {
  const history = openAt(newPath());
  const zone = { kind: "zone", id: "till" } as const;
  history.saveRollups([
    row({ from: dayStart(0) }),
    row({ from: dayStart(1) }),
    row({ from: dayStart(1), scope: zone }),
    row({ from: dayStart(1), metric: "exits" }),
    { ...row({ from: dayStart(1) }), grain: "hour" },
  ]);
  const read = (query: object): number =>
    [...history.rollups({ grain: "day", ...ALL, ...query })].length;
  assert.equal(read({}), 4);
  assert.equal(read({ from: dayStart(1) }), 3);
  assert.equal(read({ to: dayStart(1) }), 1);
  assert.equal(read({ scope: zone }), 1);
  assert.equal(read({ metric: "exits" }), 1);
  assert.equal(read({ metric: "occupancy" }), 0, "a metric never saved");
});

test("a long range is read in full although it is read in pages", () => {
  const history = openAt(newPath());
  const slots = Array.from({ length: 2500 }, (_, i) => row({ from: epochMs(START + i), value: i }));
  history.saveRollups(slots);
  assert.deepEqual(
    valuesOf(history).map((one) => one.value),
    slots.map((one) => one.value.value),
  );
});

test("a corrected final value has a higher revision; a provisional one and a repetition have not", () => {
  const history = openAt(newPath());
  assert.equal(history.saveRollups([row({ value: 1 }, false)]), 1);
  assert.equal(history.saveRollups([row({ value: 2 }, true)]), 1);
  assert.equal(valuesOf(history)[0]?.revision, 0);
  assert.equal(history.saveRollups([row({ value: 2 }, true)]), 0, "nothing new");
  assert.equal(history.saveRollups([row({ value: 3 }, true)]), 1);
  assert.equal(valuesOf(history)[0]?.revision, 1);
  history.saveRollups([row({ value: 4, revision: 5 }, true)]);
  assert.equal(valuesOf(history)[0]?.revision, 5);
  history.saveRollups([row({ value: 5, revision: 0 }, true)]);
  assert.equal(valuesOf(history)[0]?.revision, 6, "a revision never goes back");
});

test("a purge removes what is past its time in slices, says how much, and goes by the newest day", () => {
  const retention: Retention = {
    rollupMs: { minute: DAY_MS, quarter: 1e15, hour: 1e15, day: 1e15 },
    dayMs: 2 * DAY_MS,
    customerMs: 3 * DAY_MS,
  };
  const history = openAt(newPath(), { retention });
  assert.equal(history.purge()?.hasMore, false, "an empty history has nothing to remove");
  const minutes = Array.from(
    { length: 3000 },
    (_, i): SavedRollup => ({
      ...row({ from: epochMs(START + i * 60_000) }),
      grain: "minute",
    }),
  );
  history.saveRollups([...minutes, row()]);
  const days = [0, 1, 2, 3, 4].map((index) => day(index));
  const customers = [0, 1, 4].map((i) => ({ customer: "card", dayStart: dayStart(i), visits: 1 }));
  history.save({ base: dayStart(5), days, customers });
  const first = history.purge();
  assert.deepEqual(first, {
    rollups: { minute: 2000, quarter: 0, hour: 0, day: 0 },
    days: 3,
    customers: 2,
    hasMore: true,
  });
  const second = history.purge();
  assert.deepEqual([second?.rollups.minute, second?.hasMore], [1000, false]);
  assert.deepEqual(
    { ...history.stats(), bytes: 0 },
    { days: 2, rollups: 1, customers: 1, bytes: 0 },
  );
});

test("a file of a newer version is refused with its code and left alone", () => {
  const path = newPath();
  openAt(path).close();
  const raw = new Database(path);
  raw.pragma("user_version=99");
  raw.close();
  const wanted = (error: unknown) =>
    error instanceof GatewayError && error.code === "HISTORY_VERSION";
  assert.throws(() => openAt(path), wanted);
  assert.equal(existsSync(`${path}.bad-1`), false);
});

test("a file that is no database is set aside, a new one begun, and people are told", () => {
  const path = newPath();
  writeFileSync(path, "this is not a database, and it is long enough to be looked at".repeat(40));
  const history = openAt(path);
  assert.ok(existsSync(`${path}.bad-1`));
  assert.match(history.notices().join(), /HISTORY_CORRUPT/);
  assert.ok(history.save({ base: dayStart(1), days: [day(0)], customers: [] }));
});

test("of damaged files only the newest is kept, under a number above all before it", () => {
  const path = newPath();
  const garbage = "this is not a database, and it is long enough to be looked at".repeat(40);
  const asides = (): readonly string[] =>
    readdirSync(dirname(path))
      .filter((name) => name.startsWith(`${basename(path)}.bad-`))
      .map((name) => name.slice(basename(path).length + 1))
      .sort();
  for (const expected of ["bad-1", "bad-2", "bad-3"]) {
    writeFileSync(path, garbage);
    openAt(path).close();
    assert.deepEqual(asides(), [expected]);
  }
  for (const name of ["bad-1", "bad-7", "bad-7-wal", "bad-x"]) writeFileSync(`${path}.${name}`, "");
  openAt(path).close();
  assert.deepEqual(asides(), ["bad-7", "bad-7-wal", "bad-x"]);
});

test("of a damaged file everything that can still be read is taken over", () => {
  const path = newPath();
  const old = openAt(path);
  const bodies = Array.from({ length: 30 }, (_, i) => day(i, JSON.stringify({ i, x: noise(i) })));
  old.save({ base: dayStart(30), days: bodies, customers: [] });
  old.saveRollups([row()]);
  old.close();
  damage(path);
  const history = openAt(path);
  const days = [...history.days(dayStart(30), 42)];
  assert.ok(existsSync(`${path}.bad-1`));
  assert.equal(history.base, dayStart(30));
  assert.ok(days.length > 0 && days.length < 30, `${days.length} of 30 days`);
  for (const one of days)
    assert.equal(one.body, bodies.find((b) => b.dayStart === one.dayStart)?.body);
});

test("a disk that takes no writes is a state and a sentence, and nothing of what it refused is there", () => {
  const path = newPath();
  const history = openAt(path, { capBytes: 65_536 });
  history.save({ base: dayStart(1), days: [day(0)], customers: [] });
  const big = day(1, JSON.stringify(noise(1, 100_000)));
  assert.equal(history.save({ base: dayStart(2), days: [big], customers: [] }), false);
  assert.match(history.notices().join(), /HISTORY_UNWRITABLE/);
  assert.deepEqual([history.base, history.counters.refused], [dayStart(1), 1]);
  assert.ok(history.save({ base: dayStart(2), days: [day(1)], customers: [] }), "there is room");
  assert.deepEqual([history.state.kind, history.notices()], ["ok", []]);
});

/** Text that does not get smaller by packing. */
function noise(seed: number, length = 3_000): string {
  const random = seededRandom(seed + 1);
  return Array.from({ length }, () => String.fromCharCode(33 + Math.floor(random() * 90))).join("");
}

/** Overwrites two pages in the middle of the file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xaa, 12 * 4096, 14 * 4096);
  writeFileSync(path, bytes);
}
