import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import fc from "fast-check";
import { ID_ROWS_CAP, IdTable } from "./id-table.ts";

/** Bytes that look like identifiers, the same every time. */
function drawn(seed: number, bytes: number): Uint8Array {
  const blocks: Buffer[] = [];
  for (let i = 0; i * 32 < bytes; i += 1)
    blocks.push(createHash("sha256").update(`${seed}/${i}`).digest());
  return new Uint8Array(Buffer.concat(blocks).subarray(0, bytes));
}

function tableOf(ids: Uint8Array, stride = 10): IdTable {
  const table = new IdTable(ids.length / stride, stride);
  table.write(0, ids);
  table.index();
  return table;
}

test("every identifier is found in its row, whole and by its first eight bytes", () => {
  const ids = drawn(1, 5_000 * 10);
  const table = tableOf(ids);
  assert.equal(table.count, 5_000);
  for (let row = 0; row < 5_000; row += 1) {
    assert.equal(table.find(ids, row * 10, 10), row);
    assert.equal(table.find(ids, row * 10, 8), row);
  }
});

test("of 300,000 identifiers of strangers none is found among 20,000", () => {
  const table = tableOf(drawn(1, 20_000 * 10));
  const strangers = drawn(2, 300_000 * 10);
  for (let at = 0; at < strangers.length; at += 10) {
    assert.equal(table.find(strangers, at, 10), -1);
    assert.equal(table.find(strangers, at, 8), -1);
  }
});

test("an identifier that differs in any one byte is another", () => {
  const ids = drawn(3, 1_000 * 10);
  const table = tableOf(ids);
  for (let byte = 0; byte < 10; byte += 1)
    for (const bit of [1, 16, 128]) {
      const other = ids.slice(70, 80);
      other[byte] = (other[byte] ?? 0) ^ bit;
      assert.equal(table.find(other, 0, 10), -1);
    }
});

test("rows of zeros are nobody, written anew or cleared rows are found no more", () => {
  const ids = drawn(4, 100 * 10);
  ids.fill(0, 0, 500);
  const table = tableOf(ids);
  assert.equal(table.count, 50);
  assert.equal(table.find(new Uint8Array(10), 0, 10), -1);
  table.clear(60, 1);
  assert.equal(table.find(ids, 600, 10), -1, "before the next index");
  table.write(70, drawn(5, 10));
  assert.equal(table.find(ids, 700, 10), -1);
  table.index();
  assert.equal(table.find(drawn(5, 10), 0, 10), 70);
  assert.equal(table.count, 49);
});

test("an empty table, a payload that ends early and a full slot list do no harm", () => {
  const empty = new IdTable(0, 10);
  assert.equal(empty.find(drawn(6, 10), 0, 10), -1);
  empty.index();
  assert.equal(empty.find(drawn(6, 10), 0, 10), -1);
  const ids = drawn(7, 10);
  assert.equal(tableOf(ids).find(ids, 1, 10), -1);
  assert.throws(() => new IdTable(ID_ROWS_CAP + 1, 10), RangeError);
  assert.throws(() => new IdTable(1, 7), RangeError);
});

test("identifiers that crowd at one place of the table are all found", () => {
  const ids = drawn(8, 2_000 * 10);
  // The same first bytes for all: one long run of slots that begins near the end and goes on at the start.
  for (let at = 0; at < ids.length; at += 10) ids.fill(0xff, at, at + 3);
  const table = tableOf(ids);
  for (let row = 0; row < 2_000; row += 1) assert.equal(table.find(ids, row * 10, 10), row);
  assert.equal(table.find(Uint8Array.of(255, 255, 255, 1, 2, 3, 4, 5, 6, 7), 0, 10), -1);
});

test("it finds what a map finds", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 400 }), fc.nat(), (raw, seed) => {
      const ids = raw.slice(0, raw.length - (raw.length % 10));
      const table = tableOf(ids);
      const known = new Map<string, number>();
      for (let row = 0; row * 10 < ids.length; row += 1) {
        const id = Buffer.from(ids.subarray(row * 10, row * 10 + 10)).toString("hex");
        if (!id.startsWith("0000000000000000") && !known.has(id)) known.set(id, row);
      }
      for (const [id, row] of known) assert.equal(table.find(Buffer.from(id, "hex"), 0, 10), row);
      const stranger = Buffer.from(drawn(seed, 10)).toString("hex");
      assert.equal(table.find(Buffer.from(stranger, "hex"), 0, 10), known.get(stranger) ?? -1);
    }),
  );
});

test("100,000 identifiers of three epochs and their roll fit into 8 MB", () => {
  const tables = [1, 2, 3].map((epoch) => tableOf(drawn(epoch, 98 * 1024 * 10)));
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 98 * 1024 * 28);
  assert.ok(bytes < 8_000_000, `${bytes}`);
});
