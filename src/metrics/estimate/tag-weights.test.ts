import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lengthsOf, simulateDoors } from "../../../test/fakes/door-simulation.ts";
import { seededRandom } from "../../core/random.ts";
import {
  effectiveN,
  inclusion,
  inverseWeights,
  orderOf,
  TAG_RULES,
  type TagVisit,
  tiltedTo,
  weightedQuantile,
} from "./tag-weights.ts";

const visit = (ms: number, kind: TagVisit["kind"] = "loyalty-card"): TagVisit => ({
  kind,
  ms,
  isEngaged: false,
  hasTwoZones: false,
  isPart: false,
});

const weigh = (visits: readonly TagVisit[]): ReturnType<typeof inverseWeights> =>
  inverseWeights(visits, 20_000);

/** Weighted mean; null without weight. Pure. */
function weightedMean({ ms, weights }: ReturnType<typeof inverseWeights>): number | null {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < ms.length; i += 1) {
    sum += (weights[i] ?? 0) * (ms[i] ?? 0);
    total += weights[i] ?? 0;
  }
  return total > 0 ? sum / total : null;
}

test("it takes time to be heard, and nobody takes a basket for a moment", () => {
  assert.ok(
    Math.abs(inclusion("loyalty-card", TAG_RULES.detectMs, TAG_RULES.detectMs) - 0.632) < 0.001,
  );
  assert.equal(inclusion("basket", 60_000, 20_000), 0);
  assert.equal(inclusion("cart", TAG_RULES.carrierFloorMs, 20_000), 1);
  assert.equal(inclusion("loyalty-card", 0, 20_000), 0);
});

test("weighting by one over the inclusion undoes the bias towards long visits", () => {
  const random = seededRandom(4);
  const lengths = lengthsOf(simulateDoors({ seed: 2 }));
  const heard = lengths
    .filter((ms) => random() < 0.3 * inclusion("loyalty-card", ms, 20_000))
    .map((ms) => visit(ms));
  const truth = lengths.reduce((sum, ms) => sum + ms, 0) / lengths.length;
  const naive = heard.reduce((sum, { ms }) => sum + ms, 0) / heard.length;
  const weighted = weightedMean(inverseWeights(heard, 20_000)) ?? 0;
  assert.ok(naive / truth > 1.03, `naive ${naive} of ${truth}`);
  assert.ok(Math.abs(weighted / truth - 1) < 0.02, `weighted ${weighted} of ${truth}`);
});

test("a calibrated sample has the wanted mean, or there is none", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1000, max: 3_600_000 }), { minLength: 5, maxLength: 60 }),
      fc.double({ min: 0.5, max: 2, noNaN: true }),
      (lengths, factor) => {
        const sample = weigh(lengths.map((ms) => visit(ms)));
        const wanted = (weightedMean(sample) ?? 0) * factor;
        const tilted = tiltedTo(sample, wanted);
        if (tilted === null) return true;
        const mean = weightedMean(tilted) ?? 0;
        return Math.abs(mean / wanted - 1) < 1e-4 && effectiveN(tilted) <= lengths.length + 1e-6;
      },
    ),
  );
  const sample = weigh([visit(500_000), visit(700_000), visit(900_000)]);
  assert.ok(Math.abs((weightedMean(tiltedTo(sample, 640_000) ?? sample) ?? 0) - 640_000) < 100);
  assert.equal(
    tiltedTo(sample, 100_000),
    null,
    "no weights make the mean shorter than the shortest",
  );
  assert.equal(tiltedTo(weigh([]), 600_000), null);
});

test("a quantile counts weights, not visits; equal weights are worth their number", () => {
  const ms = new Float64Array([30, 10, 20]);
  const order = orderOf(ms);
  assert.deepEqual([...order], [1, 2, 0]);
  assert.equal(weightedQuantile({ ms, weights: new Float64Array([1, 1, 1]) }, order, 0.5), 20);
  assert.equal(weightedQuantile({ ms, weights: new Float64Array([8, 1, 1]) }, order, 0.5), 30);
  assert.equal(weightedQuantile({ ms, weights: new Float64Array(3) }, order, 0.5), null);
  assert.equal(effectiveN({ ms, weights: new Float64Array([2, 2, 2]) }), 3);
  assert.equal(effectiveN({ ms, weights: new Float64Array(3) }), 0);
});
