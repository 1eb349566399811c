import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { monoMs, zoneId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { run as runCounter, tremble } from "./counter.ts";
import { disturb } from "./disturbance.ts";
import { emptyFrame } from "./mot.ts";
import { occupancyError } from "./occupancy.ts";
import { run } from "./tracking.ts";

/** A suite of one: somebody walks from x = 20 to x = 300 in 40 frames at 8 frames a second, through line and zone. */
async function suiteFolder(t: { after(run: () => Promise<void>): void }): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "vitrine-eval-"));
  t.after(() => rm(parent, { recursive: true }));
  const folder = join(parent, "walk");
  await mkdir(folder);
  const rows = (score: string, id: number): string =>
    Array.from(
      { length: 40 },
      (_, i) => `${i + 1},${id},${20 + 7 * i},100,40,100,${score},-1,-1,-1`,
    ).join("\n");
  const info = "name=walk\nframeRate=8\nseqLength=40\nimWidth=400\nimHeight=300\n";
  await writeFile(join(folder, "seqinfo.ini"), info);
  await writeFile(join(folder, "gt.txt"), rows("1", 1));
  await writeFile(join(folder, "det.txt"), rows("0.9", -1));
  const polygon = [
    [160, 0],
    [400, 0],
    [400, 300],
    [160, 300],
  ];
  const occupancy = [
    [1, 0],
    [11, 0],
    [21, 1],
    [31, 1],
  ];
  const counting = {
    lines: { L: { a: [160, 0], b: [160, 300], pos: 0, neg: 1 } },
    zones: { Z: { polygon, occupancy_every_10_frames: occupancy } },
  };
  await writeFile(join(folder, "counting.gt.json"), JSON.stringify(counting));
  return parent;
}

test("disturbed frames come in order, are about as many as asked for, and the same for the same seed", () => {
  const arrived = disturb(1000, 40, { dropRatio: 0.3, jitterMs: 50 }, 7);
  assert.deepEqual(disturb(1000, 40, { dropRatio: 0.3, jitterMs: 50 }, 7), arrived);
  assert.ok(arrived.indices.length > 640 && arrived.indices.length < 760);
  assert.ok(arrived.timesMs.every((ms, i) => i === 0 || ms > (arrived.timesMs[i - 1] ?? 0)));
  const late = arrived.indices.map((index, i) => Math.abs((arrived.timesMs[i] ?? 0) - 40 * index));
  assert.ok(Math.max(...late) <= 60 && Math.max(...late) > 30);
});

test("nothing dropped and nothing late loses nothing", async (t) => {
  const suite = await suiteFolder(t);
  const result = await run(["--suite", suite, "--drop", "0", "--jitter", "0", "--seeds", "2"]);
  assert.equal(result["lossIDF1"], 0);
  assert.equal(result["lossIDF1Thinned"], 0);
});

test("a lone walker survives a third of the frames lost and all of them uneven", async (t) => {
  const suite = await suiteFolder(t);
  const result = await run(["--suite", suite, "--drop", "0.3", "--jitter", "50", "--seed", "3"]);
  assert.ok(Number(result["lossIDF1"]) <= 5, `loss ${result["lossIDF1"]}`);
  assert.deepEqual(result["seeds"], [3, 4, 5, 6, 7]);
});

test("people inside zones, by the stays told, are compared at the frames the truth names", async (t) => {
  const suite = await suiteFolder(t);
  const result = (await run(["--suite", suite])) as { sequences: { zoneOccupancyMAE: number }[] };
  for (const { zoneOccupancyMAE } of result.sequences) assert.equal(zoneOccupancyMAE, 0);
  const zone = {
    name: "Z",
    polygon: [],
    occupancy: [
      [1, 2],
      [3, 1],
      [4, 9],
    ] as [number, number][],
  };
  const stay = (name: string, fromMs: number, toMs: number) => ({
    zoneId: zoneId(name),
    atMono: monoMs(toMs),
    dwellMs: toMs - fromMs,
  });
  const stays = [stay("Z", 0, 200), stay("Z", 150, 250), stay("other", 0, 1000)];
  // At 0, 200 and 300 ms the stays place 1, 2 and 0 people inside, where 2, 1 and 9 were.
  assert.equal(occupancyError({ lines: [], zones: [zone] }, stays, 100), 3.67);
  assert.equal(occupancyError({ lines: [], zones: [] }, stays, 100), null);
});

test("the counter alone is right on a steady walker, and trembling is drawn as asked", async (t) => {
  const suite = await suiteFolder(t);
  const { wrongCounts, steadyWrongCounts, countTruth } = await runCounter(["--suite", suite]);
  assert.deepEqual([wrongCounts, steadyWrongCounts, countTruth], [0, 0, 1]);
  const frames = Array.from({ length: 4000 }, () => {
    const frame = emptyFrame();
    frame.ids.push(1);
    frame.xyxy.push(0, 0, 100, 200);
    frame.scores.push(1);
    return frame;
  });
  const centres = tremble(frames, 0.06, 1).map(
    ({ xyxy: [left = 0, , right = 0] }) => (left + right) / 2,
  );
  const mean = centres.reduce((sum, x) => sum + x, 0) / centres.length;
  const sd = Math.sqrt(centres.reduce((sum, x) => sum + (x - mean) ** 2, 0) / centres.length);
  assert.ok(Math.abs(mean - 50) < 1 && Math.abs(sd - 6) < 0.5, `mean ${mean}, sd ${sd}`);
  assert.deepEqual(tremble(frames, 0, 1)[5]?.xyxy, [0, 0, 100, 200]);
});

test("wrong numbers are refused as usage", async () => {
  const coded = (error: unknown): boolean =>
    error instanceof GatewayError && error.code === "USAGE";
  for (const args of [
    ["--suite", "x", "--drop", "1"],
    ["--suite", "x", "--drop", "many"],
    ["--suite", "x", "--jitter", "-1"],
    ["--suite", "x", "--drop", "0.1", "--seeds", "0"],
  ])
    await assert.rejects(run(args), coded);
  await assert.rejects(runCounter([]), coded);
  await assert.rejects(runCounter(["--suite", "x", "--seeds", "0"]), coded);
});
