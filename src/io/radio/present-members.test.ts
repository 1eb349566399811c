import assert from "node:assert/strict";
import test from "node:test";
import { type MonoMs, monoMs, receiverId, type TagId, tagId } from "../../core/brand.ts";
import type { MemberHearing, MemberPort } from "../../radio/loyalty/member-port.ts";
import { createTagBook, GUEST_CAP } from "../../radio/tag-registry.ts";
import { PresentMembers } from "./present-members.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
/** A short frame whose identifier begins with a number. */
const frame = (i: number): Uint8Array =>
  bytes(`0201061b2199e1c44ba02a5385e542ee31367965c018${i.toString(16).padStart(8, "0")}a1b2c3d4c5`);

function open(members: number) {
  const gone = new Set<TagId>();
  const dropped: number[] = [];
  const outside = new Set<number>();
  const book = createTagBook([]);
  const cardOf = (i: number) =>
    i < members && !gone.has(tagId(`m${i}`))
      ? { id: tagId(`m${i}`), kind: "loyalty-card" as const }
      : null;
  const port: MemberPort = {
    memberOf: ({ bytes: b, from }) => cardOf(new DataView(b.buffer, b.byteOffset).getUint32(from)),
    memberNamed: (id) => cardOf(Number(id.slice(1))),
    mayFollow: (id) => !gone.has(id),
  };
  const present = new PresentMembers({
    port,
    book,
    isOutside: (position) => outside.has(position),
    drop: (position) => void dropped.push(position),
  });
  const at = (ms: number): MemberHearing => ({
    receiverId: receiverId("door"),
    rssiDbm: -60,
    atMono: monoMs(ms),
  });
  const hear = (i: number, ms = 0): number => present.positionIn(frame(i), at(ms));
  const advance = (ms: number): void => present.advance(monoMs(ms) as MonoMs);
  return { present, book, gone, dropped, outside, hear, advance };
}

test("a member takes one place however often she is heard, a stranger none", () => {
  const { present, book, hear } = open(2);
  const first = hear(0);
  assert.equal(hear(0, 500), first);
  assert.notEqual(hear(1), first);
  assert.equal(hear(5), -1);
  assert.equal(
    present.positionIn(bytes("020106"), {
      receiverId: receiverId("d"),
      rssiDbm: null,
      atMono: monoMs(0),
    }),
    -1,
  );
  assert.deepEqual([present.size, present.counts.strangers, book.tags.length], [2, 1, 2]);
});

test("who left is let go two minutes later, not before she is told to be outside", () => {
  const { present, dropped, outside, hear, advance } = open(1);
  const position = hear(0);
  advance(119_000);
  advance(300_000);
  assert.equal(present.size, 1, "a blind receiver keeps her where she is");
  outside.add(position);
  advance(301_000);
  assert.deepEqual([present.size, dropped], [0, [position]]);
  outside.delete(position);
  hear(0, 302_000);
  advance(302_000 + 1_800_001);
  assert.equal(present.size, 0, "but not for more than half an hour");
});

test("consent that ends lets a member go within a second", () => {
  const { present, book, gone, dropped, hear, advance } = open(1);
  const position = hear(0);
  gone.add(tagId("m0"));
  advance(500);
  assert.deepEqual([present.size, dropped, book.isGuest(position)], [0, [position], false]);
  assert.equal(hear(0, 600), -1);
});

test("beyond the room there is, members wait and are counted", () => {
  const { present, outside, hear, advance } = open(2_000);
  for (let i = 0; i < GUEST_CAP; i += 1) assert.ok(hear(i) >= 0);
  assert.equal(hear(GUEST_CAP), -1);
  assert.deepEqual([present.size, present.counts.crowded], [GUEST_CAP, 1]);
  outside.add(hear(3));
  for (let i = 4; i < GUEST_CAP; i += 1) hear(i, 130_000);
  advance(130_000);
  assert.ok(hear(GUEST_CAP, 131_000) >= 0);
});

test("another gateway of the shop may name a member who is followed here too", () => {
  const { present, hear } = open(2);
  const position = hear(0);
  assert.equal(present.positionNamed(tagId("m0"), monoMs(10)), position);
  assert.ok(present.positionNamed(tagId("m1"), monoMs(10)) >= 0);
  assert.equal(present.positionNamed(tagId("m7"), monoMs(10)), -1);
});
