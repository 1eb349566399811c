import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../core/random.ts";
import {
  clusteredShare95,
  countInterval95,
  DOOR_ACCURACY_RATIO,
  quantileOf,
  ratioOfSums,
  student95,
} from "./bootstrap.ts";
import { wilson95 } from "./intervals.ts";

test("a quantile lies between its neighbours", () => {
  assert.equal(quantileOf([10, 20, 30], 0.5), 20);
  assert.equal(quantileOf([10, 20], 0.25), 12.5);
});

test("a ratio of sums is known no better than its blocks agree", () => {
  const even = ratioOfSums(Array(10).fill({ top: 3, bottom: 10 }));
  assert.deepEqual(even?.ci95, [0.3, 0.3]);
  const uneven = ratioOfSums([
    { top: 1, bottom: 10 },
    { top: 5, bottom: 10 },
  ]);
  assert.equal(uneven?.value, 0.3);
  assert.ok((uneven?.ci95?.[1] ?? 0) > 2, "two blocks hardly tell anything");
  assert.equal(ratioOfSums([]), null);
  assert.equal(ratioOfSums([{ top: 1, bottom: 2 }])?.ci95, null);
});

test("a share among strangers has Wilson's interval, one among people in groups a wider one", () => {
  const strangers = Array.from({ length: 40 }, (_, i) => ({ top: 3 + (i % 2), bottom: 10 }));
  assert.deepEqual(clusteredShare95(strangers)?.ci95, wilson95(140, 400));
  const grouped = Array.from({ length: 40 }, (_, i) => ({ top: i % 3 === 0 ? 10 : 0, bottom: 10 }));
  const share = clusteredShare95(grouped);
  assert.ok((share?.effectiveN ?? 0) < 60, `effective ${share?.effectiveN}`);
  assert.equal(clusteredShare95([]), null);
  assert.equal(clusteredShare95([{ top: 3, bottom: 2 }]), null);
});

test("the interval of a share is never narrower than Wilson's and stays within 0 and 1", () => {
  const block = fc
    .nat(20)
    .chain((bottom) => fc.record({ top: fc.nat(bottom), bottom: fc.constant(bottom) }));
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 30 }), (blocks) => {
      const trials = blocks.reduce((sum, { bottom }) => sum + bottom, 0);
      const hits = blocks.reduce((sum, { top }) => sum + top, 0);
      const share = clusteredShare95(blocks);
      if (share === null) return trials === 0;
      const [low, high] = share.ci95;
      const plain = wilson95(hits, trials) ?? [0, 1];
      const isWider = high - low >= plain[1] - plain[0] - 1e-9;
      return low >= 0 && high <= 1 && isWider && share.effectiveN <= trials + 1e-9;
    }),
  );
});

test("the interval of a share among groups covers the truth as often as it says", () => {
  const random = seededRandom(11);
  let covered = 0;
  let plain = 0;
  for (let run = 0; run < 300; run += 1) {
    const blocks = Array.from({ length: 40 }, () => {
      let top = 0;
      for (let party = 0; party < 8; party += 1) top += random() < 0.25 ? 3 : 0;
      return { top, bottom: 24 };
    });
    const hits = blocks.reduce((sum, { top }) => sum + top, 0);
    const [low, high] = clusteredShare95(blocks)?.ci95 ?? [1, 0];
    covered += Number(low <= 0.25 && high >= 0.25);
    const [from, to] = wilson95(hits, 960) ?? [1, 0];
    plain += Number(from <= 0.25 && to >= 0.25);
  }
  assert.ok(covered >= 0.92 * 300, `covered ${covered} of 300`);
  assert.ok(plain < 0.85 * 300, "people who decide together are no independent trials");
});

test("a door's count is taken to miss people, not to invent them", () => {
  const [low, high] = countInterval95(980, { opposite: null, accuracyRatio: DOOR_ACCURACY_RATIO });
  assert.ok(low > 970 && low < 980);
  assert.ok(high > 1000, "98 of 100 counted: 1000 came");
  const [, knowing] = countInterval95(950, { opposite: 980, accuracyRatio: DOOR_ACCURACY_RATIO });
  assert.ok(knowing >= high - 5, "as many came as the better direction counted, or more");
  assert.deepEqual(countInterval95(0, { opposite: null, accuracyRatio: 0.98 }), [0, 0]);
});

test("Student's t falls towards the normal's point", () => {
  assert.equal(student95(1), 12.706);
  assert.ok(Math.abs(student95(10) - 2.228) < 0.003);
  assert.ok(Math.abs(student95(27) - 2.052) < 0.001);
  assert.ok(Math.abs(student95(1e6) - 1.96) < 1e-4);
  assert.equal(student95(0), Number.POSITIVE_INFINITY);
});
