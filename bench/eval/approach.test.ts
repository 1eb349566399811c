import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cameraId, monoMs, trackId, zoneId } from "../../src/core/brand.ts";
import { run } from "./approach.ts";
import {
  type ApproachTruth,
  ForecastSampler,
  judgeForecasts,
  scoreApproaches,
  scoreForecasts,
} from "./approach-score.ts";

/** Somebody goes from x = 0 to 100 in ten seconds; the zone begins at x = 50. */
const truth: ApproachTruth = {
  paths: new Map([[1, { atMs: [0, 10_000], xPx: [0, 100], yPx: [5, 5] }]]),
  zones: new Map([["z", Float64Array.from([50, 0, 80, 0, 80, 10, 50, 10])]]),
  endMs: 10_000,
};

const at = (atMs: number, probability: number) => ({
  zoneId: zoneId("z"),
  trackId: trackId(1),
  atMono: monoMs(atMs),
  probability,
  leadMs: 1000,
  horizonMs: 3000,
});

test("a forecast is judged by whether the person came in within the horizon", () => {
  const judged = judgeForecasts([at(1000, 0.1), at(3000, 0.8), at(9000, 0.5)], truth);
  assert.deepEqual(
    judged.map(({ didEnter }) => didEnter),
    [false, true],
    "the last one reaches beyond the recording and is not judged",
  );
});

test("the Brier score, its skill against the base rate and the table are what they are by hand", () => {
  const judged = [
    { zone: "z", probability: 0.9, didEnter: true },
    { zone: "z", probability: 0.2, didEnter: false },
    { zone: "z", probability: 0.25, didEnter: false },
    { zone: "z", probability: 1, didEnter: false },
  ];
  const score = scoreForecasts(judged);
  const brier = (0.01 + 0.04 + 0.0625 + 1) / 4;
  assert.equal(score.brier, Math.round(brier * 1e4) / 1e4);
  assert.equal(score.baseRate, 0.25);
  assert.equal(score.brierSkill, Math.round((1 - brier / 0.1875) * 1e4) / 1e4);
  assert.deepEqual(score.reliability, [
    { from: 0.2, forecasts: 2, forecast: 0.225, observed: 0 },
    { from: 0.9, forecasts: 2, forecast: 0.95, observed: 0.5 },
  ]);
  assert.equal(scoreForecasts([]).brier, null);
});

test("forecasts are taken once a second for each person and zone", () => {
  const sampler = new ForecastSampler();
  for (let atMs = 0; atMs < 3000; atMs += 100) {
    sampler.add(at(atMs, 0.1));
    sampler.add({ ...at(atMs, 0.1), trackId: trackId(2) });
  }
  assert.equal(sampler.sampled.length, 6);
});

test("events are judged by who came in, how long after, and who came in untold", () => {
  const event = (atMs: number) =>
    ({
      kind: "zone-approached",
      source: "s",
      seq: 0,
      cameraId: cameraId("c"),
      ...at(atMs, 0.9),
    }) as const;
  const told = scoreApproaches([event(1000), event(3500)], truth);
  assert.deepEqual([told.toldPrecision, told.entries, told.toldRecall], [0.5, 1, 1]);
  assert.deepEqual([told.meanLeadMs, told.leadErrorMs], [1500, 500]);
  assert.equal(scoreApproaches([], truth).toldRecall, 0);
});

test("a labelled sequence is judged from its true boxes", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-approach-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(
    join(folder, "seqinfo.ini"),
    "[Sequence]\nname=walk\nframeRate=8\nseqLength=80\nimWidth=400\nimHeight=300\n",
  );
  const rows = Array.from(
    { length: 80 },
    (_, i) => `${i + 1},1,${10 + 4 * i},${100 + i},40,100,1,-1,-1,-1`,
  );
  const back = Array.from(
    { length: 80 },
    (_, i) => `${i + 1},2,${330 - 4 * i},150,40,100,1,-1,-1,-1`,
  );
  await writeFile(join(folder, "gt.txt"), [...rows, ...back].join("\n"));
  const result = await run(["--mot", folder]);
  assert.ok(Number(result["forecasts"]) > 50);
  assert.ok(Number(result["brierSkill"]) > 0, `skill ${result["brierSkill"]}`);
  await assert.rejects(run([]), { code: "USAGE" });
  await assert.rejects(run(["--mot", join(folder, "nowhere")]), { code: "INPUT_INVALID" });
});
