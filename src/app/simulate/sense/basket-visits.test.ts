import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { JourneyCompleted } from "../../../core/events.ts";
import { Simulation, VARIANTS } from "../simulation.ts";
import { ToldShop } from "../told-shop.ts";
import type { TrueVisit } from "../true-day.ts";

let told: JourneyCompleted[] = [];
let truth: readonly TrueVisit[] = [];

before(() => {
  const simulation = new Simulation({ seed: 2, difficulty: "perfect", faults: [] });
  const newest = new Map<string, JourneyCompleted>();
  const shop = new ToldShop(simulation.shop(VARIANTS.tags), (event) => {
    if (event.kind === "completed") newest.set(event.visitId, event);
  });
  const day = simulation.day(0);
  shop.day(day);
  shop.closeDay(day);
  shop.finish();
  const isBasket = ({ tagKind }: JourneyCompleted): boolean =>
    tagKind === "basket" || tagKind === "cart";
  told = [...newest.values()].filter((one) => isBasket(one) && !one.isWithdrawn);
  truth = day.visits.filter(({ basket }) => basket !== null);
});

test("every basket that is taken makes a visit, many a day each", () => {
  assert.equal(told.length, truth.length);
  const [first] = told;
  assert.ok(told.filter(({ tagId }) => tagId === first?.tagId).length > 2);
});

test("a visit by basket lasts from the stack until it is brought back or left at the till", () => {
  const spans = truth.map(({ basket }) => [basket?.takenAt ?? 0, basket?.returnedAt ?? 0] as const);
  for (const { enteredAt, exitedAt } of told) {
    const fits = spans.some(
      ([from, to]) => Math.abs(from + 1_500 - enteredAt) < 1_000 && Math.abs(to - exitedAt) < 1_000,
    );
    assert.ok(fits, `${enteredAt} to ${exitedAt}`);
  }
});

test("what a basket told and what was paid with it is in its visit", () => {
  const filled = truth.filter(({ basket }) => (basket?.changes.length ?? 0) > 0).length;
  assert.equal(told.filter(({ basket }) => basket !== null).length, filled);
  // What is bought beside a hand-over is paid at the collection point, where no till is.
  const paid = truth.flatMap(({ receipts }) =>
    receipts.filter(({ kind, relatedReceiptId }) => kind === "sale" && relatedReceiptId === null),
  );
  const linked = told.flatMap(({ receipts }) => receipts.map(({ receiptId }) => receiptId));
  assert.ok(paid.length > 20);
  for (const { receiptId } of paid) assert.ok(linked.includes(receiptId), receiptId);
});
