import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type ReplayResult, replay } from "../../src/app/replay/replay.ts";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { parseSitePlan } from "../../src/config/site.ts";
import type { MetricId } from "../../src/core/metric-value.ts";
import { seededRandom } from "../../src/core/random.ts";

const folder = await mkdtemp(join(tmpdir(), "vitrine-shopfront-"));
after(() => rm(folder, { recursive: true, force: true }));

/** A street along the lower half of the picture, the shop above it, its door in the middle. */
const plan = parseSitePlan({
  v: 1,
  store: { id: "s", name: "S", timeZone: "UTC" },
  cameras: [
    {
      id: "front",
      name: "Front",
      lines: [
        { id: "left", name: "Left", role: "passing", a: [0.2, 0.5], b: [0.2, 0.95] },
        { id: "right", name: "Right", role: "passing", a: [0.8, 0.95], b: [0.8, 0.5] },
        { id: "door", name: "Door", role: "door", a: [0.4, 0.5], b: [0.6, 0.5] },
      ],
    },
  ],
});
assert.ok(plan.ok);
const site = plan.value;

type Place = readonly [x: number, y: number];
const LEFT: Place = [0.04, 0.72];
const RIGHT: Place = [0.96, 0.72];
const BEFORE_THE_DOOR: Place = [0.5, 0.7];
const INSIDE: Place = [0.5, 0.3];

/** How people go by: each way with how many take it. */
const WAYS = {
  past: { people: 24, way: [LEFT, RIGHT] },
  pastTheOtherWay: { people: 17, way: [RIGHT, LEFT] },
  enter: { people: 9, way: [LEFT, BEFORE_THE_DOOR, INSIDE] },
  enterFromTheRight: { people: 4, way: [RIGHT, BEFORE_THE_DOOR, INSIDE] },
  leave: { people: 6, way: [INSIDE, BEFORE_THE_DOOR, RIGHT] },
  leaveToTheLeft: { people: 11, way: [INSIDE, BEFORE_THE_DOOR, LEFT] },
  lookAndTurnBack: { people: 5, way: [LEFT, [0.38, 0.7], LEFT] },
} as const satisfies Record<string, { people: number; way: readonly Place[] }>;

const STEP_MS = 125;
const SPEED_NORM_PER_S = 0.12;

/** Points of a way at walking speed, one every STEP_MS, with the trembling of a detector. */
function walk(way: readonly Place[], random: () => number): Place[] {
  const points: Place[] = [];
  for (let leg = 1; leg < way.length; leg += 1) {
    const [ax, ay] = way[leg - 1] ?? LEFT;
    const [bx, by] = way[leg] ?? LEFT;
    const steps = Math.ceil((Math.hypot(bx - ax, by - ay) / SPEED_NORM_PER_S / STEP_MS) * 1000);
    for (let i = 0; i < steps; i += 1) {
      const tremble = (): number => (random() - 0.5) * 0.01;
      const share = i / steps;
      points.push([ax + (bx - ax) * share + tremble(), ay + (by - ay) * share + tremble()]);
    }
  }
  return points;
}

/** Everybody one after another; `isReversed` plays each way backwards: the twin in which all arrows turn. */
async function count(isReversed: boolean): Promise<(metric: MetricId) => number | null> {
  const random = seededRandom(5);
  const rows: string[] = [];
  let step = 0;
  let id = 0;
  for (const { people, way } of Object.values(WAYS)) {
    for (let person = 0; person < people; person += 1) {
      id += 1;
      const points = walk(way, random);
      for (const [xNorm, yNorm] of isReversed ? points.reverse() : points) {
        rows.push(JSON.stringify({ tMs: step * STEP_MS, id, xNorm, yNorm, heightNorm: 0.2 }));
        step += 1;
      }
    }
  }
  const path = join(folder, `${isReversed ? "twin" : "street"}.jsonl`);
  await writeFile(path, rows.join("\n"));
  const result: ReplayResult = await replay({
    site,
    videos: [],
    detections: [],
    tracks: [{ cameraId: "front", path }],
    radios: [],
    receipts: [],
    pictures: new Map(),
    start: null,
    gatewayId: null,
    modelFor: () => assert.fail("no video, no model"),
    clock: createSystemClock(),
    signal: new AbortController().signal,
  });
  return (metric) =>
    result.recording.values.find((value) => value.metric === metric)?.value ?? null;
}

const of = (...ways: readonly (keyof typeof WAYS)[]): number =>
  ways.reduce((sum, way) => sum + WAYS[way].people, 0);
const BY = of("past", "pastTheOtherWay", "lookAndTurnBack");
const IN = of("enter", "enterFromTheRight");
const OUT = of("leave", "leaveToTheLeft");

test("passing traffic counts everybody who comes towards the door from either side, and nobody who leaves", async () => {
  const figure = await count(false);
  assert.equal(figure("passing-traffic"), BY + IN);
  assert.deepEqual([figure("entrants"), figure("exits")], [IN, OUT]);
  assert.equal(figure("shopfront-conversion"), IN / (BY + IN));
});

test("in the reversed twin those who left are those who come, and the counts turn with them", async () => {
  const figure = await count(true);
  assert.equal(figure("passing-traffic"), BY + OUT);
  assert.deepEqual([figure("entrants"), figure("exits")], [OUT, IN]);
  assert.equal(figure("shopfront-conversion"), OUT / (BY + OUT));
});
