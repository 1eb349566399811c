import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EntryForecaster, type Forecast } from "./approach.ts";
import { distanceToBorder, missesCircle, outlineOf, rayToPolygon } from "./polygon-ray.ts";
import { createMotion, type Motion } from "./trail.ts";

/** 2 m by 2 m, its near side 3 m to the right of the origin. */
const zone = Float64Array.from([3, -1, 5, -1, 5, 1, 3, 1]);

/** Somebody at a place, at a speed that is well known. */
const moving = (u: number, v: number, du: number, dv: number): Motion => ({
  ...createMotion(),
  u,
  v,
  du,
  dv,
  leverS2: 1,
  count: 9,
});

function forecast(motion: Motion, polygon = zone, metresPerUnit = 1): Forecast {
  const out = { probability: -1, leadMs: -1 };
  new EntryForecaster().forecast(outlineOf(polygon), motion, metresPerUnit, out);
  return out;
}

test("a ray meets the border where it comes in, and not behind its start or beside an edge", () => {
  assert.equal(rayToPolygon(zone, 0, 0, 1, 0), 3);
  assert.equal(rayToPolygon(zone, 0, 0, 2, 0), 1.5);
  assert.equal(rayToPolygon(zone, 0, 0, -1, 0), Number.POSITIVE_INFINITY);
  assert.equal(rayToPolygon(zone, 0, 2, 1, 0), Number.POSITIVE_INFINITY);
  assert.equal(rayToPolygon(zone, 0, 0, 0, 0), Number.POSITIVE_INFINITY);
});

test("no ray that meets the polygon in time is found to miss the circle around it", () => {
  const number = fc.double({ min: -9, max: 9, noNaN: true });
  const outline = outlineOf(zone);
  assert.equal(missesCircle(outline, 0, 0, -1, 0, 9), true);
  assert.equal(missesCircle(outline, 0, 0, 1, 0, 1), true);
  fc.assert(
    fc.property(number, number, number, number, (u, v, du, dv) => {
      const isMet = rayToPolygon(zone, u, v, du, dv) <= 3;
      assert.ok(!(isMet && missesCircle(outline, u, v, du, dv, 3)));
    }),
    { seed: 2, numRuns: 2000 },
  );
});

test("the distance to the border is to the nearest edge or corner", () => {
  assert.equal(distanceToBorder(zone, 0, 0), 3);
  assert.equal(distanceToBorder(zone, 0, -5), 5);
  assert.equal(distanceToBorder(Float64Array.from([1, 1, 1, 1]), 1, 3), 2);
});

test("a walker straight at the zone is nearly certain to come in, at the time the way takes", () => {
  const { probability, leadMs } = forecast(moving(1, 0, 1.3, 0));
  assert.ok(probability > 0.85 && probability <= 1, `${probability}`);
  assert.ok(Math.abs(leadMs - 2000 / 1.3) < 250, `${leadMs} ms`);
});

test("who walks away, or is too far to come in time, will not", () => {
  assert.ok(forecast(moving(1, 0, -1.3, 0)).probability < 0.02);
  assert.deepEqual(forecast(moving(-20, 0, 1.3, 0)), { probability: 0, leadMs: 3000 });
});

test("who walks past at a distance may come in, but likely does not", () => {
  const { probability } = forecast(moving(2, 3, 1.3, 0));
  assert.ok(probability < 0.2, `${probability}`);
  const grazing = forecast(moving(1, 1.1, 1.3, 0)).probability;
  assert.ok(grazing > 0.1 && grazing < 0.6, `${grazing}`);
});

test("who stands close to a zone is told by what people do at large: it may happen", () => {
  const near = forecast(moving(2.8, 0, 0, 0)).probability;
  const far = forecast(moving(1, 0, 0, 0)).probability;
  assert.ok(near > 0.2 && near < 0.7, `${near}`);
  assert.ok(far < 0.1, `${far}`);
});

test("a speed known from a moment only is trusted less", () => {
  const sure = forecast(moving(0, 0, 1.5, 0)).probability;
  const glimpse = forecast({ ...moving(0, 0, 1.5, 0), leverS2: 0.01 }).probability;
  const nothing = forecast({ ...moving(0, 0, 0, 0), leverS2: 0, count: 1 }).probability;
  assert.ok(sure > glimpse && glimpse > nothing && nothing > 0, `${sure} ${glimpse} ${nothing}`);
});

test("forecasts are probabilities, repeat themselves, and do not depend on the unit or where the origin is", () => {
  const number = fc.double({ min: -6, max: 6, noNaN: true });
  fc.assert(
    fc.property(number, number, number, number, fc.constantFrom(0.5, 2, 4), (u, v, du, dv, k) => {
      const first = forecast(moving(u, v, du, dv));
      assert.ok(first.probability >= 0 && first.probability <= 1);
      assert.ok(first.leadMs > 0 && first.leadMs <= 3000);
      assert.deepEqual(forecast(moving(u, v, du, dv)), first);
      const scaled = forecast(
        moving(k * u, k * v, k * du, k * dv),
        zone.map((value) => k * value),
        1 / k,
      );
      assert.ok(Math.abs(scaled.probability - first.probability) < 0.03);
    }),
    { seed: 8, numRuns: 200 },
  );
});
