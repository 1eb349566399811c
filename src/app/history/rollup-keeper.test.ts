import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { beginLife, type HistoryLife } from "../../../test/fakes/history-rig.ts";
import { utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { SavedGrain, SavedRollup } from "../../io/history/history-rows.ts";
import { reportMetrics } from "../../metrics/reports/period-report.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START = utc("2026-05-04T04:00:00Z");
const END = epochMs(START + 24 * HOUR_MS);
const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-rollups-"));
  folders.push(folder);
  return folder;
}

const until = (life: HistoryLife, at: EpochMs): void => life.pass(at - life.clock.now());

const saved = (life: HistoryLife, grain: SavedGrain): readonly SavedRollup[] => [
  ...life.history.rollups({ grain, from: START, to: END, scope: { kind: "store" } }),
];

const entrants = (rows: readonly SavedRollup[]): number =>
  rows
    .filter(({ value }) => value.metric === "entrants")
    .reduce((sum, { value }) => sum + (value.value ?? 0), 0);

/** A day with five who come late in the evening, up to some minutes after it ended; its values wait to be saved. */
async function dayWithoutRows(folder: string, minutes: number): Promise<EpochMs> {
  const life = await beginLife(folder, "one", epochMs(START + HOUR_MS));
  life.seeing();
  until(life, epochMs(END - 4 * MINUTE_MS));
  for (let i = 0; i < 5; i += 1) life.cross("door", "in");
  until(life, epochMs(END + minutes * MINUTE_MS));
  const now = life.clock.now();
  assert.equal(saved(life, "day").filter(({ isFinal }) => isFinal).length, 0);
  life.close();
  return now;
}

test("a day that ended minutes before the gateway died is saved by the next life, all grains of it", async () => {
  const folder = await newFolder();
  const now = await dayWithoutRows(folder, 1);
  const second = await beginLife(folder, "two", now);
  second.seeing();
  second.pass(2 * HOUR_MS);
  const days = saved(second, "day");
  assert.deepEqual(
    reportMetrics("store").filter((metric) => !days.some(({ value }) => value.metric === metric)),
    [],
  );
  assert.ok(days.every(({ isFinal }) => isFinal));
  for (const grain of ["day", "hour", "quarter", "minute"] as const)
    assert.equal(entrants(saved(second, grain)), 5, grain);
  second.close();
});

test("a day that ended while the gateway was off is saved as well", async () => {
  const folder = await newFolder();
  const first = await beginLife(folder, "one", epochMs(START + HOUR_MS));
  first.seeing();
  for (let i = 0; i < 5; i += 1) first.cross("door", "in");
  first.pass(MINUTE_MS);
  first.close();
  const second = await beginLife(folder, "two", epochMs(END + 5 * HOUR_MS));
  second.pass(2 * HOUR_MS);
  assert.equal(entrants(saved(second, "day").filter(({ isFinal }) => isFinal)), 5);
  second.close();
});

test("a day that is on the disk for good is not written again by a restart", async () => {
  const folder = await newFolder();
  const now = await dayWithoutRows(folder, 1);
  const second = await beginLife(folder, "two", now);
  second.pass(2 * HOUR_MS);
  const before = saved(second, "day");
  const later = second.clock.now();
  second.close();
  const third = await beginLife(folder, "three", later);
  const { rollups } = third.history.counters;
  third.pass(20 * MINUTE_MS);
  assert.deepEqual(saved(third, "day"), before);
  assert.equal(third.history.counters.rollups - rollups, 0);
  third.close();
});

test("when a day is over its hours are looked at once more, without any event of theirs", async () => {
  const folder = await newFolder();
  const life = await beginLife(folder, "one", epochMs(START + HOUR_MS));
  life.seeing();
  for (let i = 0; i < 5; i += 1) life.cross("door", "in");
  const first = { grain: "hour", from: START, to: epochMs(START + 2 * HOUR_MS) } as const;
  const peak = (): SavedRollup | undefined =>
    [...life.history.rollups({ ...first, scope: { kind: "store" } })].findLast(
      ({ value }) => value.metric === "occupancy-peak" && value.from === START + HOUR_MS,
    );
  until(life, epochMs(START + 6 * HOUR_MS));
  const live = peak();
  for (let i = 0; i < 6; i += 1) life.cross("door", "out");
  until(life, epochMs(END + 4 * HOUR_MS));
  life.cross("door", "in");
  life.pass(HOUR_MS);
  const closed = peak();
  assert.equal(live?.value.value, 5);
  assert.equal(closed?.value.value, 6, "as many left as six, so one had come unseen");
  assert.ok((closed?.value.revision ?? 0) > (live?.value.revision ?? 0));
  life.close();
});
