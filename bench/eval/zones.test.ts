import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { zoneId } from "../../src/core/brand.ts";
import type { FloorPlan } from "../../src/core/site.ts";
import { run } from "./zones.ts";
import { NO_DAMAGE } from "./zones-replay.ts";
import { scoreOf, tallyWalk, type ZoneScore } from "./zones-score.ts";
import { farthestPoints, readRoom, readWalks, type WalkLine } from "./zones-walks.ts";

const ROOT = process.env["VITRINE_DATA"] ?? resolve(import.meta.dirname, "../../../shared/data");
const WALKS = join(ROOT, "ble/tetam");
const absent = existsSync(WALKS) ? false : "the recorded walks are not here";

const FLOOR: FloorPlan = {
  outline: [],
  obstacles: [],
  zones: [0, 1].map((i) => ({
    id: zoneId(`z${i}`),
    name: `z${i}`,
    kind: "area" as const,
    polygon: [
      { x: 5 * i, y: 0 },
      { x: 5 * i + 5, y: 0 },
      { x: 5 * i + 5, y: 5 },
      { x: 5 * i, y: 5 },
    ],
  })),
  doors: [],
};

/** From x = 0 to 10 in 20 s: in the first zone until second 10. */
const LINES: readonly WalkLine[] = Array.from({ length: 21 }, (_, i) => ({
  timeS: 1_000 + i,
  sensor: "s",
  rssiDbm: -60,
  xM: i / 2,
  yM: 2,
}));

test("a walk told without a fault scores full marks", () => {
  const told = LINES.map(({ xM, yM }, second) => {
    return { second, zone: xM < 5 ? 0 : 1, confidence: 1, xM, yM };
  });
  assert.deepEqual(scoreOf([tallyWalk(FLOOR, LINES, told)]), {
    accuracy: 1,
    switches: 1,
    trueSwitches: 1,
    dwellErrorRatio: 0,
    p50M: 0,
    p90M: 0,
    unknownRatio: 0,
    reliabilityError: 0,
    seconds: 18,
  });
});

test("unknown seconds are wrong, no switch, and a fault of the dwell; confidence is judged where it is claimed", () => {
  const told = LINES.map(({ xM, yM }, second) => {
    const zone = second < 9 ? -2 : 0;
    return { second, zone, confidence: zone < 0 ? 0 : 0.75, xM: xM + 1, yM };
  });
  const score = scoreOf([tallyWalk(FLOOR, LINES, told)]);
  assert.equal(score.accuracy, 0.0556);
  assert.equal(score.switches, 0);
  assert.equal(score.unknownRatio, 0.3333);
  assert.equal(score.dwellErrorRatio, 0.6111);
  assert.equal(score.p50M, 1);
  assert.equal(score.reliabilityError, 0.6667);
});

test("survey points are taken far from each other, beginning in the middle", () => {
  const points = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((x) => ({ x, y: 0 }));
  assert.deepEqual(
    farthestPoints(points, 3).map(({ x }) => x),
    [4, 0, 8],
  );
  assert.equal(farthestPoints(points, 99).length, 9);
});

test("the recorded walks without a survey reach their figures", { skip: absent }, async () => {
  const { grid6, quad4 } = await figures();
  above("accuracy of six zones", grid6.accuracy, 0.85);
  above("accuracy of four zones", quad4.accuracy, 0.88);
  above("true switches for 1.5 told", grid6.trueSwitches / grid6.switches, 1 / 1.5);
  above("certainty", -Math.max(grid6.reliabilityError, quad4.reliabilityError), -0.1);
});

test("the recorded walks with 28 survey points reach their figures", { skip: absent }, async () => {
  const { grid6, quad4 } = await figures("--survey", join(WALKS, "fingerprints_set_1.json"));
  above("accuracy of six zones", grid6.accuracy, 0.91);
  above("accuracy of four zones", quad4.accuracy, 0.89);
  above("dwell", -Math.max(grid6.dwellErrorRatio, quad4.dwellErrorRatio), -0.1);
  above("half of the places", -grid6.p50M, -1.5);
  above("nine in ten places", -grid6.p90M, -2.8);
  above("true switches for 1.5 told", quad4.trueSwitches / quad4.switches, 1 / 1.5);
});

test("six decibels more change nothing, with the tag's power unknown", {
  skip: absent,
}, async () => {
  const plain = await figures();
  const shifted = await figures("--shift", "6");
  above("accuracy", shifted.grid6.accuracy, plain.grid6.accuracy - 0.03);
});

test("the settings of a run are told with its figures", { skip: absent }, async () => {
  const told = await run(["--dir", WALKS, "--walk", join(WALKS, "tracks/straight_03.csv")]);
  assert.deepEqual(told["settings"], { survey: "none", ...NO_DAMAGE });
  assert.deepEqual(Object.keys(told["walks"] as object), ["straight_03"]);
});

async function figures(...flags: string[]): Promise<{ grid6: ZoneScore; quad4: ZoneScore }> {
  return (await run(["--dir", WALKS, ...flags])) as unknown as {
    grid6: ZoneScore;
    quad4: ZoneScore;
  };
}

function above(what: string, found: number, least: number): void {
  assert.ok(found >= least, `${what}: ${found}, expected at least ${least}`);
}

test("a folder whose room makes no sense is named, and a walk is found in it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "zones-"));
  const put = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  const sensors = [{ id: "a", alias: "a", x: 0, y: 0, z: 2, kind: "rpi-onboard" }];
  await put("sensors.json", JSON.stringify({ area_m: [0, 0, 9, 9], sensors }));
  for (const maps of ["{}", "null", '{"four":1}', '{"four":{}}']) {
    await put("zones.json", maps);
    await assert.rejects(readRoom(folder), { code: "INPUT_INVALID" }, maps);
  }
  await put("sensors.json", "{}");
  await assert.rejects(readRoom(folder), { code: "INPUT_INVALID" });
  await mkdir(join(folder, "tracks"));
  await put("tracks/w.csv", "t,sensor,beacon,rssi,x,y,z\n1,a,b,-60,1,1,1\n");
  for (const walk of ["w.csv", "tracks/w.csv", join(folder, "tracks/w.csv")])
    assert.equal((await readWalks(folder, walk)).length, 1);
  await rm(folder, { recursive: true });
});
