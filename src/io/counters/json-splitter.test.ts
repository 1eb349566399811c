import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { recording } from "../../../test/fakes/recorded-counter.ts";
import { JsonSplitter } from "./json-splitter.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Cuts bytes at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % bytes.length), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.slice(ends[i - 1] ?? 0, end));
}

test("documents without anything between them come out whole, wherever the stream is cut", () => {
  const texts = recording("xovis").map(({ payload }) => JSON.stringify(payload));
  const stream = bytesOf(texts.join(""));
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 400 }), (places) => {
      const splitter = new JsonSplitter(1_048_576);
      const out = cut(stream, places).flatMap((part) => splitter.push(part));
      assert.deepEqual(out, texts);
      assert.deepEqual([splitter.skippedBytes, splitter.pendingBytes], [0, 0]);
    }),
    { numRuns: 50 },
  );
});

test("brackets, quotes and backslashes inside text end nothing, also cut byte by byte", () => {
  const documents = fc.array(fc.oneof(fc.object(), fc.array(fc.string({ unit: "binary" }))), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(documents, fc.constantFrom("", " ", "\r\n"), (values, between) => {
      const texts = values.map((value) => JSON.stringify(value));
      const splitter = new JsonSplitter(65_536);
      const out: string[] = [];
      for (const byte of bytesOf(texts.join(between)))
        out.push(...splitter.push(Uint8Array.of(byte)));
      assert.deepEqual(out, texts);
    }),
  );
});

test("any bytes are taken without a throw, and never more than the limit is kept", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (parts) => {
      const splitter = new JsonSplitter(256);
      for (const part of parts) {
        for (const text of splitter.push(part)) assert.ok(bytesOf(text).length > 0);
        assert.ok(splitter.pendingBytes <= 256);
      }
    }),
  );
});

test("a document beyond the limit breaks the stream, and what came before it is kept", () => {
  const splitter = new JsonSplitter(16);
  assert.deepEqual(splitter.push(bytesOf('{"a":1}{"b":"0123456789abcdef')), ['{"a":1}']);
  assert.equal(splitter.isBroken, true);
  assert.deepEqual(splitter.push(bytesOf('"}{"a":1}')), []);
});

test("bytes that belong to no document are skipped and counted", () => {
  const splitter = new JsonSplitter(64);
  assert.deepEqual(splitter.push(bytesOf('xy {"a":[1]} ; [2]\n')), ['{"a":[1]}', "[2]"]);
  assert.equal(splitter.skippedBytes, 3);
});
