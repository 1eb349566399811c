import assert from "node:assert/strict";
import { test } from "node:test";
import { WalkRig } from "../../../test/fakes/walk-rig.ts";
import { GatewayError } from "../../core/errors.ts";

test("a walk is started, tapped and finished, and its view follows", async () => {
  const rig = new WalkRig();
  assert.equal(rig.desk.view().state, "idle");
  assert.deepEqual(rig.desk.view().tags, [
    { id: "walker", name: "Walker" },
    { id: "cart-1", name: "cart-1" },
  ]);
  assert.equal(rig.desk.start("walker"), null);
  assert.equal(rig.desk.tap("till"), null);
  rig.stand(30);
  const view = rig.desk.view();
  assert.equal(view.here, "till");
  assert.deepEqual(
    view.zones.map(({ stayedMs }) => stayedMs),
    [0, 30_000],
  );
  assert.deepEqual(
    view.receivers.map(({ id, levelDbm, readings }) => [id, levelDbm, readings]),
    [
      ["door", -70, 30],
      ["back", null, 0],
    ],
  );
  assert.equal(await rig.desk.finish(), null);
  const done = rig.desk.view();
  assert.equal(done.state, "done");
  assert.equal(done.result?.verdict, "better");
  assert.equal(rig.radio.listeners, 0, "nobody listens to readings any more");
});

test("the record of a walk holds its readings and leaves the seconds around taps out", async () => {
  const rig = new WalkRig();
  rig.desk.start("walker");
  rig.desk.tap("shoes");
  rig.stand(20);
  rig.desk.tap("till");
  rig.stand(20);
  await rig.desk.finish();
  const record = rig.reported[0]?.record;
  assert.equal(record?.readings.length, 40);
  assert.deepEqual(
    record?.stays.map(({ zone, fromMono, toMono }) => [zone, toMono - fromMono]),
    [
      [0, 17_000],
      [1, 14_000],
    ],
  );
});

test("readings of other tags and of receivers the plan does not have are not part of a walk", async () => {
  const rig = new WalkRig();
  rig.desk.start("walker");
  rig.desk.tap("till");
  rig.stand(5);
  rig.radio.hear("cart-1", "door", -50, rig.clock.mono());
  rig.radio.hear("walker", "gone", -50, rig.clock.mono());
  await rig.desk.finish();
  assert.equal(rig.reported[0]?.record.readings.length, 5);
});

test("one walk at a time, and each refusal says what to do", async () => {
  const rig = new WalkRig();
  assert.equal(rig.desk.tap("till")?.word, "NO_WALK");
  assert.equal((await rig.desk.finish())?.word, "NO_WALK");
  assert.equal((await rig.desk.save())?.word, "NOTHING_TO_SAVE");
  assert.equal(rig.desk.start("nobody")?.word, "UNKNOWN_TAG");
  assert.equal(rig.desk.start("walker"), null);
  assert.equal(rig.desk.start("cart-1")?.word, "WALK_RUNNING");
  assert.equal(rig.desk.tap("attic")?.word, "UNKNOWN_ZONE");
});

test("saving writes the points, and the zone engine uses them at once", async () => {
  const rig = new WalkRig();
  await rig.walk();
  assert.equal(await rig.desk.save(), null);
  assert.equal(rig.desk.view().result?.isSaved, true);
  assert.deepEqual(rig.radio.surveys, [rig.points]);
  assert.equal(await rig.desk.save(), null, "a second press changes nothing");
  assert.equal(rig.saves, 1);
});

test("a plan that cannot be written keeps the result and says why", async () => {
  const rig = new WalkRig();
  await rig.walk();
  rig.saveFault = new GatewayError("DISK_FULL", "no room");
  const refusal = await rig.desk.save();
  assert.equal(refusal?.word, "SAVE_REFUSED");
  assert.match(refusal?.message ?? "", /DISK_FULL/);
  assert.equal(rig.desk.view().result?.isSaved, false);
  assert.deepEqual(rig.radio.surveys, []);
  rig.saveFault = null;
  assert.equal(await rig.desk.save(), null);
});

test("the next walk is judged against the survey that was saved", async () => {
  const rig = new WalkRig();
  await rig.walk();
  await rig.desk.save();
  rig.desk.cancel();
  await rig.walk();
  assert.deepEqual(
    rig.reported.map(({ ground }) => ground.survey),
    [[], rig.points],
  );
});

test("a walk nobody finishes ends after an hour with a result", async () => {
  const rig = new WalkRig();
  rig.desk.start("walker");
  rig.desk.tap("till");
  rig.stand(120);
  rig.clock.advance(3_600_000);
  await rig.settled();
  const view = rig.desk.view();
  assert.equal(view.state, "done");
  assert.match(view.notes.join(), /ended by itself/);
  assert.equal(rig.clock.pending, 0, "no timer is left");
});

test("a dropped walk leaves nothing behind, also while it is worked out", async () => {
  const rig = new WalkRig();
  rig.desk.start("walker");
  rig.desk.tap("till");
  rig.desk.cancel();
  assert.equal(rig.desk.view().state, "idle");
  assert.equal(rig.radio.listeners, 0);
  assert.equal(rig.clock.pending, 0);
  rig.holdReports = true;
  rig.desk.start("walker");
  rig.desk.tap("till");
  rig.stand(5);
  const finished = rig.desk.finish();
  assert.equal(rig.desk.view().state, "working");
  rig.desk.cancel();
  assert.equal(await finished, null);
  assert.equal(rig.desk.view().state, "idle");
});

test("a result that cannot be worked out is a fault, and a new walk may begin", async () => {
  const rig = new WalkRig();
  rig.reportFault = new Error("the thread died");
  rig.desk.start("walker");
  rig.desk.tap("till");
  await assert.rejects(rig.desk.finish(), /the thread died/);
  assert.equal(rig.desk.start("walker"), null);
});

test("what is missing in the plan is said before a walk", () => {
  const bare = new WalkRig({ floor: undefined });
  assert.match(bare.desk.view().obstacle ?? "", /no floor/);
  assert.equal(bare.desk.start("walker")?.word, "WALK_IMPOSSIBLE");
  assert.match(new WalkRig({ receivers: [] }).desk.view().obstacle ?? "", /no receiver/);
});
