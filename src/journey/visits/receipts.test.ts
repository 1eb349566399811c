import assert from "node:assert/strict";
import { test } from "node:test";
import { at, ToldEvents, visitPlan, watchVisits } from "../../../test/fakes/visit-shop.ts";
import { tagId } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";

/** Receipts of each visit by the time of entry, and what became of those of nobody. */
function receiptsOf(events: readonly JourneyEvent[]): {
  readonly receipts: readonly (readonly string[])[];
  readonly linked: number;
  readonly ambiguous: number;
  readonly unlinked: number;
} {
  const shop = watchVisits();
  shop.play([...events].sort((a, b) => a.at - b.at));
  shop.builder.advance(at(300));
  const { linkedReceipts, ambiguousReceipts, unlinkedReceipts } = shop.builder.counters;
  return {
    receipts: shop.visits().map((visit) => visit.receipts.map(({ receiptId }) => receiptId)),
    linked: linkedReceipts,
    ambiguous: ambiguousReceipts,
    unlinked: unlinkedReceipts,
  };
}

const make = new ToldEvents();

/** Somebody who is at the till from the fifth to the sixth minute. */
const payer = (track: number, zone = "till", minute = 5): readonly JourneyEvent[] => [
  make.in(at(0, track), track),
  ...make.stay(at(minute), at(minute + 1), zone, track),
  make.out(at(8), track),
];

test("a receipt belongs to the only visit that was at the till", () => {
  const strolling = [make.in(at(1), 2), ...make.stay(at(5), at(6), "shelf", 2), make.out(at(9), 2)];
  const told = receiptsOf([...payer(1), ...strolling, make.receipt(at(5, 30), "r")]);
  assert.deepEqual(told, { receipts: [["r"], []], linked: 1, ambiguous: 0, unlinked: 0 });
});

test("a receipt keeps what it says", () => {
  const shop = watchVisits();
  shop.play([...payer(1), make.receipt(at(8, 1), "r", { kind: "exchange" })].slice(0, 4));
  shop.builder.take(make.receipt(at(6, 20), "r", { kind: "exchange" }));
  shop.builder.advance(at(60));
  assert.deepEqual(shop.visits()[0]?.receipts, [
    { receiptId: "r", transactionKind: "exchange", paidAt: at(6, 20), netMinor: 1000, units: 1 },
  ]);
});

test("clocks of till and camera may disagree by so much and no more", () => {
  const linked = [at(4, 29), at(4, 30), at(7, 30), at(7, 31)].map(
    (when, i) => receiptsOf([...payer(1), make.receipt(when, `r${i}`)]).linked,
  );
  assert.deepEqual(linked, [0, 1, 1, 0]);
});

test("a receipt that two can have paid is given to neither, and counted", () => {
  const told = receiptsOf([...payer(1), ...payer(2), make.receipt(at(5, 30), "r")]);
  assert.deepEqual(told, { receipts: [[], []], linked: 0, ambiguous: 1, unlinked: 0 });
});

test("of two who follow one another at the till, who was there at the instant of payment paid", () => {
  const told = receiptsOf([
    ...payer(1),
    ...payer(2, "till", 6),
    make.receipt(at(5, 50), "r"),
    make.receipt(at(6, 10), "s"),
  ]);
  assert.deepEqual([told.receipts, told.ambiguous], [[["r"], ["s"]], 0]);
});

test("of two around a payment, neither of them there at its instant, nobody is guessed", () => {
  const told = receiptsOf([...payer(1), ...payer(2, "till", 7), make.receipt(at(6, 40), "r")]);
  assert.deepEqual([told.receipts, told.ambiguous], [[[], []], 1]);
});

test("somebody known to be staff does not make a receipt ambiguous", () => {
  const cashier = payer(2);
  const [entered] = cashier;
  assert.ok(entered?.kind === "entered");
  const events = [...payer(1), ...cashier, make.staff(entered), make.receipt(at(5, 30), "r")];
  assert.deepEqual(receiptsOf(events).receipts, [["r"], []]);
});

test("a track and a tag may both have it: each method has its own answer", () => {
  const basket = [
    make.presence(at(0), "b", "inside"),
    ...make.tagStay(at(5), at(6), "till", "b"),
    make.presence(at(8), "b", "outside"),
  ];
  const told = receiptsOf([...payer(1), ...basket, make.receipt(at(5, 30), "r")]);
  assert.deepEqual([told.receipts, told.linked], [[["r"], ["r"]], 1]);
});

/** Somebody with this tag who is at the till from the fifth to the sixth minute. */
const tagged = (
  tag: string,
  kind: "basket" | "loyalty-card",
  minute = 5,
): readonly JourneyEvent[] => [
  make.presence(at(0), tag, "inside", { kind }),
  ...make.tagStay(at(minute), at(minute + 1), "till", tag, kind),
  make.presence(at(9), tag, "outside", { kind }),
];

test("the card and the basket of one person both have their receipt", () => {
  const events = [...tagged("b", "basket"), ...tagged("c", "loyalty-card")];
  const told = receiptsOf([...events, make.receipt(at(5, 30), "r")]);
  assert.deepEqual([told.receipts, told.ambiguous], [[["r"], ["r"]], 0]);
  const two = receiptsOf([...tagged("b", "basket"), ...tagged("d", "basket"), ...events.slice(4)]);
  assert.equal(two.linked, 0);
});

test("most people carry no tag: who has one and was not at the till at the instant has not paid", () => {
  const told = receiptsOf([...tagged("c", "loyalty-card", 6), make.receipt(at(5, 40), "r")]);
  assert.deepEqual([told.receipts, told.unlinked], [[[]], 1]);
});

test("a receipt that names a card leaves the basket at the till to be found", () => {
  const events = [
    ...tagged("b", "basket"),
    ...tagged("c", "loyalty-card", 3),
    ...tagged("d", "loyalty-card"),
  ];
  const shop = watchVisits();
  const receipt = make.receipt(at(5, 30), "r", { tag: "c" });
  shop.play([...events, receipt].sort((a, b) => a.at - b.at));
  shop.builder.advance(at(60));
  const paid = shop.visits().filter(({ receipts }) => receipts.length > 0);
  assert.deepEqual(paid.map(({ tagId }) => tagId).sort(), ["b", "c"]);
});

test("a receipt that names a tag nobody heard is given to no other of its sort, and to none that it may be", () => {
  const plan = visitPlan({
    tags: (["basket", "loyalty-card"] as const).map((kind, i) => ({
      id: tagId(`lost-${kind}`),
      kind,
      beacon: { format: "altbeacon", id: `${i}0`.repeat(20) },
    })),
  });
  const paidBy = ["lost-basket", "lost-loyalty-card", "unheard-of"].map((tag) => {
    const shop = watchVisits(plan);
    const receipt = make.receipt(at(5, 30), `of ${tag}`, { tag });
    const events = [...tagged("b", "basket"), ...tagged("c", "loyalty-card"), receipt];
    shop.play(events.sort((a, b) => a.at - b.at));
    shop.builder.advance(at(60));
    const paid = shop.visits().filter(({ receipts }) => receipts.length > 0);
    return paid.map(({ tagId: id }) => id);
  });
  assert.deepEqual(paidBy, [["c"], ["b"], []]);
});

test("a receipt that names a tag belongs to the visit of that tag alone, wherever it was", () => {
  const tags = ["b", "c"].flatMap((tag) => [
    make.presence(at(0), tag, "inside"),
    ...make.tagStay(at(5), at(6), tag === "c" ? "till" : "shelf", tag),
    make.presence(at(8), tag, "outside"),
  ]);
  const shop = watchVisits();
  shop.play([...tags, make.receipt(at(5, 30), "r", { tag: "b" })].sort((a, b) => a.at - b.at));
  shop.builder.advance(at(60));
  const paid = shop.visits().filter(({ receipts }) => receipts.length > 0);
  assert.deepEqual(
    paid.map(({ tagId }) => tagId),
    ["b"],
  );
});

test("goods brought back are linked by a tag only", () => {
  const refund = make.receipt(at(5, 30), "r", { kind: "refund" });
  assert.deepEqual(receiptsOf([...payer(1), refund]).receipts, [[]]);
  const card = [
    make.presence(at(0), "card", "inside", { kind: "loyalty-card" }),
    make.presence(at(8), "card", "outside", { kind: "loyalty-card" }),
  ];
  const tagged = make.receipt(at(5, 30), "s", { kind: "refund", tag: "card" });
  assert.deepEqual(receiptsOf([...card, tagged]).receipts, [["s"]]);
});

test("an order is handed over where orders are, and a delivery to nobody", () => {
  const handOver = make.receipt(at(5, 30), "r", { kind: "click-collect" });
  const delivery = make.receipt(at(5, 31), "s", { kind: "delivery" });
  assert.deepEqual(receiptsOf([...payer(1), handOver]).receipts, [[]]);
  const told = receiptsOf([...payer(1, "collect"), handOver, delivery]);
  assert.deepEqual([told.receipts, told.unlinked], [[["r"]], 0]);
});

test("a payment before anybody entered is nobody's", () => {
  assert.equal(receiptsOf([...payer(1), make.receipt(at(-30), "r")]).unlinked, 1);
});

test("a receipt that comes twice counts once", () => {
  const shop = watchVisits();
  shop.play([...payer(1), make.receipt(at(8), "r"), make.receipt(at(8), "r")].slice(0, 4));
  shop.builder.take(make.receipt(at(5, 30), "r"));
  shop.builder.take(make.receipt(at(5, 30), "r"));
  shop.builder.advance(at(60));
  assert.equal(shop.visits()[0]?.receipts.length, 1);
  assert.equal(shop.builder.counters.repeatedReceipts, 1);
});

test("a receipt that comes after the visit was told has it told again", () => {
  const shop = watchVisits();
  shop.play(payer(1));
  shop.builder.advance(at(30));
  shop.builder.take(make.receipt(at(5, 30), "r"));
  shop.builder.advance(at(31));
  assert.deepEqual(
    shop.documents().map(({ revision, receipts }) => [revision, receipts.length]),
    [
      [0, 0],
      [1, 1],
    ],
  );
  const [first, second] = shop.documents();
  assert.deepEqual([second?.visitId, second?.seq], [first?.visitId, 1]);
});

test("one that comes hours after it finds nobody", () => {
  const shop = watchVisits();
  shop.play(payer(1));
  shop.builder.advance(at(120));
  shop.builder.take(make.receipt(at(5, 30), "r"));
  shop.builder.advance(at(121));
  assert.equal(shop.documents().length, 1);
  assert.equal(shop.builder.counters.unlinkedReceipts, 1);
});

test("an amount that is dated in the future waits until then", () => {
  const shop = watchVisits(visitPlan());
  shop.play(payer(1));
  shop.builder.take(make.receipt(at(600), "r"));
  shop.builder.advance(at(300));
  assert.equal(shop.builder.counters.unlinkedReceipts, 0);
  shop.builder.advance(at(610));
  assert.equal(shop.builder.counters.unlinkedReceipts, 1);
});

test("a visit pays as often as it does, in order", () => {
  const receipts = [make.receipt(at(5, 40), "b"), make.receipt(at(5, 20), "a")];
  assert.deepEqual(receiptsOf([...payer(1), ...receipts]).receipts, [["a", "b"]]);
});

test("a refund under the number of its sale is a receipt of its own", () => {
  const shop = watchVisits();
  shop.play([
    make.presence(at(0), "b", "inside"),
    make.receipt(at(3), "r", { tag: "b" }),
    make.receipt(at(4), "r", { tag: "b", kind: "refund" }),
    make.presence(at(9), "b", "passing"),
  ]);
  shop.builder.advance(at(60));
  const receipts = shop.visits()[0]?.receipts.map(({ transactionKind }) => transactionKind);
  assert.deepEqual(receipts, ["sale", "refund"]);
  assert.equal(shop.builder.counters.repeatedReceipts, 0);
});
