import assert from "node:assert/strict";
import test from "node:test";
import { epochMs, storeId } from "../../core/brand.ts";
import { StoreAnomalies, type TwoStores } from "./store-anomalies.ts";

const KM: Readonly<Record<string, number>> = { aarhus: 0, mall: 0.1, odense: 140, vejle: 70 };
const distanceM = (a: string, b: string): number | null => {
  const [from, to] = [KM[a], KM[b]];
  return from === undefined || to === undefined ? null : Math.abs(from - to) * 1000;
};
const MINUTE_MS = 60_000;

function told(steps: readonly (readonly [store: string, minute: number, member?: string])[]) {
  const anomalies = new StoreAnomalies(distanceM, () => epochMs(1_800_000_000_000));
  const found: TwoStores[] = steps.flatMap(
    ([store, minute, member = "m1"]) =>
      anomalies.take({
        member,
        storeId: storeId(store),
        at: epochMs(1_800_000_000_000 + minute * MINUTE_MS),
      }) ?? [],
  );
  return { found, untold: anomalies.untold };
}

test("a member in two towns within five minutes is told", () => {
  const { found } = told([
    ["aarhus", 0],
    ["odense", 5],
  ]);
  assert.deepEqual(found, [
    { member: "m1", stores: ["aarhus", "odense"], apartM: 140_000, withinMs: 5 * MINUTE_MS },
  ]);
});

test("who drives there, goes next door, or is another member, is no anomaly", () => {
  const quiet = [
    ["aarhus", 0],
    ["mall", 1],
    ["odense", 95],
    ["vejle", 96, "m2"],
    ["odense", 97],
  ] as const;
  assert.deepEqual(told(quiet).found, []);
});

test("of stores whose distance is not known nothing is concluded", () => {
  assert.deepEqual(
    told([
      ["aarhus", 0],
      ["moon", 0],
    ]).found,
    [],
  );
});

test("events that come late are judged by when they happened", () => {
  const { found } = told([
    ["aarhus", 10],
    ["odense", 8],
  ]);
  assert.equal(found.length, 1);
});

test("back and forth is told once in a quarter of an hour, the rest is counted", () => {
  const steps = Array.from(
    { length: 40 },
    (_, i) => [i % 2 === 0 ? "aarhus" : "odense", i] as const,
  );
  const { found, untold } = told(steps);
  assert.equal(found.length, 3);
  assert.equal(untold, 36);
});

test("many members at once are told sixty times a minute", () => {
  const steps = Array.from({ length: 200 }, (_, i) => [
    ["aarhus", 0, `m${i}`] as const,
    ["odense", 0.1, `m${i}`] as const,
  ]).flat();
  const { found, untold } = told(steps);
  assert.equal(found.length, 60);
  assert.equal(untold, 140);
});

test("one stamp of a day ahead does not keep others from being told in the minutes after", () => {
  let now = 1_800_000_000_000;
  const anomalies = new StoreAnomalies(distanceM, () => epochMs(now));
  const inTwoTowns = (member: string, at: number): boolean => {
    anomalies.take({ member, storeId: storeId("aarhus"), at: epochMs(at) });
    return anomalies.take({ member, storeId: storeId("odense"), at: epochMs(at + 1) }) !== null;
  };
  assert.ok(inTwoTowns("ahead", now + 86_400_000));
  let told = 0;
  for (let minute = 0; minute < 4; minute += 1) {
    for (let n = 0; n < 50; n += 1) told += Number(inTwoTowns(`m${minute}-${n}`, now));
    now += MINUTE_MS;
  }
  assert.equal(told, 200);
});
