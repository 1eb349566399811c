import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BoundedMap } from "./bounded-map.ts";
import { monoMs } from "./brand.ts";

const CAP = 4;
const IDLE_MS = 3;

/** The same, plainly: an array in the order of the last touch. */
class PlainMap {
  entries: { key: string; value: number; touched: number }[] = [];

  get(key: string, now: number): number | undefined {
    const entry = this.entries.find((one) => one.key === key);
    return entry === undefined ? undefined : this.#touch(key, entry.value, now);
  }

  set(key: string, value: number, now: number): string | undefined {
    const isFull = this.entries.length >= CAP && !this.entries.some((one) => one.key === key);
    const victim = isFull ? this.entries.shift()?.key : undefined;
    this.#touch(key, value, now);
    return victim;
  }

  delete(key: string): void {
    this.entries = this.entries.filter((one) => one.key !== key);
  }

  expire(now: number): void {
    this.entries = this.entries.filter(({ touched }) => now - touched <= IDLE_MS);
  }

  #touch(key: string, value: number, touched: number): number {
    this.delete(key);
    this.entries.push({ key, value, touched });
    return value;
  }
}

test("a bounded map holds what a plain list in the order of the last touch would, whatever is done", () => {
  const what = fc.constantFrom("get", "set", "set", "delete", "expire");
  const step = fc.record({ what, key: fc.constantFrom(..."abcdefg") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new BoundedMap<string, number>({ cap: CAP, idleMs: IDLE_MS });
      const plain = new PlainMap();
      steps.forEach(({ what, key }, i) => {
        const now = monoMs(i);
        if (what === "get") assert.equal(map.get(key, now), plain.get(key, i));
        else if (what === "set") assert.equal(map.set(key, i, now), plain.set(key, i, i));
        else if (what === "delete") {
          map.delete(key);
          plain.delete(key);
        } else {
          map.expire(now);
          plain.expire(i);
        }
        const kept = plain.entries.map(({ key: name, value }) => [name, value]);
        assert.deepEqual([...map.entries()], kept);
        assert.equal(map.size, kept.length);
      });
    }),
  );
});

test("what is deleted while the entries of a bounded map are read is left out, and the rest is read once", () => {
  const map = new BoundedMap<string, number>({ cap: 10, idleMs: 1 });
  for (const key of "abcdefg") map.set(key, 0, monoMs(0));
  const read: string[] = [];
  for (const [key] of map.entries()) {
    read.push(key);
    if (key !== "b") continue;
    for (const gone of "abcd") map.delete(gone);
  }
  assert.deepEqual(read, [..."abefg"]);
  assert.deepEqual(
    [...map.entries()].map(([key]) => key),
    [..."efg"],
  );
});

test("entries of a bounded map that are touched while they are read come once more, and none is lost", () => {
  const map = new BoundedMap<string, number>({ cap: 10, idleMs: 1 });
  for (const key of "abc") map.set(key, 0, monoMs(0));
  const read: string[] = [];
  for (const [key] of map.entries()) {
    read.push(key);
    if (read.length === 1) map.get("a", monoMs(1));
  }
  assert.deepEqual(read, [..."abca"]);
});
