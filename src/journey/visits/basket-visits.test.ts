import assert from "node:assert/strict";
import { test } from "node:test";
import { at, ToldEvents, visitPlan, watchVisits } from "../../../test/fakes/visit-shop.ts";
import { tagId, zoneId } from "../../core/brand.ts";
import type { JourneyCompleted, JourneyEvent } from "../../core/events.ts";
import type { FloorZonePlan, SitePlan } from "../../core/site.ts";

const zone = (id: string, more: Partial<FloorZonePlan> = {}): FloorZonePlan => ({
  id: zoneId(id),
  name: id,
  kind: "area",
  polygon: [],
  ...more,
});

/** A shop whose plan says where baskets stand; `trolleys` is a stack outside. */
function stackPlan(): SitePlan {
  const zones = [
    zone("stack", { stacksBaskets: true }),
    zone("trolleys", { kind: "outside", stacksBaskets: true }),
  ];
  return visitPlan({ floor: { outline: [], obstacles: [], zones, doors: [] } });
}

function visitsOf(
  events: readonly JourneyEvent[],
  plan = stackPlan(),
): readonly JourneyCompleted[] {
  const shop = watchVisits(plan);
  shop.play([...events].sort((a, b) => a.at - b.at));
  shop.builder.advance(at(40 * 60));
  return shop.visits();
}

const times = (visits: readonly JourneyCompleted[]): (readonly [number, number, string])[] =>
  visits.map(({ enteredAt, exitedAt, endedBy }) => [enteredAt, exitedAt, endedBy]);

for (const kind of ["basket", "cart"] as const)
  test(`a ${kind} is a visit from being taken until it is brought back, and again soon after`, () => {
    const make = new ToldEvents();
    const visits = visitsOf([
      make.presence(at(-60), "b", "inside", { kind }),
      make.moved(at(0), "b", "picked-up", "stack", kind),
      ...make.tagStay(at(1), at(5), "shelf", "b", kind),
      make.moved(at(9), "b", "put-back", "stack", kind),
      make.moved(at(11), "b", "picked-up", "stack", kind),
      make.moved(at(30), "b", "put-back", "stack", kind),
    ]);
    assert.deepEqual(times(visits), [
      [at(0), at(9), "exit"],
      [at(11), at(30), "exit"],
    ]);
    assert.deepEqual(
      visits.map((visit) => [
        visit.isEntrySeen,
        visit.isExitSeen,
        visit.tagKind,
        visit.reentries,
        visit.stays.map((stay) => stay.zoneId),
      ]),
      [
        [true, true, kind, 0, ["shelf"]],
        [true, true, kind, 0, []],
      ],
    );
  });

test("a basket left at the till ends the visit there, wherever the next one finds it", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.moved(at(0), "b", "picked-up", "stack", "basket"),
    ...make.tagStay(at(6), at(30), "till", "b"),
    make.moved(at(8), "b", "put-back", null, "basket"),
    make.moved(at(12), "b", "picked-up", "till", "basket"),
    ...make.tagStay(at(13), at(20), "shelf", "b"),
    make.moved(at(20), "b", "put-back", "shelf", "basket"),
  ]);
  assert.deepEqual(times(visits).slice(0, 1), [[at(0), at(8), "exit"]]);
  assert.deepEqual(visits[1]?.enteredAt, at(12));
});

test("what its shopper pays while the basket stands at the till is theirs", () => {
  const make = new ToldEvents();
  const [visit] = visitsOf([
    make.moved(at(0), "b", "picked-up", "stack", "basket"),
    ...make.tagStay(at(6), at(9), "till", "b"),
    make.receipt(at(8), "r1"),
    make.moved(at(9), "b", "put-back", "till", "basket"),
  ]);
  assert.deepEqual(
    visit?.receipts.map(({ receiptId }) => receiptId),
    ["r1"],
  );
});

test("a basket left at the till a moment after a payment has it, though nobody saw it there before", () => {
  const make = new ToldEvents();
  const paidAt = [at(8, 40), at(8, 20), at(9, 10)];
  const linked = paidAt.map((when) => {
    const [visit] = visitsOf([
      make.moved(at(0), "b", "picked-up", "stack", "basket"),
      make.receipt(when, `r${when}`),
      make.moved(at(9), "b", "put-back", "till", "basket"),
    ]);
    return visit?.receipts.length;
  });
  assert.deepEqual(linked, [1, 0, 0]);
});

test("a basket set down on the floor for a while is the same shopper's", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.moved(at(0), "b", "picked-up", "stack", "basket"),
    make.moved(at(3), "b", "put-back", "shelf", "basket"),
    make.moved(at(12), "b", "picked-up", "shelf", "basket"),
    make.moved(at(20), "b", "put-back", "stack", "basket"),
  ]);
  assert.deepEqual(
    visits.map(({ enteredAt, exitedAt, reentries }) => [enteredAt, exitedAt, reentries]),
    [[at(0), at(20), 0]],
  );
});

test("a basket left standing on the floor and taken on later is two visits", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.moved(at(0), "b", "picked-up", "stack", "basket"),
    make.moved(at(10), "b", "put-back", "shelf", "basket"),
    ...make.tagStay(at(9), at(40), "shelf", "b"),
    make.moved(at(40), "b", "picked-up", "shelf", "basket"),
    ...make.tagStay(at(41), at(50), "till", "b"),
    make.moved(at(49), "b", "put-back", "till", "basket"),
  ]);
  assert.deepEqual(times(visits), [
    [at(0), at(10), "silence"],
    [at(40), at(49), "exit"],
  ]);
});

test("a basket that stands in its stack overnight is nobody's visit", () => {
  const make = new ToldEvents();
  const events = [
    make.presence(at(0), "b", "inside"),
    ...make.tagStay(at(0), at(20 * 60), "stack", "b"),
    make.presence(at(20 * 60), "b", "outside"),
    make.presence(at(21 * 60), "b", "inside"),
  ];
  assert.deepEqual(visitsOf(events), []);
});

test("a basket left on the floor overnight was its shopper's until it was set down", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.moved(at(0), "b", "picked-up", "stack", "basket"),
    make.moved(at(10), "b", "put-back", "shelf", "basket"),
    make.moved(at(23 * 60), "b", "picked-up", "shelf", "basket"),
    make.moved(at(23 * 60 + 2), "b", "put-back", "stack", "basket"),
  ]);
  assert.deepEqual(times(visits), [[at(0), at(10), "silence"]]);
});

test("a basket that nobody was heard to set down is with somebody until the shop is closed", () => {
  const make = new ToldEvents();
  const [visit, ...others] = visitsOf([make.moved(at(0), "b", "picked-up", "stack", "basket")]);
  assert.deepEqual([others.length, visit?.endedBy, visit?.isExitSeen], [0, "day-end", false]);
});

test("baskets that staff collect are no visits: from the till, and from the floor in a moment", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.moved(at(0), "b", "picked-up", "till", "basket"),
    make.moved(at(10), "b", "put-back", "stack", "basket"),
    make.moved(at(0), "c", "picked-up", "shelf", "basket"),
    make.moved(at(4), "c", "put-back", "stack", "basket"),
    make.moved(at(60), "c", "picked-up", "shelf", "basket"),
    make.moved(at(69), "c", "put-back", "stack", "basket"),
  ]);
  assert.deepEqual(times(visits), [[at(60), at(69), "exit"]]);
});

test("a customer who takes a basket that was left at the till shops in other zones with it", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.moved(at(0), "b", "picked-up", "till", "basket"),
    ...make.tagStay(at(2), at(14), "shelf", "b"),
    ...make.tagStay(at(15), at(27), "rack", "b"),
    make.moved(at(30), "b", "put-back", "stack", "basket"),
    make.moved(at(40), "c", "picked-up", "till", "basket"),
    ...make.tagStay(at(41), at(44), "shelf", "c"),
    make.moved(at(52), "c", "put-back", "stack", "basket"),
  ]);
  assert.deepEqual(times(visits), [[at(0), at(30), "exit"]]);
});

test("a basket that is only pushed aside is nobody's visit", () => {
  const make = new ToldEvents();
  const events = [
    make.moved(at(0), "b", "picked-up", "stack", "basket"),
    make.moved(at(0, 40), "b", "put-back", "stack", "basket"),
  ];
  assert.deepEqual(visitsOf(events), []);
});

test("a basket that tells no movements is taken when it leaves the stack", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    ...make.tagStay(at(-60), at(0), "stack", "b"),
    ...make.tagStay(at(0, 20), at(4), "shelf", "b"),
    ...make.tagStay(at(5), at(5, 20), "stack", "b"),
    ...make.tagStay(at(6), at(9), "rack", "b"),
    ...make.tagStay(at(10), at(30), "stack", "b"),
    ...make.tagStay(at(30, 10), at(30, 40), "shelf", "b"),
    ...make.tagStay(at(30, 50), at(90), "stack", "b"),
  ]);
  assert.deepEqual(times(visits), [[at(0), at(10), "exit"]]);
});

test("a cart from the stack outside is in the shop from when it is heard there until it goes", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.moved(at(0), "b", "picked-up", "trolleys", "cart"),
    make.presence(at(1), "b", "inside", { kind: "cart" }),
    make.presence(at(20), "b", "passing", { kind: "cart" }),
    make.moved(at(25), "b", "put-back", "trolleys", "cart"),
    make.moved(at(27), "b", "picked-up", "trolleys", "cart"),
    make.presence(at(28), "b", "inside", { kind: "cart" }),
    make.presence(at(40), "b", "passing", { kind: "cart" }),
    make.moved(at(45), "b", "put-back", "trolleys", "cart"),
  ]);
  assert.deepEqual(times(visits), [
    [at(1), at(20), "exit"],
    [at(28), at(40), "exit"],
  ]);
});

test("without a stack in the plan presence makes the visit until the tag tells a movement", () => {
  const make = new ToldEvents();
  const visits = visitsOf(
    [
      make.presence(at(0), "b", "inside"),
      make.presence(at(9), "b", "passing"),
      make.presence(at(60), "b", "inside"),
      make.moved(at(90), "b", "picked-up", "shelf", "basket"),
      make.moved(at(99), "b", "put-back", "till", "basket"),
    ],
    visitPlan(),
  );
  assert.deepEqual(times(visits), [
    [at(0), at(9), "exit"],
    [at(90), at(99), "exit"],
  ]);
});

test("a basket that told movements in an earlier life is not taken for one that tells none", () => {
  const make = new ToldEvents();
  const events = [make.presence(at(0), "b", "inside"), make.presence(at(300), "b", "outside")];
  const visits = [[], [[tagId("b"), at(-24 * 60)] as const]].map((movers) => {
    const shop = watchVisits(visitPlan(), { movers });
    shop.play(events);
    shop.builder.advance(at(40 * 60));
    return shop.visits().length;
  });
  assert.deepEqual(visits, [1, 0]);
});

test("what a smart basket tells belongs to whoever has it then", () => {
  const make = new ToldEvents();
  const visits = visitsOf([
    make.moved(at(0), "b", "picked-up", "stack", "basket"),
    make.basket(at(4), "b", "add", 2),
    make.moved(at(9), "b", "put-back", "stack", "basket"),
    make.moved(at(20), "b", "picked-up", "stack", "basket"),
    make.basket(at(22), "b", "add"),
    make.basket(at(23), "b", "remove"),
    make.moved(at(30), "b", "put-back", "stack", "basket"),
  ]);
  assert.deepEqual(
    visits.map(({ basket }) => basket),
    [
      { added: 2, removed: 0, returned: 0 },
      { added: 1, removed: 1, returned: 0 },
    ],
  );
});
