import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { beginLife, figuresOf, type HistoryLife, retold } from "../../../test/fakes/history-rig.ts";
import { utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONDAY = utc("2026-05-04T08:00:00Z");
const startOf = (index: number): EpochMs => epochMs(utc("2026-05-04T04:00:00Z") + index * DAY_MS);
const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-days-"));
  folders.push(folder);
  return folder;
}

/** A day's trade, then the time until the next morning at 8. */
function trade(life: HistoryLife, visitors: number): void {
  for (let i = 0; i < visitors; i += 1) {
    life.cross("pass-left", "in");
    life.cross("door", "in");
    life.pass(300_000);
    life.stay(120_000);
    life.sell(1000 + i);
    life.pass(300_000);
    life.cross("door", "out");
  }
}

const until = (life: HistoryLife, at: EpochMs): void => life.pass(at - life.clock.now());

/** Figures of days, the last of them up to now. */
function days(life: HistoryLife, from: number, to: number) {
  const figures = [];
  for (let index = from; index <= to; index += 1) {
    const end = epochMs(Math.min(startOf(index + 1), life.clock.now()));
    figures.push(figuresOf(life.gateway.metrics, startOf(index), end));
  }
  return figures;
}

/** The same of metrics that were told everything the outbox holds, once. */
const oracle = (life: HistoryLife, from: number, to: number): ReturnType<typeof days> =>
  days({ ...life, gateway: { ...life.gateway, metrics: retold(life.outbox) } }, from, to);

/** The numbers alone: what a person would see. */
const shown = (figures: ReturnType<typeof days>): unknown =>
  figures.map((day) =>
    day.map(({ metric, value, n, coverage }) => ({ metric, value, n, coverage })),
  );

test("closed days and the present one show the same after a restart, to the last field", async () => {
  const folder = await newFolder();
  const first = await beginLife(folder, "one", MONDAY);
  first.seeing();
  for (const [index, visitors] of [12, 30, 21].entries()) {
    until(first, epochMs(startOf(index) + 4 * HOUR_MS));
    trade(first, visitors);
  }
  const before = days(first, 0, 2);
  assert.equal(before[1]?.find(({ metric }) => metric === "entrants")?.value, 30);
  first.close();
  const second = await beginLife(folder, "two", first.clock.now());
  assert.deepEqual(days(second, 0, 1), before.slice(0, 2), "closed days");
  assert.deepEqual(shown(days(second, 2, 2)), shown(before.slice(2)), "the present day");
  second.close();
});

test("something told late of a closed day counts once, however often the gateway starts", async () => {
  const folder = await newFolder();
  const first = await beginLife(folder, "one", MONDAY);
  first.seeing();
  trade(first, 5);
  until(first, epochMs(startOf(1) + 4 * HOUR_MS));
  first.cross("door", "in", 20 * HOUR_MS);
  first.sell(777, 20 * HOUR_MS);
  first.cross("pass-left", "in");
  let expected = days(first, 0, 0);
  const entrants = expected[0]?.find(({ metric }) => metric === "entrants");
  assert.deepEqual([entrants?.value, (entrants?.revision ?? 0) > 0], [6, true]);
  let now = first.clock.now();
  first.outbox.flush();
  first.close();
  for (const boot of ["two", "three"]) {
    const life = await beginLife(folder, boot, now);
    assert.deepEqual(days(life, 0, 0), expected, `life ${boot}`);
    life.cross("door", "in", 20 * HOUR_MS);
    expected = days(life, 0, 0);
    now = life.clock.now();
    life.outbox.flush();
    life.close();
  }
  const last = await beginLife(folder, "four", epochMs(startOf(3) + 4 * HOUR_MS));
  assert.deepEqual(days(last, 0, 0), expected, "after the day was written anew");
  assert.equal(days(last, 0, 0)[0]?.find(({ metric }) => metric === "entrants")?.value, 8);
  last.close();
});

test("a gateway that was off when days began makes up for it, each event in its day and once", async () => {
  const folder = await newFolder();
  const first = await beginLife(folder, "one", MONDAY);
  first.seeing();
  trade(first, 7);
  first.outbox.flush();
  first.close();
  const second = await beginLife(folder, "two", epochMs(startOf(3) + 5 * HOUR_MS));
  assert.equal(second.history.base, startOf(3));
  second.seeing();
  trade(second, 3);
  assert.deepEqual(shown(days(second, 0, 3)), shown(oracle(second, 0, 3)));
  second.close();
  const third = await beginLife(folder, "three", second.clock.now());
  assert.deepEqual(shown(days(third, 0, 3)), shown(days(second, 0, 3)));
  third.close();
});

test("a disk that refuses the history costs nothing: the day stays in the daybook until it is written", async () => {
  const folder = await newFolder();
  const first = await beginLife(folder, "one", MONDAY);
  first.seeing();
  trade(first, 4);
  first.history.save = () => false;
  until(first, epochMs(startOf(1) + HOUR_MS));
  assert.equal(first.history.base, startOf(0));
  const before = days(first, 0, 0);
  first.close();
  const second = await beginLife(folder, "two", first.clock.now());
  assert.deepEqual(shown(days(second, 0, 0)), shown(before), "told again by the daybook");
  assert.equal(second.history.base, startOf(1), "and written at the next start");
  second.close();
});

test("without a history file that can be used the gateway counts all the same", async () => {
  const folder = await newFolder();
  const first = await beginLife(folder, "one", MONDAY);
  first.seeing();
  trade(first, 4);
  until(first, epochMs(startOf(1) + HOUR_MS));
  first.close();
  assert.ok(existsSync(join(folder, "history.db")));
  await rm(join(folder, "history.db"));
  const second = await beginLife(folder, "two", first.clock.now());
  second.seeing();
  trade(second, 2);
  const today = second.gateway.dashboard.today();
  assert.equal(today.tiles.find(({ metric }) => metric === "entrants")?.value, 2);
  second.close();
});

test("values of slots are saved once they are over, and corrected with a higher revision", async () => {
  const folder = await newFolder();
  const life = await beginLife(folder, "one", MONDAY);
  life.seeing();
  trade(life, 6);
  until(life, epochMs(startOf(1) + 5 * HOUR_MS));
  const saved = (grain: "minute" | "quarter" | "hour" | "day") =>
    [
      ...life.history.rollups({
        grain,
        from: startOf(0),
        to: startOf(1),
        scope: { kind: "store" },
        metric: "entrants",
      }),
    ].map(({ value }) => value);
  const sum = (values: readonly { readonly value: number | null }[]): number =>
    values.reduce((total, { value }) => total + (value ?? 0), 0);
  for (const grain of ["minute", "quarter", "hour", "day"] as const)
    assert.equal(sum(saved(grain)), 6, grain);
  const revision = saved("day")[0]?.revision ?? Number.NaN;
  life.cross("door", "in", 22 * HOUR_MS);
  life.pass(HOUR_MS);
  assert.deepEqual([sum(saved("day")), sum(saved("hour"))], [7, 7]);
  assert.ok((saved("day")[0]?.revision ?? 0) > revision);
  life.close();
});

test("reports come from the gateway's own metrics, and refuse days to come", async () => {
  const folder = await newFolder();
  const life = await beginLife(folder, "one", MONDAY);
  life.seeing();
  trade(life, 6);
  until(life, epochMs(startOf(7) + 5 * HOUR_MS));
  trade(life, 3);
  const { reports } = life.gateway.dashboard;
  assert.ok(reports !== undefined);
  const report = reports.report({
    period: { kind: "day", date: null },
    compare: { kind: "same-weekday" },
  });
  assert.ok(report.ok);
  const entrants = (tiles: typeof report.value.current.tiles): number | null | undefined =>
    tiles.find(({ metric }) => metric === "entrants")?.value;
  assert.deepEqual(
    [entrants(report.value.current.tiles), entrants(report.value.comparison?.tiles ?? [])],
    [3, 6],
  );
  const week = reports.report({ period: { kind: "week", date: null }, compare: null });
  assert.ok(week.ok);
  assert.equal(week.value.current.series.slots.length, 168);
  const ahead = reports.report({ period: { kind: "day", date: 30_000 }, compare: null });
  assert.deepEqual(ahead.ok ? [] : ahead.error.map(({ path }) => path), ["date"]);
  life.close();
});

test("values that the disk refused are saved when it takes writes again", async () => {
  const life = await beginLife(await newFolder(), "one", MONDAY);
  const write = life.history.saveRollups.bind(life.history);
  life.history.saveRollups = () => null;
  life.seeing();
  trade(life, 6);
  until(life, epochMs(startOf(1) + HOUR_MS));
  life.history.saveRollups = write;
  life.pass(8 * HOUR_MS);
  const scope = { kind: "store" } as const;
  for (const grain of ["hour", "day"] as const) {
    const query = { grain, scope, metric: "entrants", from: startOf(0), to: startOf(1) } as const;
    const values = [...life.history.rollups(query)].map(({ value }) => value.value ?? 0);
    assert.equal(
      values.reduce((sum, value) => sum + value, 0),
      6,
      grain,
    );
  }
  life.close();
});

test("the record of a day that is no JSON any more keeps no gateway from starting", async () => {
  const folder = await newFolder();
  const first = await beginLife(folder, "one", MONDAY);
  first.seeing();
  trade(first, 2);
  until(first, epochMs(startOf(2) + HOUR_MS));
  const base = first.history.base;
  assert.ok(base !== null);
  const broken = { dayStart: startOf(0), dayEnd: startOf(1), v: 1, body: '{"v":1,' };
  assert.ok(first.history.save({ base, days: [broken], customers: [] }));
  first.close();
  const second = await beginLife(folder, "two", first.clock.now());
  second.seeing();
  trade(second, 3);
  const today = second.gateway.dashboard.today();
  assert.equal(today.tiles.find(({ metric }) => metric === "entrants")?.value, 3);
  second.close();
});

test("a start with the clock of yesterday takes nothing from the record of a closed day", async () => {
  const folder = await newFolder();
  const first = await beginLife(folder, "one", MONDAY);
  first.seeing();
  trade(first, 6);
  until(first, epochMs(startOf(1) + HOUR_MS));
  first.outbox.noteLine(true);
  for (const stream of ["journey", "zone", "health"] as const)
    first.outbox.acknowledge(stream, first.outbox.committed(stream));
  first.pass(HOUR_MS);
  first.close();
  const entrants = (life: HistoryLife): unknown =>
    days(life, 0, 0)[0]?.find(({ metric }) => metric === "entrants")?.value;
  const unset = await beginLife(folder, "two", epochMs(startOf(1) - HOUR_MS));
  unset.seeing();
  unset.cross("door", "in");
  unset.pass(60_000);
  assert.equal(entrants(unset), 7);
  unset.close();
  const set = await beginLife(folder, "three", epochMs(startOf(1) - HOUR_MS / 2));
  until(set, epochMs(startOf(1) + HOUR_MS));
  assert.equal(entrants(set), 7);
  set.close();
  const last = await beginLife(folder, "four", set.clock.now());
  assert.equal(entrants(last), 7);
  last.close();
});
