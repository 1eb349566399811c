import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { monoMs } from "../core/brand.ts";
import { RepeatWindow } from "./repeat-window.ts";

test("a key counts once within its time, and again long after", () => {
  const window = new RepeatWindow({ keepMs: 1000, cap: 100 });
  assert.equal(window.isRepeat("a", monoMs(0)), false);
  assert.equal(window.isRepeat("a", monoMs(999)), true);
  assert.equal(window.isRepeat("b", monoMs(999)), false);
  assert.equal(window.isRepeat("b", monoMs(1998)), true);
  assert.equal(window.isRepeat("a", monoMs(5000)), false);
});

test("it holds no more than two generations, and tells what it forgot early", () => {
  const window = new RepeatWindow({ keepMs: 60_000, cap: 50 });
  for (let i = 0; i < 1000; i += 1) window.isRepeat(`key ${i}`, monoMs(0));
  assert.ok(window.size <= 100);
  assert.equal(window.forgotten, 1000 - window.size);
  assert.equal(window.isRepeat("key 999", monoMs(0)), true);
});

test("a hundred thousand different keys are all new", () => {
  const window = new RepeatWindow({ keepMs: 60_000, cap: 200_000 });
  let repeats = 0;
  for (let i = 0; i < 100_000; i += 1)
    if (window.isRepeat(`${1_777_629_600_000 + i} -70 tag basket-${i % 7}`, monoMs(i)))
      repeats += 1;
  assert.equal(repeats, 0);
});

test("of any keys in any order, each counts as often as it is different, with a set as the oracle", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3 })), (keys) => {
      const window = new RepeatWindow({ keepMs: 60_000, cap: 10_000 });
      const known = new Set<string>();
      for (const key of keys) {
        assert.equal(window.isRepeat(key, monoMs(0)), known.has(key));
        known.add(key);
      }
    }),
  );
});
