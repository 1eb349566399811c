import assert from "node:assert/strict";
import { test } from "node:test";
import { SIMULATED_SITE, simulatedWalk } from "../../../test/fakes/simulated-walk.ts";
import { receiverId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { SurveyPoint } from "../../core/site.ts";
import { reportWalk } from "../../radio/walk/walk-report.ts";
import { sitePlanInMemory } from "../site/site-plan-file.ts";
import { reportInThread } from "./report-in-thread.ts";
import { saveSurvey } from "./save-survey.ts";

const { floor, receivers } = SIMULATED_SITE;
const never = new AbortController().signal;

test("a thread gives the same report as working it out here, and the survey it is given counts", async () => {
  assert.ok(floor !== undefined);
  const record = simulatedWalk({ seed: 1, shadowDb: 6, powerDbm: -60 }, 12);
  const ground = { floor, receivers, survey: [] };
  assert.deepEqual(await reportInThread(ground, record, never), reportWalk(ground, record));
});

test("a walk that is dropped while it is worked out ends its thread", async () => {
  assert.ok(floor !== undefined);
  const record = simulatedWalk({ seed: 1, shadowDb: 6, powerDbm: -60 }, 60);
  const abort = new AbortController();
  const working = reportInThread({ floor, receivers, survey: [] }, record, abort.signal);
  abort.abort();
  await assert.rejects(working, /dropped/);
  await assert.rejects(reportInThread({ floor, receivers, survey: [] }, record, abort.signal));
});

const STORE = { id: "s", name: "S", timeZone: "UTC" };
const point = (xM: number, meanDbm: number): SurveyPoint => ({
  xM,
  yM: 2,
  zM: 1.2,
  levels: [{ receiverId: receiverId("rx0"), meanDbm, readings: 20 }],
});

test("points are added to the survey in the plan, and what else stands there stays", async () => {
  const document = { v: 1, store: STORE, survey: [point(1, -60)] };
  const store = sitePlanInMemory(document);
  const survey = await saveSurvey(store, [point(9, -70)], []);
  assert.deepEqual(survey, [point(1, -60), point(9, -70)]);
  const { plan } = await store.update(() => undefined);
  assert.deepEqual(plan.survey, survey);
  assert.equal(plan.store.name, "S");
});

test("a plan that is refused says so and is not changed", async () => {
  const store = sitePlanInMemory({ v: 1, store: STORE });
  const faulty = { ...point(1, -60), xM: Number.NaN };
  await assert.rejects(
    saveSurvey(store, [faulty], []),
    (error) => error instanceof GatewayError && error.code === "CONFIG_INVALID",
  );
  assert.equal((await store.update(() => undefined)).plan.survey, undefined);
});
