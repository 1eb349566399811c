import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Simulation } from "./simulation.ts";
import type { TrueDay, TrueVisit } from "./true-day.ts";

const DAYS = 6;
const simulation = (seed: number): Simulation =>
  new Simulation({ seed, difficulty: "default", faults: [] });
let days: readonly TrueDay[] = [];
let customers: readonly TrueVisit[] = [];

before(() => {
  const shop = simulation(1);
  days = Array.from({ length: DAYS }, (_, i) => shop.day(i));
  customers = days.flatMap((day) => day.visits.filter(({ staff }) => staff === null));
});

test("the same seed gives the same day, whatever was simulated before it", () => {
  assert.equal(JSON.stringify(simulation(1).day(3)), JSON.stringify(days[3]));
  assert.notEqual(JSON.stringify(simulation(2).day(3).visits), JSON.stringify(days[3]?.visits));
});

test("everybody comes in, and goes out last, and is inside in between", () => {
  for (const day of days)
    for (const { crossings, enteredAt, exitedAt } of day.visits) {
      assert.ok(crossings.length >= 2 && crossings.length % 2 === 0);
      crossings.forEach(({ direction, at }, i) => {
        assert.equal(direction, i % 2 === 0 ? "in" : "out");
        assert.ok(at >= enteredAt && at <= exitedAt);
      });
    }
});

test("visits last as long as those that the metric definitions were tried on", () => {
  const ms = customers.map(({ enteredAt, exitedAt }) => exitedAt - enteredAt);
  const mean = ms.reduce((sum, one) => sum + one, 0) / ms.length;
  const bounce = ms.filter((one) => one < 120_000).length / ms.length;
  assert.ok(Math.abs(mean / 700_000 - 1) < 0.06, `mean ${mean}`);
  assert.ok(Math.abs(bounce - 0.225) < 0.02, `bounce ${bounce}`);
});

test("sixty people come in an hour, every fifth of them in a group, some with children", () => {
  assert.ok(Math.abs(customers.length / DAYS / 600 - 1) < 0.06);
  const grouped = customers.filter(({ partySize }) => partySize > 1).length / customers.length;
  assert.ok(Math.abs(grouped - 0.2) < 0.04, `grouped ${grouped}`);
  assert.ok(customers.some(({ isChild }) => isChild));
});

test("one party is served at a time, and who waited was in the queue", () => {
  for (const day of days) {
    const served = day.visits
      .filter(({ queue, isFirst }) => queue?.outcome === "served" && isFirst)
      .sort((a, b) => (a.queue?.leftAt ?? 0) - (b.queue?.leftAt ?? 0));
    const paid = served.flatMap(({ receipts }) => receipts[0]?.at ?? []);
    assert.ok(served.length > 50);
    assert.deepEqual(
      paid,
      [...paid].sort((a, b) => a - b),
    );
    for (const { queue } of served) assert.ok((queue?.leftAt ?? 0) >= (queue?.joinedAt ?? 0));
  }
});

test("receipts are of all kinds, and each is inside its visit", () => {
  const kinds = new Set(days.flatMap(({ receipts }) => receipts.map(({ kind }) => kind)));
  assert.deepEqual([...kinds].sort(), [
    "click-collect",
    "exchange",
    "refund",
    "sale",
    "staff-sale",
  ]);
  for (const { receipts, enteredAt, exitedAt } of customers)
    for (const { at, lines, netMinor } of receipts) {
      assert.ok(at > enteredAt && at < exitedAt);
      assert.equal(
        lines.reduce((sum, line) => sum + line.netMinor, 0),
        netMinor,
      );
    }
});

test("a basket is in one hand at a time, and what comes out of it went in before", () => {
  for (const day of days) {
    const inUse = new Map<number, number>();
    const baskets = day.visits.flatMap(({ basket }) => basket ?? []);
    for (const basket of [...baskets].sort((a, b) => a.takenAt - b.takenAt)) {
      assert.ok((inUse.get(basket.tag) ?? 0) < basket.takenAt);
      inUse.set(basket.tag, basket.returnedAt);
      let inside = 0;
      for (const { change, units } of basket.changes) {
        inside += change === "add" ? units : -units;
        assert.ok(inside >= 0);
      }
    }
  }
});

test("a card is in the shop once at a time, and its owner comes again on other days", () => {
  const byCard = new Map<number, TrueVisit[]>();
  for (const visit of customers)
    if (visit.card !== null) byCard.set(visit.card, [...(byCard.get(visit.card) ?? []), visit]);
  let returning = 0;
  for (const visits of byCard.values()) {
    visits.sort((a, b) => a.enteredAt - b.enteredAt);
    visits.forEach((visit, i) => {
      const next = visits[i + 1];
      if (next !== undefined) assert.ok(visit.exitedAt < next.enteredAt);
    });
    if (new Set(visits.map(({ day }) => day)).size > 1) returning += 1;
  }
  assert.ok(returning > 20);
});

test("who goes out and comes back within the gap is one visit with time outside", () => {
  const outings = customers.filter(({ crossings }) => crossings.length === 4);
  assert.ok(outings.length > 10);
  for (const { outsideMs } of outings) assert.ok(outsideMs > 15_000 && outsideMs < 900_000);
});
