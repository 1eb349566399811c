import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ackSchema, parseMessage, parsePeerMessage } from "../../src/wire/envelopes.ts";
import { healthSchema } from "../../src/wire/health-message.ts";
import { wireJsonSchemas } from "../../src/wire/json-schemas.ts";
import { narrowings, type Schema } from "./narrowings.ts";

/** Messages that one of our programs writes and another reads, which may be of the last release. */
const PEER_MESSAGES = [
  "up/birth",
  "up/health",
  "up/reported",
  "down/ack",
  "down/desired",
  "down/cmd",
];

/** The schema as its reader takes it: keys that it does not name are left out. */
function opened(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(opened);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema)
    .filter(([key, value]) => key !== "additionalProperties" || value !== false)
    .map(([key, value]) => [key, opened(value)]);
  return Object.fromEntries(entries);
}

const released = JSON.parse(
  readFileSync(join(import.meta.dirname, "released.json"), "utf8"),
) as Readonly<Record<string, Schema>>;

for (const name of PEER_MESSAGES) {
  test(`a reader of the last release takes every ${name} of this version`, () => {
    const current = wireJsonSchemas() as Readonly<Record<string, unknown>>;
    assert.ok(released[name] !== undefined && current[name] !== undefined);
    assert.deepEqual(narrowings(current[name], opened(released[name]), name), []);
  });
}

test("a key that an older reader needs may not be left out, though newer readers would do without", () => {
  const last = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
  const next = { type: "object", properties: { a: { type: "string" } } };
  assert.equal(narrowings(last, next).length, 0);
  assert.equal(narrowings(next, opened(last)).length, 1);
});

const ack = {
  v: 1,
  epoch: "018f7c3e-5b1a-7c3d-9e2f-123456789abc",
  seq: { journey: 4 },
  need: null,
  pauseMs: 0,
};

test("an acknowledgement of a newer centre is read, and what is new in it is left out", () => {
  const newer = JSON.stringify({ ...ack, region: { name: "north" } });
  assert.equal(parseMessage(ackSchema, newer).ok, false);
  const read = parsePeerMessage(ackSchema, newer);
  assert.ok(read.ok);
  assert.deepEqual(read.value, ack);
});

test("a known key with a wrong value is refused, whatever else the message holds", () => {
  const read = parsePeerMessage(ackSchema, JSON.stringify({ ...ack, pauseMs: -1, region: 1 }));
  assert.ok(!read.ok);
  assert.deepEqual(
    read.error.map(({ path }) => path),
    ["pauseMs"],
  );
});

test("new keys deep inside a health are left out, and a list is not mistaken for one", () => {
  const read = parsePeerMessage(healthSchema, JSON.stringify({ v: 1, disk: { x: 1 }, new: [1] }));
  assert.ok(!read.ok);
  assert.ok(read.error.every(({ path }) => path !== "" && !path.endsWith(".x")));
});
