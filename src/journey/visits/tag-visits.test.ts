import assert from "node:assert/strict";
import { test } from "node:test";
import { at, ToldEvents, visitPlan, watchVisits } from "../../../test/fakes/visit-shop.ts";
import type { JourneyCompleted, JourneyEvent } from "../../core/events.ts";

function visitsOf(events: readonly JourneyEvent[]): readonly JourneyCompleted[] {
  const shop = watchVisits();
  shop.play(events);
  shop.builder.advance(at(20 * 60));
  return shop.visits();
}

for (const kind of ["basket", "cart", "loyalty-card"] as const) {
  test(`a ${kind} that is inside for a while is a visit`, () => {
    const make = new ToldEvents();
    const [visit, ...others] = visitsOf([
      make.presence(at(0), "tag", "inside", { kind }),
      ...make.tagStay(at(1), at(4), "shelf", "tag", kind),
      make.presence(at(9), "tag", "passing", { kind }),
      make.presence(at(9, 40), "tag", "outside", { kind, previous: "passing" }),
    ]);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [visit?.method, visit?.tagKind, visit?.tagId, visit?.endedBy, visit?.isExitSeen],
      ["tag", kind, "tag", "exit", true],
    );
    assert.deepEqual([visit?.enteredAt, visit?.exitedAt], [at(0), at(9)]);
    assert.deepEqual(visit?.stays, [
      { zoneId: "shelf", enteredAt: at(1), dwellMs: 180_000, isCensored: false },
    ]);
  });
}

for (const kind of ["staff", "asset"] as const) {
  test(`a tag of kind ${kind} never makes a visit`, () => {
    const make = new ToldEvents();
    const events = [
      make.presence(at(0), "tag", "inside", { kind }),
      ...make.tagStay(at(1), at(4), "queue", "tag", kind),
      make.presence(at(9), "tag", "outside", { kind }),
    ];
    assert.deepEqual(visitsOf(events), []);
  });
}

test("a tag that falls silent for the whole gap left when it was last heard", () => {
  const make = new ToldEvents();
  const [visit] = visitsOf([
    make.presence(at(0), "b", "inside"),
    make.presence(at(7), "b", "outside"),
  ]);
  assert.deepEqual([visit?.endedBy, visit?.isExitSeen, visit?.exitedAt], ["silence", true, at(7)]);
});

test("a tag that is heard again within the gap was there all along, once more than it left", () => {
  const make = new ToldEvents();
  const [visit, ...others] = visitsOf([
    make.presence(at(0), "b", "inside"),
    make.presence(at(5), "b", "outside"),
    make.presence(at(10), "b", "inside"),
    make.presence(at(20), "b", "passing"),
  ]);
  assert.deepEqual([others.length, visit?.reentries, visit?.exitedAt], [0, 1, at(20)]);
});

test("a tag that was only passing is no visit", () => {
  const make = new ToldEvents();
  const events = [
    make.presence(at(0), "b", "passing", { previous: "outside" }),
    make.presence(at(1), "b", "outside", { previous: "passing" }),
  ];
  assert.deepEqual(visitsOf(events), []);
});

test("what the radio hears in its first minute was there before: no entry was seen", () => {
  const make = new ToldEvents();
  const events = (minutes: number): readonly JourneyEvent[] => [
    make.sensor(at(-5), "north-east", "seeing", "radio"),
    make.presence(at(minutes), "b", "inside"),
    make.presence(at(20), "b", "passing"),
  ];
  assert.deepEqual(
    [-4.5, 0].map((minutes) => visitsOf(events(minutes))[0]?.isEntrySeen),
    [false, true],
  );
});

test("a gateway that starts again meanwhile does not send the basket out and in", () => {
  const make = new ToldEvents("a");
  const next = new ToldEvents("b");
  const [visit, ...others] = visitsOf([
    make.presence(at(0), "b", "inside"),
    next.presence(at(5), "b", "passing", { previous: "outside" }),
    next.presence(at(5, 4), "b", "inside"),
    next.presence(at(12), "b", "passing"),
  ]);
  assert.deepEqual([others.length, visit?.reentries, visit?.exitedAt], [0, 0, at(12)]);
});

test("a tag found outside after a break of the telling was there until last known", () => {
  const make = new ToldEvents("a");
  const next = new ToldEvents("b");
  const [visit] = visitsOf([
    make.presence(at(0), "b", "inside"),
    ...make.tagStay(at(1), at(3), "shelf", "b"),
    next.presence(at(30), "b", "passing", { previous: "outside" }),
    next.presence(at(31), "b", "outside", { previous: "passing" }),
  ]);
  assert.deepEqual([visit?.endedBy, visit?.isExitSeen, visit?.exitedAt], ["sensor", false, at(3)]);
});

test("a basket that rests in the shop overnight stays until the cut-over and makes one visit", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([make.presence(at(0), "b", "inside")]);
  shop.builder.advance(at(40 * 60));
  assert.deepEqual(
    shop.documents().map(({ endedBy, exitedAt, isExitSeen }) => [endedBy, exitedAt, isExitSeen]),
    [["day-end", at(18 * 60), false]],
  );
});

test("while no receiver heard, nobody knows that the basket was still there", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([
    make.sensor(at(-60), "a", "seeing", "radio"),
    make.sensor(at(-60), "b", "seeing", "radio"),
    make.presence(at(0), "b", "inside"),
    make.sensor(at(10), "a", "blind", "radio"),
    make.sensor(at(20), "b", "blind", "radio"),
  ]);
  shop.builder.advance(at(40 * 60));
  assert.deepEqual([shop.visits()[0]?.endedBy, shop.visits()[0]?.exitedAt], ["day-end", at(20)]);
});

test("the door of a tag is told when one crossing alone can be its own", () => {
  const make = new ToldEvents();
  const [visit] = visitsOf([
    make.in(at(0), 1, "yard"),
    make.presence(at(0, 8), "b", "inside"),
    make.out(at(9), 2, "yard"),
    make.out(at(9, 5), 3, "yard"),
    make.presence(at(9, 20), "b", "outside"),
  ]);
  assert.deepEqual([visit?.entryLineId, visit?.exitLineId], ["yard", null]);
});

test("a crossing that was staff is nobody else's door", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  const ann = make.in(at(0, 3), 1, "yard");
  shop.play([
    make.in(at(0), 2, "yard"),
    ann,
    make.presence(at(0, 8), "b", "inside"),
    make.presence(at(9), "b", "outside"),
  ]);
  shop.builder.take(make.staff(ann));
  shop.builder.advance(at(60));
  assert.deepEqual(
    shop.visits().map(({ entryLineId, isStaff }) => [entryLineId, isStaff]),
    [["yard", false]],
  );
});

test("what a smart basket tells is part of the visit it tells it in", () => {
  const make = new ToldEvents();
  const shop = watchVisits(visitPlan({ measures: { reentryGapMs: 60_000 } }));
  shop.play([
    make.presence(at(0), "b", "inside"),
    make.basket(at(1), "b", "add", 3),
    make.basket(at(2), "b", "remove"),
    make.basket(at(3), "b", "return-to-shelf"),
    make.presence(at(5), "b", "outside"),
    make.presence(at(30), "b", "inside"),
    make.presence(at(35), "b", "outside"),
  ]);
  shop.builder.advance(at(60));
  assert.deepEqual(
    shop.visits().map(({ basket }) => basket),
    [{ added: 3, removed: 1, returned: 1 }, null],
  );
});

test("a tagged product is added when taken, returned at its place and removed elsewhere", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([
    make.moved(at(0), "vase", "picked-up", "shelf"),
    make.moved(at(1), "vase", "moved", "rack"),
    make.moved(at(2), "vase", "put-back", "shelf"),
    make.moved(at(3), "vase", "put-back", "shelf"),
    make.moved(at(4), "vase", "picked-up", "shelf"),
    make.moved(at(5), "vase", "put-back", "rack"),
    make.moved(at(6), "vase", "picked-up", null),
    make.moved(at(7), "vase", "put-back", null),
    make.moved(at(8), "cart-1", "picked-up", "shelf", "cart"),
  ]);
  assert.deepEqual(
    shop.told.map(
      (event) => event.kind === "basket-changed" && [event.change, event.seq, event.at],
    ),
    [
      ["add", 0, at(0)],
      ["return-to-shelf", 2, at(2)],
      ["add", 4, at(4)],
      ["remove", 5, at(5)],
      ["add", 6, at(6)],
      ["remove", 7, at(7)],
    ],
  );
});
