import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VisitMaker, type VisitSketch } from "../../../test/fakes/completed-visits.ts";
import { utc } from "../../../test/fakes/journey-events.ts";
import { epochMs, tagId, visitId, zoneId } from "../../core/brand.ts";
import type { JourneyCompleted } from "../../core/events.ts";
import { plainVisit, type VisitRow } from "./visit-row.ts";
import { VisitTable } from "./visit-table.ts";

const DAY = utc("2026-11-20T04:00:00Z");
const MINUTE_MS = 60_000;
const at = (minute: number): ReturnType<typeof epochMs> => epochMs(DAY + minute * MINUTE_MS);

const tableWith = (...visits: readonly JourneyCompleted[]): VisitTable => {
  const table = new VisitTable({ dayStart: DAY });
  for (const visit of visits) table.put(visit);
  return table;
};

/** A document without what is no part of a row. */
function rowOf(visit: JourneyCompleted): VisitRow {
  const { kind: _, source: __, seq: ___, atMono: ____, clock: _____, ...row } = visit;
  return row;
}

const ids = (table: VisitTable): string[] => [...table.rows()].map((row) => row.visitId);

/** A visit with something in every field. */
function fullVisit(maker: VisitMaker, minute: number, change: Partial<JourneyCompleted> = {}) {
  return maker.visit(at(minute), {
    stops: [
      ["table", 10, 30],
      ["shoes", 50, 0],
    ],
    tag: "card-1",
    basket: { added: 3, removed: 1, returned: 2 },
    change: {
      reentries: 2,
      staysDropped: 4,
      isExitSeen: false,
      exitLineId: null,
      endedBy: "silence",
      queues: [{ zoneId: zoneId("queue"), waitMs: 12_000, outcome: "abandoned" }],
      receipts: [
        {
          receiptId: "r 1",
          transactionKind: "refund",
          paidAt: at(minute - 1),
          netMinor: -500,
          units: 2,
        },
      ],
      stays: [
        { zoneId: zoneId("table"), enteredAt: at(minute), dwellMs: 30_000, isCensored: false },
        { zoneId: zoneId("shoes"), enteredAt: at(minute + 1), dwellMs: 0, isCensored: true },
      ],
      ...change,
    },
  });
}

test("a row tells everything its document told", () => {
  const maker = new VisitMaker();
  const visits = [fullVisit(maker, 10), maker.visit(at(20)), fullVisit(maker, 30)];
  const table = tableWith(...visits);
  assert.deepEqual([...table.rows()].map(plainVisit), visits.map(rowOf));
  assert.deepEqual(JSON.parse(JSON.stringify([...table.rows()])), visits.map(rowOf));
});

test("the document with the highest revision stands, whatever came first", () => {
  const maker = new VisitMaker();
  const first = fullVisit(maker, 10);
  const last = { ...first, revision: 2, stays: [], tagId: tagId("card-2") };
  const between = { ...first, revision: 1, isWithdrawn: true };
  for (const order of [
    [first, between, last],
    [last, first, between],
    [between, last, first],
  ]) {
    const table = tableWith(...order);
    assert.deepEqual([...table.rows()].map(plainVisit), [rowOf(last)]);
  }
});

test("a visit that was taken back is none, and can be found", () => {
  const maker = new VisitMaker();
  const visit = maker.visit(at(10));
  const table = tableWith(visit, maker.visit(at(5)), { ...visit, revision: 1, isWithdrawn: true });
  assert.deepEqual(ids(table), ["v1"]);
  assert.equal(table.find("v0")?.isWithdrawn, true);
  assert.equal(table.find("v9"), null);
});

test("rows come by time of entry, and an interval of entries is half-open", () => {
  const maker = new VisitMaker();
  const table = tableWith(...[30, 10, 20, 10].map((minute) => maker.visit(at(minute))));
  assert.deepEqual(ids(table), ["v1", "v3", "v2", "v0"]);
  const within = (from: number, to: number): string[] =>
    [...table.rows(at(from), at(to))].map((row) => row.visitId);
  assert.deepEqual(within(10, 20), ["v1", "v3"]);
  assert.deepEqual(within(20, 31), ["v2", "v0"]);
  assert.deepEqual(
    [...table.within({ from: 20, to: 30 })].map((row) => row.visitId),
    ["v2"],
  );
});

test("a correction that moves the entry moves the row", () => {
  const maker = new VisitMaker();
  const visit = maker.visit(at(10));
  const moved = { ...visit, revision: 1, enteredAt: at(9) };
  const table = tableWith(visit, moved);
  assert.deepEqual([...table.rows(at(9), at(10))].length, 1);
  assert.deepEqual([...table.rows(at(10), at(11))].length, 0);
  assert.equal(table.revision({ from: 9, to: 10 }), 1);
});

test("a visit that ends before it began is refused and counted", () => {
  const visit = new VisitMaker().visit(at(10), { change: { exitedAt: at(9) } });
  const table = tableWith(visit);
  assert.deepEqual([table.size, table.refused], [0, 1]);
});

test("a day of more visits than there is room for keeps the first and counts the rest", () => {
  const maker = new VisitMaker();
  const table = new VisitTable({ dayStart: DAY });
  for (let i = 0; i < 8_200; i += 1) table.put(maker.visit(at(i % 1000)));
  assert.deepEqual([table.size, table.dropped], [8_192, 8]);
  // One that is known is still corrected.
  const known = table.find("v0");
  assert.ok(known !== null);
  assert.ok(table.put({ ...plainVisit(known), revision: 1, isWithdrawn: true }));
  assert.equal([...table.rows()].length, 8_191);
});

test("any order of documents, told any number of times, gives the same rows", () => {
  const sketch = fc.record({
    minute: fc.integer({ min: 0, max: 1439 }),
    stops: fc.array(
      fc.tuple(
        fc.constantFrom("table", "shoes"),
        fc.integer({ min: 0, max: 99 }),
        fc.integer({ min: 0, max: 99 }),
      ),
      { maxLength: 6 },
    ),
    revisions: fc.integer({ min: 1, max: 4 }),
    bought: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(sketch, { maxLength: 30 }), fc.func(fc.nat()), (sketches, rank) => {
      const maker = new VisitMaker();
      const documents = sketches.flatMap(({ minute, stops, revisions, bought }, i) =>
        Array.from({ length: revisions }, (_, revision) => {
          const what: VisitSketch = {
            stops: stops.slice(revision),
            ...(bought && { bought: "r" }),
          };
          const visit = maker.visit(at(minute), what);
          return { ...visit, revision, visitId: visitId(`visit-${i}`) };
        }),
      );
      const mixed = [...documents, ...documents]
        .map((one, i) => ({ one, at: rank(i, one.seq) }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one);
      const rows = (list: readonly JourneyCompleted[]): unknown =>
        [...tableWith(...list).rows()].map(plainVisit);
      assert.deepEqual(rows(mixed), rows(documents));
      const rested = tableWith(...mixed);
      rested.rest();
      assert.deepEqual([...rested.rows()].map(plainVisit), rows(documents));
    }),
    { numRuns: 60, seed: 4 },
  );
});
