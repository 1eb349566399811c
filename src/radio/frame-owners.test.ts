import assert from "node:assert/strict";
import test from "node:test";
import { monoMs } from "../core/brand.ts";
import { FrameOwners } from "./frame-owners.ts";

test("an address belongs to the tag that last told its name from it, per receiver", () => {
  const owners = new FrameOwners();
  owners.named(0, "a", 3, monoMs(0));
  owners.named(1, "a", 4, monoMs(0));
  owners.named(0, "a", 5, monoMs(10));
  assert.deepEqual([owners.ownerOf(0, "a"), owners.ownerOf(1, "a")], [5, 4]);
  assert.deepEqual([owners.ownerOf(2, "a"), owners.ownerOf(0, "b")], [-1, -1]);
  assert.equal(owners.size, 2);
});

test("an address is forgotten two minutes after its last name, and not before", () => {
  const owners = new FrameOwners();
  owners.named(0, "a", 1, monoMs(0));
  owners.named(0, "b", 2, monoMs(0));
  owners.named(0, "a", 1, monoMs(60_000));
  owners.advance(monoMs(120_000));
  assert.equal(owners.size, 2);
  owners.advance(monoMs(120_001));
  assert.deepEqual([owners.ownerOf(0, "a"), owners.ownerOf(0, "b")], [1, -1]);
  owners.advance(monoMs(180_001));
  assert.equal(owners.size, 0);
});

test("however many addresses there are, no more than the cap are kept, the newest among them", () => {
  const owners = new FrameOwners(100);
  for (let i = 0; i < 10_000; i += 1) {
    owners.named(i % 3, `address ${i}`, i, monoMs(i));
    assert.ok(owners.size <= 100);
  }
  assert.equal(owners.ownerOf(9_999 % 3, "address 9999"), 9_999);
  assert.equal(owners.evicted + owners.size, 10_000);
});

test("a tag that is taken out of the registry takes its addresses with it", () => {
  const owners = new FrameOwners();
  owners.named(0, "a", 1, monoMs(0));
  owners.named(1, "a", 1, monoMs(0));
  owners.named(1, "b", 2, monoMs(0));
  owners.forget(1);
  assert.deepEqual([owners.size, owners.ownerOf(1, "b")], [1, 2]);
});
