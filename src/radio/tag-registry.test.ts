import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { tagId } from "../core/brand.ts";
import type { BeaconIdentity, TagPlan } from "../core/site.ts";
import { createBeaconSpot, nextBeacon } from "./beacon.ts";
import {
  createTagBook,
  identityBytes,
  TAG_POSITION_CAP,
  type TagBookChange,
} from "./tag-registry.ts";

const UUID = "00112233-4455-6677-8899-aabbccddeeff";
const tag = (id: string, beacon: BeaconIdentity): TagPlan => ({
  id: tagId(id),
  kind: "basket",
  beacon,
});
const ibeacon = (major: number, minor: number): BeaconIdentity => ({
  format: "ibeacon",
  uuid: UUID,
  major,
  minor,
});

function payloadOf(beacon: BeaconIdentity): Uint8Array {
  const head = {
    ibeacon: [0x1a, 0xff, 0x4c, 0, 2, 0x15],
    altbeacon: [0x1b, 0xff, 0x18, 1, 0xbe, 0xac],
    "eddystone-uid": [0x15, 0x16, 0xaa, 0xfe, 0, 0xe7],
  }[beacon.format];
  return Uint8Array.from([2, 1, 6, ...head, ...identityBytes(beacon), 0xc5, 0]);
}

function find(book: ReturnType<typeof createTagBook>, payload: Uint8Array): number {
  const spot = createBeaconSpot();
  return nextBeacon(payload, 0, spot) > 0 ? book.indexOf(payload, spot) : -1;
}

test("each of the three formats is found by its identity", () => {
  const tags = [
    tag("a", ibeacon(1, 65_535)),
    tag("b", {
      format: "eddystone-uid",
      namespace: "00010203040506070809",
      instance: "a1a2a3a4a5a6",
    }),
    tag("c", { format: "altbeacon", id: "00112233445566778899aabbccddeeff00010002" }),
  ];
  const book = createTagBook(tags);
  for (const [index, { beacon }] of tags.entries())
    assert.equal(find(book, payloadOf(beacon)), index);
});

test("a device that is not registered is not found", () => {
  const book = createTagBook([tag("a", ibeacon(1, 1))]);
  assert.equal(find(book, payloadOf(ibeacon(1, 2))), -1);
  assert.equal(find(book, Uint8Array.from([2, 1, 6])), -1);
  assert.equal(find(createTagBook([]), payloadOf(ibeacon(1, 1))), -1);
});

test("the same bytes in another format are another device", () => {
  const id = "00112233445566778899aabbccddeeff00010001";
  const book = createTagBook([tag("a", ibeacon(1, 1))]);
  assert.equal(find(book, payloadOf({ format: "altbeacon", id })), -1);
});

test("of two tags with one identity the first is kept", () => {
  const book = createTagBook([tag("a", ibeacon(1, 1)), tag("b", ibeacon(1, 1))]);
  assert.equal(find(book, payloadOf(ibeacon(1, 1))), 0);
});

test("twenty thousand tags are all found", () => {
  const tags = Array.from({ length: 20_000 }, (_, i) => tag(`t${i}`, ibeacon(i >> 8, i & 255)));
  const book = createTagBook(tags);
  for (const [index, { beacon }] of tags.entries())
    assert.equal(find(book, payloadOf(beacon)), index);
});

test("tags that come and go keep their positions, and a removed one is nobody", () => {
  const book = createTagBook([tag("a", ibeacon(1, 1)), tag("b", ibeacon(1, 2))]);
  const changes: TagBookChange[] = [];
  book.onChange((change) => changes.push(change));
  book.replace([tag("c", ibeacon(1, 3)), tag("b", ibeacon(1, 2))]);
  assert.equal(find(book, payloadOf(ibeacon(1, 1))), -1);
  assert.equal(find(book, payloadOf(ibeacon(1, 2))), 1);
  assert.equal(find(book, payloadOf(ibeacon(1, 3))), 2);
  assert.deepEqual(changes, [{ added: [2], changed: [], renewed: [], retired: [0] }]);
  assert.deepEqual(
    [0, 1, 2, 3].map((position) => book.isActive(position)),
    [false, true, true, false],
  );
  assert.deepEqual(
    book.active.map(({ id }) => id),
    ["b", "c"],
  );
});

test("an id that comes back has its old position, so that the numbers of its events go on", () => {
  const book = createTagBook([tag("a", ibeacon(1, 1)), tag("b", ibeacon(1, 2))]);
  book.replace([tag("b", ibeacon(1, 2))]);
  assert.equal(book.indexOfId(tagId("a")), -1);
  assert.deepEqual(book.replace([tag("a", ibeacon(7, 7))]), {
    added: [0],
    changed: [],
    renewed: [],
    retired: [1],
  });
  assert.equal(book.indexOfId(tagId("a")), 0);
  assert.equal(book.indexOfIdentity(ibeacon(1, 1)), -1);
  assert.equal(book.indexOfIdentity(ibeacon(7, 7)), 0);
});

test("an identity that moves from one tag to another is found at the other", () => {
  const book = createTagBook([tag("a", ibeacon(1, 1)), tag("b", ibeacon(1, 2))]);
  const change = book.replace([tag("a", ibeacon(1, 2)), tag("b", ibeacon(1, 1))]);
  assert.deepEqual(change, { added: [], changed: [], renewed: [0, 1], retired: [] });
  assert.equal(find(book, payloadOf(ibeacon(1, 1))), 1);
});

test("the same tags once more are no change, and whoever stopped listening is not told", () => {
  const book = createTagBook([tag("a", ibeacon(1, 1))]);
  let told = 0;
  const stop = book.onChange(() => {
    told += 1;
  });
  book.replace([tag("a", ibeacon(1, 1))]);
  assert.equal(told, 0);
  stop();
  book.replace([]);
  assert.equal(told, 0);
});

test("when positions run out the book says so and stays as it was", () => {
  const book = createTagBook([tag("a", ibeacon(1, 1))]);
  const many = Array.from({ length: TAG_POSITION_CAP }, (_, i) =>
    tag(`t${i}`, ibeacon(2 + (i >> 16), i & 0xffff)),
  );
  assert.equal(book.hasRoomFor(many), false);
  assert.throws(() => book.replace(many), { code: "TAG_BOOK_FULL" });
  assert.equal(book.tags.length, 1);
  assert.equal(find(book, payloadOf(ibeacon(1, 1))), 0);
  assert.equal(book.hasRoomFor(many.slice(1)), true);
});

test("after any replacements exactly the registered tags are found, each at one position for ever", () => {
  const plan = fc.uniqueArray(fc.tuple(fc.nat(11), fc.nat(7)), {
    maxLength: 10,
    selector: ([id]) => id,
  });
  fc.assert(
    fc.property(fc.array(plan, { maxLength: 6 }), (plans) => {
      const book = createTagBook([]);
      const positions = new Map<string, number>();
      for (const entries of plans) {
        const tags = entries.map(([id, minor]) => tag(`t${id}`, ibeacon(1, minor)));
        book.replace(tags);
        for (const { id } of tags) {
          const at = book.indexOfId(id);
          assert.equal(at, positions.get(id) ?? at);
          positions.set(id, at);
        }
        for (let minor = 0; minor < 8; minor += 1) {
          const owners = tags.filter(
            ({ beacon }) => beacon.format === "ibeacon" && beacon.minor === minor,
          );
          const expected = Math.min(...owners.map(({ id }) => positions.get(id) ?? -1));
          const found = find(book, payloadOf(ibeacon(1, minor)));
          assert.equal(found, owners.length === 0 ? -1 : expected);
        }
      }
      assert.equal(new Set(positions.values()).size, positions.size);
    }),
  );
});

test("another name is a change; another beacon or kind under an id is another thing", () => {
  const one = tag("a", ibeacon(1, 1));
  const book = createTagBook([one]);
  const named: TagPlan = { ...one, name: "Basket seven" };
  assert.deepEqual(book.replace([named]), { added: [], changed: [0], renewed: [], retired: [] });
  const staff: TagPlan = { ...named, kind: "staff" };
  assert.deepEqual(book.replace([staff]).renewed, [0]);
  const other: TagPlan = { ...staff, name: "Anna", beacon: ibeacon(1, 2) };
  assert.deepEqual(book.replace([other]), { added: [], changed: [], renewed: [0], retired: [] });
});
