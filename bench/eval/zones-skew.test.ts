import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/core/random.ts";
import { throughScanners, type WalkReading } from "./zones-skew.ts";

/** Four boxes with three receivers each, two readings a second and receiver, for five minutes. */
function walk(): WalkReading[] {
  const readings: WalkReading[] = [];
  for (let tick = 0; tick < 600; tick += 1)
    for (let sensor = 0; sensor < 12; sensor += 1)
      readings.push({
        timeS: 1_500_000_000 + tick / 2 + sensor / 100,
        sensor: `s${sensor}`,
        rssiDbm: -60 - (tick % 30),
      });
  return readings;
}

test("readings of boxes two seconds apart come out at their times, none lost and none twice", () => {
  const readings = walk();
  const out = throughScanners(readings, {
    aheadMsOf: (sensor) => (Number(sensor.slice(1)) % 2 === 0 ? 2000 : -2000),
    driftPpm: 50,
    meanDelayMs: 150,
    random: seededRandom(3),
  });
  assert.equal(out.length, readings.length);
  const placed = new Map<string, number[]>();
  for (const { sighting } of out) {
    const times = placed.get(sighting.receiverId) ?? [];
    times.push(sighting.atMono);
    placed.set(sighting.receiverId, times);
  }
  for (const [sensor, times] of placed) {
    const truth = readings
      .filter((one) => one.sensor === sensor)
      .map(({ timeS }) => (timeS - 1_500_000_000) * 1000);
    // The first seconds are those in which the clock is learned.
    const errors = times.sort((a, b) => a - b).map((time, i) => Math.abs(time - (truth[i] ?? 0)));
    assert.ok(
      Math.max(...errors.slice(60)) < 150,
      `${sensor}: ${Math.max(...errors.slice(60))} ms`,
    );
  }
});
