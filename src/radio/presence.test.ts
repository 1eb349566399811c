import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { monoMs, tagId } from "../core/brand.ts";
import type { TagChanged } from "../core/events.ts";
import type { TagPlan } from "../core/site.ts";
import { PRESENCE_RULES, Presence } from "./presence.ts";
import { TagEvents, type WhereaboutsEvent } from "./tag-events.ts";

const tags: readonly TagPlan[] = [0, 1].map((i) => ({
  id: tagId(`basket-${i}`),
  kind: "basket",
  beacon: { format: "ibeacon", uuid: "00112233-4455-6677-8899-aabbccddeeff", major: 1, minor: i },
}));

/** Presence on a fake clock that calls `advance` every second, as the gateway does. */
function floor(receivers = 1) {
  const clock = new FakeClock();
  const events: TagChanged[] = [];
  const onEvent = (event: WhereaboutsEvent): void => {
    if (event.kind === "tag-changed") events.push(event);
  };
  const presence = new Presence({
    events: new TagEvents({ tags, run: "r1", onEvent }),
    receivers,
  });
  for (let i = 0; i < receivers; i += 1) presence.setSeeing(i, true, clock.mono());
  clock.every(1_000, "advance", () => presence.advance(clock.mono()));
  return {
    clock,
    events,
    presence,
    states: () => events.map((e) => `${e.state}@${e.atMono}`),
    hear: (rssiDbm: number, forMs: number, { everyMs = 500, tag = 0, receiver = 0 } = {}): void => {
      for (let passed = 0; passed < forMs; passed += everyMs) {
        presence.reading(tag, receiver, rssiDbm, clock.mono());
        clock.advance(everyMs);
      }
    },
  };
}

test("a tag heard strongly for long enough is inside since it was first heard so", () => {
  const f = floor();
  f.hear(-70, 5_000);
  assert.deepEqual(f.states(), ["passing@0", "inside@0"]);
  assert.equal(f.presence.stateOf(0), "inside");
});

test("a tag heard strongly but briefly only passes", () => {
  const f = floor();
  f.hear(-70, 3_500);
  f.clock.advance(60_000);
  assert.deepEqual(f.states(), ["passing@0", "outside@3000"]);
  assert.equal(f.presence.present, 0);
});

test("a tag heard faintly never is inside", () => {
  const f = floor();
  f.hear(-88, 120_000);
  assert.deepEqual(f.states(), ["passing@0"]);
});

test("between the two levels a tag stays what it is", () => {
  const f = floor();
  f.hear(-70, 6_000);
  f.hear(-89, 60_000);
  assert.equal(f.presence.stateOf(0), "inside");
  const g = floor();
  g.hear(-89, 60_000);
  assert.equal(g.presence.stateOf(0), "passing");
});

test("one weak reading does not make an inside tag leave", () => {
  const f = floor();
  f.hear(-70, 6_000);
  f.hear(-100, 500);
  f.hear(-70, 30_000);
  assert.deepEqual(f.states(), ["passing@0", "inside@0"]);
});

test("a tag that stays weak long enough is passing since it became weak", () => {
  const f = floor();
  f.hear(-80, 10_000);
  f.hear(-97, 40_000);
  assert.equal(f.events.length, 3);
  const last = f.events[2];
  assert.equal(last?.state, "passing");
  assert.equal(last?.previous, "inside");
  assert.ok(last !== undefined && last.atMono > 10_000 && last.atMono < 25_000);
});

test("a tag that falls silent is outside since it was last heard", () => {
  const f = floor();
  f.hear(-70, 6_000);
  f.clock.advance(PRESENCE_RULES.outsideAfterSilenceMs - 1_000);
  assert.equal(f.events.length, 2);
  f.clock.advance(2_000);
  assert.deepEqual(f.states(), ["passing@0", "inside@0", "outside@5500"]);
  assert.equal(f.presence.present, 0);
});

test("absence does not depend on when time is looked at", () => {
  const f = floor();
  f.hear(-70, 500);
  const late = monoMs(f.clock.mono() + PRESENCE_RULES.outsideAfterSilenceMs);
  f.presence.reading(0, 0, -70, late);
  assert.deepEqual(f.states(), ["passing@0", "outside@0", `passing@${late}`]);
});

test("the silence of a blind receiver proves no absence", () => {
  const f = floor();
  f.hear(-70, 6_000);
  f.presence.setSeeing(0, false, f.clock.mono());
  f.clock.advance(300_000);
  assert.equal(f.presence.stateOf(0), "inside");
  f.presence.setSeeing(0, true, f.clock.mono());
  f.clock.advance(PRESENCE_RULES.outsideAfterSilenceMs - 2_000);
  assert.equal(f.presence.stateOf(0), "inside");
  f.clock.advance(4_000);
  assert.deepEqual(f.states().slice(2), ["outside@5500"]);
});

test("of several receivers the one that hears best decides", () => {
  const f = floor(2);
  for (let i = 0; i < 20; i += 1) {
    f.presence.reading(0, 0, -70, f.clock.mono());
    f.presence.reading(0, 1, -98, f.clock.mono());
    f.clock.advance(500);
  }
  assert.deepEqual(f.states(), ["passing@0", "inside@0"]);
});

test("a receiver that no longer hears the tag does not hold it inside", () => {
  const f = floor(2);
  f.hear(-60, 6_000, { receiver: 0 });
  f.hear(-97, 60_000, { receiver: 1 });
  assert.equal(f.presence.stateOf(0), "passing");
});

test("a beacon that sends every eight seconds can be inside", () => {
  const f = floor();
  f.hear(-70, 40_000, { everyMs: 8_000 });
  assert.deepEqual(f.states(), ["passing@0", "inside@0"]);
});

test("events carry the run and contiguous numbers over all tags", () => {
  const f = floor();
  f.hear(-70, 6_000);
  f.hear(-70, 6_000, { tag: 1 });
  f.clock.advance(60_000);
  assert.deepEqual(
    f.events.map((e) => e.seq),
    f.events.map((_, i) => i),
  );
  assert.ok(f.events.every((e) => e.source === "radio:fused#r1" && e.tagKind === "basket"));
});

test("the instants of one tag never go back", () => {
  const f = floor();
  for (const level of [-70, -97, -70, -97]) f.hear(level, 45_000);
  f.clock.advance(60_000);
  const instants = f.events.map((e) => e.atMono);
  assert.deepEqual(
    instants,
    [...instants].sort((a, b) => a - b),
  );
});
