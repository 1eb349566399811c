import assert from "node:assert/strict";
import { test } from "node:test";
import { receiverId, zoneId } from "../../core/brand.ts";
import type { FloorPlan } from "../../core/site.ts";
import { adviceOf } from "./walk-advice.ts";
import { type Confusion, ConfusionCount } from "./walk-confusion.ts";
import type { WalkReport } from "./walk-report.ts";

const ZONES = ["shoes", "till", "window"].map(zoneId);
const FLOOR: FloorPlan = {
  outline: [],
  obstacles: [],
  doors: [],
  zones: ["Shoes", "Till", "Window"].map((name, i) => ({
    id: ZONES[i] ?? zoneId("none"),
    name,
    kind: "area",
    polygon: [],
  })),
};
const RECEIVERS = [{ id: receiverId("door"), name: "Door", xM: 0, yM: 0, zM: 2 }];

type Cells = readonly (readonly [
  truth: number,
  placed: number | "between" | "unknown",
  seconds: number,
])[];

function confusion(cells: Cells): Confusion {
  const count = new ConfusionCount(ZONES);
  for (const [truth, placed, seconds] of cells)
    for (let s = 0; s < seconds; s += 1) count.add(truth, placed);
  return count.read();
}

function report(before: Cells, after: Cells, rest: Partial<WalkReport> = {}): WalkReport {
  return {
    points: [],
    before: confusion(before),
    after: confusion(after),
    verdict: "better",
    walkedS: ZONES.map((id) => ({ zoneId: id, seconds: 120 })),
    silentReceivers: [],
    readings: 1_000,
    ...rest,
  };
}

const advice = (told: WalkReport): readonly string[] =>
  adviceOf(told, { floor: FLOOR, receivers: RECEIVERS });

test("a confusion counts seconds by zone, between zones and unknown", () => {
  const { rows, seconds, accuracy } = confusion([
    [0, 0, 60],
    [0, 1, 30],
    [0, "between", 6],
    [0, "unknown", 4],
    [1, 1, 100],
    [7, 0, 5],
    [0, 9, 5],
  ]);
  assert.equal(seconds, 200);
  assert.equal(accuracy, 0.8);
  assert.deepEqual(rows[0], {
    zoneId: "shoes",
    placedS: [60, 30, 0],
    betweenS: 6,
    unknownS: 4,
    recall: 0.6,
  });
  assert.equal(rows[2]?.recall, null, "a zone without seconds has no share");
});

test("a better walk is told with both figures and what is still confused", () => {
  const told = advice(
    report(
      [
        [1, 0, 60],
        [1, 1, 40],
      ],
      [
        [1, 0, 34],
        [1, 1, 66],
      ],
    ),
  );
  assert.match(
    told[0] ?? "",
    /right 40 % of the time before, 66 % with this walk\. Saving it is worth it/,
  );
  assert.match(
    told[1] ?? "",
    /^Till is taken for Shoes in 34 % of the time: put a receiver nearer to Till, or move the border/,
  );
});

test("a walk that is no better says not to save it and speaks of things as they are", () => {
  const told = advice(
    report(
      [
        [1, 0, 60],
        [1, 1, 40],
      ],
      [
        [1, 0, 80],
        [1, 1, 20],
      ],
      { verdict: "no-better" },
    ),
  );
  assert.match(told[0] ?? "", /no better\. Do not save it/);
  assert.match(told[1] ?? "", /Shoes in 60 %/);
});

test("a zone that loses while the whole gains is not hidden", () => {
  const told = advice(
    report(
      [
        [0, 0, 50],
        [1, 0, 50],
      ],
      [
        [0, 0, 40],
        [0, 1, 10],
        [1, 1, 50],
      ],
    ),
  );
  assert.ok(
    told.some((line) =>
      /^Shoes itself gets worse: right 100 % of the time before, 80 %/.test(line),
    ),
  );
});

test("silent receivers, zones not walked and thin zones are named", () => {
  const told = advice(
    report([[0, "unknown", 50]], [[0, "unknown", 50]], {
      verdict: "too-short",
      silentReceivers: [receiverId("door")],
      walkedS: ZONES.map((id, i) => ({ zoneId: id, seconds: i * 40 })),
    }),
  );
  assert.match(told[0] ?? "", /^Too little was walked/);
  const text = told.join("\n");
  assert.match(text, /In Shoes the place is not known in 100 % of the time/);
  assert.match(text, /Door did not hear the tag at all/);
  assert.match(text, /Not walked: Shoes\./);
  assert.match(text, /less than a minute.*Till \(40 s\)/);
});

test("time placed between the zones is a matter of drawing", () => {
  const told = advice(
    report(
      [[0, "between", 50]],
      [
        [0, "between", 30],
        [0, 0, 20],
      ],
    ),
  );
  assert.match(told.join("\n"), /Shoes is taken for the space between the zones in 60 %/);
});

test("nothing is advised about a zone of which a few seconds were judged", () => {
  const told = advice(report([[1, 0, 29]], [[1, 0, 29]], { verdict: "too-short" }));
  assert.deepEqual(told, [
    "Too little was walked to say anything. Stay about two minutes in each zone.",
  ]);
});
