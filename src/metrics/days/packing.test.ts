import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SlotLedger } from "../calendar/slots.ts";
import { NumberColumn } from "./columns.ts";
import { IdList } from "./id-list.ts";
import { packNumbers, unpackNumbers } from "./packing.ts";

test("numbers come back as they were packed, through JSON too", () => {
  const any = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  fc.assert(
    fc.property(fc.array(any), (numbers) => {
      const plain = numbers.map((value) => (Object.is(value, -0) ? 0 : value));
      const packed = JSON.parse(JSON.stringify(packNumbers(plain)));
      assert.deepEqual([...unpackNumbers(packed)], plain);
    }),
    { numRuns: 300, seed: 1 },
  );
});

test("whole numbers near nothing take a byte, and long lists are packed as well as short ones", () => {
  assert.equal(packNumbers([0, -1, 63]), "AAF+");
  const many = Array.from({ length: 100_000 }, (_, i) => i * 7);
  assert.deepEqual(unpackNumbers(packNumbers(many)), many);
});

test("any other text is refused, never misread as a number", () => {
  for (const text of ["%", "gA==", "////////////"])
    assert.throws(() => unpackNumbers(text), RangeError);
  assert.throws(() => unpackNumbers([1, "2"] as unknown as number[]), RangeError);
  assert.throws(() => packNumbers([Number.NaN]), TypeError);
});

test("a list of texts gives each its number, however many there are", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 300 }), (texts) => {
      const list = new IdList();
      const expected = [...new Set(texts)];
      for (const text of texts) assert.equal(list.add(text), expected.indexOf(text));
      assert.deepEqual(list.toArray(), expected);
      for (const [i, text] of expected.entries())
        assert.deepEqual([list.find(text), list.at(i)], [i, text]);
      assert.equal(list.find("nobody has this text"), -1);
    }),
    { numRuns: 100, seed: 2 },
  );
});

test("a column of numbers does what a list does", () => {
  const steps: Readonly<
    Record<string, (into: { column: NumberColumn; list: number[] }, at: number, n: number) => void>
  > = {
    push({ column, list }, _, n) {
      column.push(n);
      list.push(n);
    },
    insert({ column, list }, at, n) {
      column.insert(at, n);
      list.splice(at, 0, n);
    },
    remove({ column, list }, at) {
      column.remove(at);
      list.splice(at, 1);
    },
    set({ column, list }, at, n) {
      column.set(at, n);
      if (at < list.length) list[at] = n;
    },
    trim: ({ column }) => column.trim(),
  };
  const value = fc.oneof(
    fc.integer({ min: -200, max: 200 }),
    fc.integer({ min: -40_000, max: 40_000 }),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }).map((x) => (Object.is(x, -0) ? 0 : x)),
  );
  const step = fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat(), value);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (plan) => {
      const column = new NumberColumn();
      const list: number[] = [];
      for (const [what, where, value] of plan)
        steps[what]?.({ column, list }, list.length === 0 ? 0 : where % list.length, value);
      assert.deepEqual(column.toArray(), list);
      assert.equal(column.at(list.length), 0);
    }),
    { numRuns: 200, seed: 3 },
  );
});

test("a ledger that holds only its hours counts like one that holds the day", () => {
  const entry = fc.record({
    slot: fc.integer({ min: -5, max: 1505 }),
    count: fc.integer({ min: -3, max: 90 }),
    sum: fc.oneof(fc.integer({ min: -5000, max: 5000 }), fc.integer({ min: -4e12, max: 4e12 })),
    isLate: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 50 }),
      fc.integer({ min: 0, max: 1500 }),
      fc.integer({ min: 0, max: 1500 }),
      (entries, from, to) => {
        const ledger = new SlotLedger(1500);
        for (const { slot, count, sum, isLate } of entries) ledger.add(slot, count, sum, isLate);
        const restored = new SlotLedger(1500);
        restored.restore(JSON.parse(JSON.stringify(ledger.toRecord())));
        const inside = entries.filter(
          ({ slot }) => slot >= from && slot < to && slot >= 0 && slot < 1500,
        );
        const total = (read: (one: (typeof entries)[number]) => number): number =>
          inside.reduce((all, one) => all + read(one), 0);
        for (const one of [ledger, restored]) {
          assert.equal(
            one.count({ from, to }),
            total(({ count }) => count),
          );
          assert.equal(
            one.sum({ from, to }),
            total(({ sum }) => sum),
          );
          assert.equal(
            one.revision({ from, to }),
            total(({ isLate }) => Number(isLate)),
          );
        }
      },
    ),
    { numRuns: 200, seed: 4 },
  );
});
