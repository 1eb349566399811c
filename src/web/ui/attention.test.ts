import assert from "node:assert/strict";
import { test } from "node:test";
import { FAKE_SITE } from "../../../test/fakes/fake-dashboard.ts";
import { fakeMetric, sceneViews } from "../../../test/fakes/fake-dashboard-scenes.ts";
import { siteViewOf } from "../views.ts";
import { attentionOf, setUpSteps } from "./attention.ts";
import { createFormats } from "./format.ts";
import { badgesOf } from "./quality.ts";

const formats = createFormats("en-US", "UTC", "EUR");

test("nothing is listed while all sensors work and the centre confirms", () => {
  assert.deepEqual(attentionOf(sceneViews("busy").status), []);
});

test("a blind camera and a lost centre are faults that say what to do", () => {
  const items = attentionOf(sceneViews("blind").status);
  assert.deepEqual(
    items.map((item) => [item.severity, item.title]),
    [
      ["fault", "Camera \u201cFront door\u201d is blind"],
      ["fault", "The central store is out of reach"],
    ],
  );
  for (const item of items) assert.ok(item.next.length > 10 && item.since !== null);
});

test("a silent receiver is a warning, after the faults", () => {
  const status = sceneViews("empty").status;
  const both = {
    ...status,
    sensors: [...status.sensors].reverse(),
    delivery: sceneViews("blind").status.delivery,
  };
  assert.deepEqual(
    attentionOf(both).map((item) => item.severity),
    ["fault", "warning"],
  );
  assert.equal(attentionOf(both)[1]?.title, "Ceiling receiver hears nothing");
});

test("an outbox that is nearly full is listed even while connected", () => {
  const { status } = sceneViews("busy");
  const delivery = { ...status.delivery, outboxBytes: 90, outboxCapBytes: 100 };
  assert.deepEqual(
    attentionOf({ ...status, delivery }).map((item) => item.id),
    ["outbox"],
  );
});

test("a connection the centre has not confirmed yet is no fault until it stalls", () => {
  const { status } = sceneViews("busy");
  const delivery = { ...status.delivery, state: "connected" } as const;
  assert.deepEqual(attentionOf({ ...status, delivery }), []);
  const stalled = { ...delivery, code: "ACK_STALLED" } as const;
  assert.deepEqual(
    attentionOf({ ...status, delivery: stalled }).map((item) => item.severity),
    ["warning"],
  );
});

test("the first run says which step is missing", () => {
  const steps = setUpSteps(siteViewOf(FAKE_SITE), sceneViews("empty").status, false);
  assert.deepEqual(
    steps.map((step) => step.isDone),
    [true, false, true, true, true, false],
  );
  const bare = setUpSteps(
    { ...siteViewOf(FAKE_SITE), cameras: [] },
    { ...sceneViews("empty").status, sensors: [] },
    false,
  );
  assert.deepEqual(
    bare.filter((step) => step.isDone),
    [],
  );
});

const good = fakeMetric("entrants", 100, "people");
const badges = [
  { name: "a good value", metric: good, words: [] },
  { name: "coverage of 95 %", metric: { ...good, coverage: 0.95 }, words: [] },
  { name: "coverage just below", metric: { ...good, coverage: 0.9499 }, words: ["94% covered"] },
  { name: "an imputed part", metric: { ...good, imputedShare: 0.004 }, words: ["1% estimated"] },
  {
    name: "a note on a known value",
    metric: { ...good, reason: { code: "x", text: "y" } },
    words: ["see note"],
  },
  {
    name: "a wide interval",
    metric: { ...good, ci95: [70, 130] as const },
    words: ["wide interval"],
  },
  {
    name: "a wide rate",
    metric: fakeMetric("sales-conversion", 0.27, "ratio", { ci95: [0.11, 0.52] }),
    words: ["wide interval"],
  },
  {
    name: "an unknown value, which explains itself",
    metric: { ...good, value: null, coverage: 0 },
    words: [],
  },
];
for (const c of badges) {
  test(`${c.name} carries ${c.words.length === 0 ? "no badge" : `the badge "${c.words.join()}"`}`, () => {
    assert.deepEqual(badgesOf(c.metric, formats), c.words);
  });
}
