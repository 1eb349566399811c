import assert from "node:assert/strict";
import test from "node:test";
import { tagId } from "../core/brand.ts";
import type { TagPlan } from "../core/site.ts";
import { createTagBook, type FollowedTag, GUEST_CAP, type TagBookChange } from "./tag-registry.ts";

const basket = (i: number): TagPlan => ({
  id: tagId(`basket-${i}`),
  kind: "basket",
  beacon: { format: "altbeacon", id: i.toString(16).padStart(40, "0") },
});
const guest = (i: number): FollowedTag => ({ id: tagId(`guest-${i}`), kind: "loyalty-card" });

test("a guest has a position, is known, and is no registered tag", () => {
  const book = createTagBook([basket(1)]);
  const changes: TagBookChange[] = [];
  book.onChange((change) => changes.push(change));
  const position = book.admit(guest(1));
  assert.equal(book.admit(guest(1)), position);
  assert.equal(book.tags[position]?.id, "guest-1");
  assert.deepEqual([book.isGuest(position), book.isActive(position)], [true, true]);
  assert.deepEqual([book.isGuest(0), book.isActive(0)], [false, true]);
  assert.ok(book.knows(tagId("guest-1")));
  assert.equal(book.indexOfId(tagId("guest-1")), -1);
  assert.deepEqual(book.active, [basket(1)]);
  assert.deepEqual(changes, []);
});

test("a new plan leaves guests where they are, and a guest who left leaves nothing", () => {
  const book = createTagBook([basket(1)]);
  const position = book.admit(guest(1));
  const change = book.replace([basket(1), basket(2)]);
  assert.deepEqual([change.retired, change.added], [[], [2]]);
  assert.equal(book.tags[position]?.id, "guest-1");
  assert.deepEqual(book.replace([basket(2)]).retired, [0]);
  book.dismiss(position);
  book.dismiss(position);
  book.dismiss(2);
  assert.ok(book.isActive(2));
  assert.deepEqual([book.isGuest(position), book.isActive(position)], [false, false]);
  assert.equal(book.knows(tagId("guest-1")), false);
  assert.equal(JSON.stringify(book.tags).includes("guest"), false);
  assert.equal(book.admit(guest(2)), position, "the place is taken again");
});

test("a hundred thousand guests one after another use up no positions", () => {
  const book = createTagBook([basket(1)]);
  for (let i = 0; i < 100_000; i += 1) book.dismiss(book.admit(guest(i)));
  assert.equal(book.tags.length, 2);
  assert.ok(book.hasRoomFor(Array.from({ length: 39_999 }, (_, i) => basket(i + 2))));
});

test("when all places are taken a further guest has to wait", () => {
  const book = createTagBook([]);
  const first = book.admit(guest(0));
  for (let i = 1; i < GUEST_CAP; i += 1) assert.ok(book.admit(guest(i)) >= 0);
  assert.equal(book.admit(guest(GUEST_CAP)), -1);
  book.dismiss(first);
  assert.equal(book.admit(guest(GUEST_CAP)), first);
  assert.ok(book.hasRoomFor(Array.from({ length: 39_000 }, (_, i) => basket(i))));
});
