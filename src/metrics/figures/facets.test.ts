import assert from "node:assert/strict";
import { test } from "node:test";
import { Facet, Readings } from "./facets.ts";

/** Something that can be read and changed, and how often it was worked out. */
function counted(readings: Readings): { readonly facet: Facet; compute(): number; runs: number } {
  const facet = new Facet(readings);
  return {
    facet,
    runs: 0,
    compute() {
      facet.read();
      this.runs += 1;
      return this.runs;
    },
  };
}

test("a result stands until something it read changes", () => {
  const readings = new Readings();
  const [one, other] = [counted(readings), counted(readings)];
  const ask = (): number => readings.memo("one", () => one.compute());
  assert.deepEqual([ask(), ask()], [1, 1]);
  other.facet.change();
  assert.equal(ask(), 1);
  one.facet.change();
  assert.deepEqual([ask(), ask()], [2, 2]);
});

test("a result rests on whatever the results within it read, remembered or not", () => {
  const readings = new Readings();
  const inner = counted(readings);
  const ask = (key: string): number =>
    readings.memo(key, () => readings.memo("inner", () => inner.compute()) * 10);
  assert.deepEqual([ask("first"), ask("second"), inner.runs], [10, 10, 1]);
  inner.facet.change();
  assert.deepEqual([ask("first"), ask("second"), inner.runs], [20, 20, 2]);
});

test("of several variants only the latest is remembered", () => {
  const readings = new Readings();
  const one = counted(readings);
  const ask = (variant: string): number => readings.memo("one", () => one.compute(), variant);
  assert.deepEqual([ask("a"), ask("a"), ask("b"), ask("a")], [1, 1, 2, 3]);
  assert.equal(readings.size, 1);
});

test("a computation that fails leaves nothing behind and notes nothing more", () => {
  const readings = new Readings();
  const one = counted(readings);
  assert.throws(() =>
    readings.watch(() => {
      throw new RangeError("no");
    }),
  );
  const { read } = readings.watch(() => one.compute());
  assert.deepEqual(read, [one.facet]);
});

test("results are bounded, and those asked for stay", () => {
  const readings = new Readings();
  const one = counted(readings);
  for (let i = 0; i < 5000; i += 1) {
    readings.memo(`result ${i}`, () => i);
    readings.memo("one", () => one.compute());
  }
  assert.ok(readings.size <= 2048);
  assert.equal(one.runs, 1);
});

test("a facet of a day tells the day which slot changed", () => {
  const marked: unknown[] = [];
  const marks = {
    touch: () => marked.push("touched"),
    mark: (slot: number, isLate: boolean) => marked.push([slot, isLate]),
  };
  const facet = new Facet(null, marks);
  facet.change();
  facet.changeSlot(7, true);
  assert.deepEqual(marked, ["touched", "touched", [7, true]]);
});
