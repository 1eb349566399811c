import assert from "node:assert/strict";
import { test } from "node:test";
import { receiverId } from "../../core/brand.ts";
import type { ReceiverPlan, SurveyPoint } from "../../core/site.ts";
import { mergeSurvey } from "./merge-survey.ts";

const RECEIVERS: readonly ReceiverPlan[] = [0, 10].map((xM, i) => ({
  id: receiverId(`r${i}`),
  name: `r${i}`,
  xM,
  yM: 0,
  zM: 1,
}));

/** What two receivers hear at `xM` of a tag of `powerDbm` at one metre, in free space. */
function point(xM: number, powerDbm: number): SurveyPoint {
  return {
    xM,
    yM: 0,
    zM: 1,
    levels: RECEIVERS.map((receiver) => ({
      receiverId: receiver.id,
      meanDbm:
        Math.round(10 * (powerDbm - 20 * Math.log10(Math.max(1, Math.abs(xM - receiver.xM))))) / 10,
      readings: 20,
    })),
  };
}

test("a new point takes the place of an old one nearby and leaves others alone", () => {
  const merged = mergeSurvey([point(2, -59), point(5, -59)], [point(3, -59)], RECEIVERS);
  assert.deepEqual(merged, [point(5, -59), point(3, -59)]);
});

test("the tag of a later walk is brought to the power of the first", () => {
  const merged = mergeSurvey([point(2, -59), point(5, -59)], [point(8, -71)], RECEIVERS);
  const levels = merged.at(-1)?.levels.map(({ meanDbm }) => meanDbm) ?? [];
  const wanted = point(8, -59).levels.map(({ meanDbm }) => meanDbm);
  for (const [i, dbm] of levels.entries())
    assert.ok(Math.abs(dbm - (wanted[i] ?? 0)) <= 0.2, `${dbm}`);
});

test("the first walk is taken as it is, and one without a common receiver too", () => {
  assert.deepEqual(mergeSurvey([], [point(8, -71)], RECEIVERS), [point(8, -71)]);
  const strange: SurveyPoint = {
    ...point(1, -50),
    levels: [{ receiverId: receiverId("gone"), meanDbm: -60, readings: 9 }],
  };
  assert.deepEqual(mergeSurvey([strange], [point(8, -71)], RECEIVERS), [strange, point(8, -71)]);
});

test("a survey never grows beyond what a plan may hold; the oldest goes first", () => {
  const many = Array.from({ length: 2_000 }, (_, i) => point(100 + 10 * i, -59));
  const merged = mergeSurvey(many, [point(3, -59)], RECEIVERS);
  assert.equal(merged.length, 2_000);
  assert.equal(merged.at(-1)?.xM, 3);
  assert.equal(merged[0]?.xM, 110);
});
