import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs } from "../core/brand.ts";
import { createBootKey } from "./boot-key.ts";

/** Keys that can be told apart: the first is all ones, the second all twos. */
function countingFill(): (bytes: Uint8Array) => void {
  let made = 0;
  return (bytes) => {
    made += 1;
    bytes.fill(made);
  };
}

const ADDRESS = "c0:11:22:33:44:55";

test("an address has one stand-in while the key lives, which does not show the address", () => {
  const key = createBootKey({ fill: countingFill() });
  const first = key.standIn(ADDRESS, monoMs(0));
  assert.equal(key.standIn(ADDRESS, monoMs(86_399_999)), first);
  assert.match(first, /^[0-9a-f]{16}$/);
  assert.ok(!first.includes("112233"));
  assert.equal(key.generation, 1);
});

test("after a day the same address has another stand-in", () => {
  const key = createBootKey({ fill: countingFill() });
  const first = key.standIn(ADDRESS, monoMs(0));
  assert.notEqual(key.standIn(ADDRESS, monoMs(86_400_000)), first);
  assert.equal(key.generation, 2);
});

test("two boots have nothing in common", () => {
  const fill = countingFill();
  const [one, other] = [createBootKey({ fill }), createBootKey({ fill })];
  assert.notEqual(one.standIn(ADDRESS, monoMs(0)), other.standIn(ADDRESS, monoMs(0)));
});
