import assert from "node:assert/strict";
import { test } from "node:test";
import { EventMaker } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { SensorState } from "../../core/events.ts";
import { Coverage } from "./coverage.ts";

const at = (minute: number): EpochMs => epochMs(minute * 60_000);

type News = readonly [minute: number, sensor: string, state: SensorState];

function coverageOf(news: readonly News[]): Coverage {
  const coverage = new Coverage(["a", "b"]);
  const maker = new EventMaker();
  for (const [minute, sensor, state] of news)
    coverage.record(maker.sensor(at(minute), sensor, state), false);
  return coverage;
}

const share = (coverage: Coverage, sensors: readonly string[], from: number, to: number): number =>
  coverage.seen(sensors, at(from), at(to)).shareOf(at(from), at(to));

const cases: readonly {
  readonly name: string;
  readonly news: readonly News[];
  readonly sensors: readonly string[];
  readonly share: number;
}[] = [
  { name: "before the first news nothing is seen", news: [], sensors: ["a"], share: 0 },
  {
    name: "a blind gap is missing from it",
    news: [
      [0, "a", "seeing"],
      [20, "a", "blind"],
      [50, "a", "seeing"],
    ],
    sensors: ["a"],
    share: 0.7,
  },
  {
    name: "starting and stopped do not see",
    news: [
      [0, "a", "starting"],
      [10, "a", "seeing"],
      [60, "a", "stopped"],
    ],
    sensors: ["a"],
    share: 0.5,
  },
  {
    name: "of two sensors both must see",
    news: [
      [0, "a", "seeing"],
      [0, "b", "seeing"],
      [20, "a", "blind"],
      [40, "a", "seeing"],
      [30, "b", "blind"],
      [60, "b", "seeing"],
    ],
    sensors: ["a", "b"],
    share: 0.6,
  },
  {
    name: "two sensors that never see together see nothing",
    news: [
      [0, "a", "seeing"],
      [50, "a", "blind"],
      [50, "b", "seeing"],
    ],
    sensors: ["a", "b"],
    share: 0,
  },
  { name: "a group without sensors sees nothing", news: [], sensors: [], share: 0 },
];

for (const c of cases) {
  test(`coverage: ${c.name}`, () => {
    assert.ok(Math.abs(share(coverageOf(c.news), c.sensors, 0, 100) - c.share) < 1e-12);
  });
  test(`coverage in reverse order of arrival: ${c.name}`, () => {
    const coverage = coverageOf([...c.news].reverse());
    assert.ok(Math.abs(share(coverage, c.sensors, 0, 100) - c.share) < 1e-12);
  });
}

test("a sensor says what it is doing and since when, through repeated news", () => {
  const coverage = coverageOf([
    [5, "a", "seeing"],
    [10, "a", "blind"],
    [12, "a", "blind"],
  ]);
  assert.equal(coverage.standingAt("a", at(4)), null);
  assert.deepEqual(coverage.standingAt("a", at(20)), { state: "blind", since: at(10) });
  assert.equal(coverage.firstUnseenAfter("a", at(5), at(9)), null);
  assert.equal(coverage.firstUnseenAfter("a", at(5), at(30)), at(10));
});

test("a sensor outside the plan is refused", () => {
  const coverage = new Coverage(["a"]);
  assert.equal(coverage.record(new EventMaker().sensor(at(0), "x"), false), false);
});

test("forgetting keeps the standing at that instant", () => {
  const coverage = coverageOf([
    [0, "a", "seeing"],
    [10, "a", "blind"],
    [20, "a", "seeing"],
  ]);
  coverage.forgetBefore(at(30));
  assert.equal(coverage.size, 1);
  assert.equal(share(coverage, ["a"], 30, 40), 1);
});

test("a flapping sensor is remembered up to a bound", () => {
  const coverage = new Coverage(["a"]);
  const maker = new EventMaker();
  for (let i = 0; i < 5000; i += 1)
    coverage.record(maker.sensor(epochMs(i), "a", i % 2 === 0 ? "seeing" : "blind"), false);
  assert.equal(coverage.size, 4096);
  assert.equal(coverage.dropped, 5000 - 4096);
});
