import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { GatewayError } from "../../src/core/errors.ts";
import type { CameraPlan } from "../../src/core/site.ts";
import { run } from "./trajectories.ts";
import { scoreDoor } from "./trajectory-counts.ts";
import { loadTrajectories, parseHomography, parseTracks } from "./trajectory-files.ts";
import { planTrajectories } from "./trajectory-plan.ts";
import { runTrajectories } from "./trajectory-run.ts";
import type { ShopfrontResult } from "./trajectory-shopfront.ts";
import { parseTrajectoryTruth } from "./trajectory-truth.ts";

/** Recorded scenes are research material and not part of the project; see docs on evaluation. */
const DATA = resolve(
  process.env["VITRINE_DATA"] ?? join(import.meta.dirname, "../../../shared/data"),
  "vision/trajectories",
);

type Row = readonly [atS: number, id: number, x: number, y: number];

/** Somebody walks straight from one place to another, five rows a second. */
function walk(
  id: number,
  startS: number,
  from: readonly [number, number],
  to: readonly [number, number],
  seconds: number,
): Row[] {
  return Array.from({ length: seconds * 5 + 1 }, (_, i) => {
    const share = i / (seconds * 5);
    return [
      Math.round((startS + i / 5) * 10) / 10,
      id,
      from[0] + share * (to[0] - from[0]),
      from[1] + share * (to[1] - from[1]),
    ];
  });
}

/**
 * A shop front, 40 Px to the metre: a couple from left to right, one the other way, one who stops at the window and
 * enters the door, and one who comes out of it.
 */
const SHOP: readonly Row[] = [
  ...walk(1, 0, [20, 300], [620, 300], 12),
  ...walk(2, 0, [20, 330], [620, 330], 12),
  ...walk(3, 20, [620, 320], [20, 320], 12),
  ...walk(4, 40, [620, 300], [300, 120], 8),
  ...walk(4, 48.2, [300, 120], [302, 120], 6),
  ...walk(4, 54.4, [302, 120], [20, 60], 7),
  ...walk(5, 70, [20, 60], [40, 300], 6),
];
const SHOP_TRUTH = {
  image: "reference.png 640x480",
  lines: { mid: { a: [320, 0], b: [320, 480], pos: 2, neg: 2 } },
  door: {
    polygon: [
      [0, 0],
      [80, 0],
      [80, 90],
      [0, 90],
    ],
    entered: 1,
    left: 1,
  },
  window: {
    polygon: [
      [200, 60],
      [400, 60],
      [400, 160],
      [200, 160],
    ],
    dwell_3s_or_more: [{ id: 4, enter_s: 46.2, leave_s: 57, dwell_s: 10.8 }],
  },
  passers_by: 4,
  capture_rate: 0.25,
};

async function folderOf(
  t: { after(run: () => Promise<void>): void },
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-trajectories-"));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

const csv = (header: string, rows: readonly Row[]): string =>
  [header, ...rows.map((row) => row.join(","))].join("\n");

test("lines, door, window, groups and forecasts of a shop front are compared with the truth", async (t) => {
  const folder = await folderOf(t, {
    "tracks.csv": csv("t_s,id,x_px,y_px", SHOP),
    "counting.gt.json": JSON.stringify(SHOP_TRUTH),
    "H.txt": "0.025 0 0\n0 0.025 0\n0 0 1\n",
  });
  const result = await run(["--dir", folder]);
  // Left to right of a line drawn downwards is `neg`.
  assert.deepEqual(result["lines"], [
    {
      line: "mid",
      pos: 2,
      neg: 2,
      truePos: 2,
      trueNeg: 2,
      groups: 1,
      people: 2,
      buyingUnits: 3,
    },
  ]);
  assert.equal(result["midLineError"], 0);
  assert.deepEqual([result["entered"], result["left"], result["passersBy"]], [1, 1, 4]);
  assert.deepEqual([result["captureRate"], result["captureRateError"]], [0.25, 0]);
  assert.deepEqual([result["windowStopRecall"], result["windowStopPrecision"]], [1, 1]);
  const { ci95: _, ...front } = result["shopfront"] as ShopfrontResult;
  assert.deepEqual(front, {
    entrants: 1,
    exits: 1,
    passingTraffic: 4,
    conversion: null,
    reason: "small-sample",
    error: null,
  });
  assert.ok(Number(result["brierSkill"]) > 0.3, `skill ${result["brierSkill"]}`);
  const speed = Number(result["meanSpeedMPerS"]);
  assert.ok(speed > 0.5 && speed < 1.5, `${speed} m/s`);
});

test("a wrong truth shows in every figure", async (t) => {
  const folder = await folderOf(t, {
    "tracks.csv": csv("t_s,id,x_px,y_px", SHOP),
    "counting.gt.json": JSON.stringify({
      ...SHOP_TRUTH,
      lines: { mid: { ...SHOP_TRUTH.lines.mid, pos: 5, neg: 0 } },
      window: {
        ...SHOP_TRUTH.window,
        dwell_3s_or_more: [{ id: 1, enter_s: 0, leave_s: 10, dwell_s: 10 }],
      },
      passers_by: 2,
    }),
  });
  const result = await run(["--dir", folder]);
  assert.equal(result["midLineError"], 5);
  assert.equal(result["captureRateError"], 0.25);
  assert.deepEqual([result["windowStopRecall"], result["windowStopPrecision"]], [0, 0]);
  assert.equal(result["meanSpeedMPerS"], null, "without H.txt there are no metres");
});

test("a door elsewhere, lines elsewhere or events lost spoil the capture rate", async (t) => {
  const folder = await folderOf(t, {
    "tracks.csv": csv("t_s,id,x_px,y_px", SHOP),
    "counting.gt.json": JSON.stringify(SHOP_TRUTH),
  });
  const scene = await loadTrajectories(folder);
  const planned = planTrajectories(scene);
  const { plan } = planned;
  const elsewhere = [
    { x: 0.9, y: 0.9 },
    { x: 1, y: 0.9 },
    { x: 1, y: 1 },
  ];
  const zones = plan.zones.map((zone) =>
    zone.name === "door" ? { ...zone, polygon: elsewhere } : zone,
  );
  const lines = plan.lines.map((line) => ({ ...line, a: { x: 0, y: 0 }, b: { x: 0, y: 0.01 } }));
  const door = (changes: Partial<CameraPlan>) =>
    scoreDoor(scene.truth, runTrajectories(scene, { ...planned, plan: { ...plan, ...changes } }));
  assert.equal(door({})["captureRateError"], 0);
  const moved = door({ zones });
  assert.deepEqual([moved["entered"], moved["left"], moved["captureRateError"]], [0, 0, 0.25]);
  assert.equal(door({ zones: [] })["captureRateError"], 0.25);
  // Of the four who pass, only the one who enters comes to the door or the window.
  assert.deepEqual([door({ lines })["passersBy"], door({ lines })["captureRateError"]], [1, 0.75]);
  const lost = scoreDoor(scene.truth, { ...runTrajectories(scene, planned), events: [] });
  assert.equal(lost["captureRateError"], 0.25);
});

test("a scene in metres, with columns in another order and parts missing, gives null for those", async (t) => {
  const rows = walk(9, 100, [-2, 1], [4, 1], 5).map(([atS, id, x, y]) => `${y},${x},${id},${atS}`);
  const folder = await folderOf(t, {
    "tracks.csv": ["y_m,x_m,id,t_s", ...rows, ""].join("\r\n"),
    "counting.gt.json": JSON.stringify({
      unit: "m",
      lines: { L: { a: [1, -5], b: [1, 5], pos: 0, neg: 1 } },
    }),
  });
  const result = await run(["--dir", folder]);
  assert.equal(result["midLineError"], 0);
  assert.ok(Math.abs(Number(result["meanSpeedMPerS"]) - 1.2) < 0.01);
  for (const missing of ["captureRateError", "shopfront", "windowStopRecall", "entered"])
    assert.equal(result[missing], null, missing);
});

const refused: readonly (readonly [name: string, parse: () => unknown, says: RegExp])[] = [
  ["a column missing", () => parseTracks("t_s,id,x_px\n1,2,3", "f"), /f:1: .*y_px/],
  [
    "no number",
    () => parseTracks("t_s,id,x_m,y_m\n1,2,3,4\n1,3,no,4", "f"),
    /f:3: .*x_m, found no/,
  ],
  ["a field missing", () => parseTracks("t_s,id,x_m,y_m\n1,2,3", "f"), /f:2: .*y_m, found nothing/],
  ["half an id", () => parseTracks("t_s,id,x_m,y_m\n1,2.5,3,4", "f"), /f:2: .*whole number/],
  ["an id twice", () => parseTracks("t_s,id,x_m,y_m\n1,2,3,4\n1,2,3,5", "f"), /f:3: id 2/],
  ["no rows", () => parseTracks("t_s,id,x_m,y_m\n", "f"), /f: .*at least one row/],
  ["a homography of words", () => parseHomography("1 2 3\n4 x 6\n7 8 9", "f"), /f:2: .*found x/],
  ["a homography cut short", () => parseHomography("1 2 3", "f"), /f: expected 9/],
  ["a truth that is no JSON", () => parseTrajectoryTruth("{", "f"), /f: expected JSON/],
  [
    "a line of no length",
    () => parseTrajectoryTruth('{"lines":{"L":{"a":[1,1],"b":[1,1],"pos":0,"neg":0}}}', "f"),
    /lines\.L\.b/,
  ],
  [
    "a line without counts",
    () => parseTrajectoryTruth('{"lines":{"L":{"a":[1,1],"b":[1,2],"pos":0}}}', "f"),
    /lines\.L\.neg/,
  ],
  [
    "a window of two corners",
    () => parseTrajectoryTruth('{"window":{"polygon":[[0,0],[1,1]]}}', "f"),
    /window\.polygon/,
  ],
  [
    "a visit without an end",
    () =>
      parseTrajectoryTruth(
        '{"window":{"polygon":[[0,0],[1,1],[1,0]],"dwell_3s_or_more":[{"id":1,"enter_s":2}]}}',
        "f",
      ),
    /dwell_3s_or_more\[0\]\.leave_s/,
  ],
  [
    "a door without numbers",
    () => parseTrajectoryTruth('{"door":{"polygon":[[0,0],[1,1],[1,0]],"entered":"2"}}', "f"),
    /door\.entered/,
  ],
];

for (const [name, parse, says] of refused)
  test(`refused, naming file and place: ${name}`, () => {
    assert.throws(parse, (error: unknown) => {
      assert.ok(error instanceof GatewayError && error.code === "INPUT_INVALID");
      assert.match(error.message, says);
      return true;
    });
  });

test("a folder without tracks, units that differ and a picture that is none are refused", async (t) => {
  const tracks = csv("t_s,id,x_px,y_px", SHOP);
  const truth = JSON.stringify(SHOP_TRUTH);
  const folders = [
    { "counting.gt.json": truth },
    { "tracks.csv": tracks },
    { "tracks.csv": tracks, "counting.gt.json": '{"unit":"m"}' },
    { "tracks.csv": tracks, "counting.gt.json": truth, "reference.png": "no picture" },
    { "tracks.csv": tracks, "counting.gt.json": truth, "H.txt": "0 0 0 0 0 0 0 0 0" },
  ];
  for (const files of folders) {
    const folder = await folderOf(t, files);
    await assert.rejects(run(["--dir", folder]), { code: "INPUT_INVALID" });
  }
});

test("without a folder, or with an option nobody knows, the usage is told", async () => {
  await assert.rejects(run([]), { code: "USAGE" });
  await assert.rejects(run(["--nonsense"]), { code: "USAGE" });
});

const scenes = existsSync(DATA) ? false : "recorded scenes not found (set VITRINE_DATA)";

test("a real shop front is counted exactly, with its entries and window stops", {
  skip: scenes,
}, async () => {
  const result = await run(["--dir", join(DATA, "ucy-zara01")]);
  assert.equal(result["midLineError"], 0);
  assert.ok(Number(result["captureRateError"]) <= 0.01);
  const front = result["shopfront"] as ShopfrontResult;
  assert.deepEqual([front.entrants, front.exits], [8, 4], "by the metrics of the product itself");
  assert.ok((front.error ?? 1) <= 0.01 && front.reason === null, JSON.stringify(front));
  assert.ok(Number(result["windowStopRecall"]) >= 0.9);
  assert.ok(Number(result["windowStopPrecision"]) >= 0.9);
  assert.ok(Number(result["brierSkill"]) > 0.4);
  const speed = Number(result["meanSpeedMPerS"]);
  assert.ok(speed > 1.1 && speed < 1.4, `people walk at ${speed} m/s`);
});

test("scenes in metres are counted exactly", { skip: scenes }, async () => {
  for (const scene of ["eth-eth", "hermes-bo-360-050-050"]) {
    const result = await run(["--dir", join(DATA, scene)]);
    assert.equal(result["midLineError"], 0, scene);
    assert.ok(Number(result["brierSkill"]) > 0.2, scene);
  }
});
