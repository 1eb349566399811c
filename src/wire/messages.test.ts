import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { readCloudEvent } from "./cloud-event.ts";
import { ackSchema, batchSchema, birthSchema, liveSchema, parseMessage } from "./envelopes.ts";
import { readGapEvent } from "./gap-event.ts";
import { wireJsonSchemas, wireSchemaHash, wireSchemas } from "./json-schemas.ts";
import { parsePosReceipt } from "./pos-message.ts";

const DOCUMENT = join(import.meta.dirname, "../../docs/messages.md");

interface Example {
  readonly name: string;
  readonly value: Record<string, unknown>;
}

/** Code blocks of the document that are marked with the name of a schema: ```json up/ev */
function examples(): Example[] {
  const text = readFileSync(DOCUMENT, "utf8");
  return [...text.matchAll(/```json ([a-z./-]+)\n([\s\S]*?)```/g)].map((match) => ({
    name: match[1] ?? "",
    value: JSON.parse(match[2] ?? "null") as Record<string, unknown>,
  }));
}

test("every example in docs/messages.md is a valid message", () => {
  const schemas = wireSchemas();
  for (const { name, value } of examples()) {
    const outcome = schemas[name]?.safeParse(value);
    assert.equal(outcome?.success, true, `${name}: ${outcome?.error?.message ?? "no such schema"}`);
    if (name === "cloud-event")
      assert.equal(readCloudEvent(value).kind, "journey", String(value["type"]));
    if (name !== "up/ev") continue;
    for (const record of value["ev"] as Record<string, unknown>[]) {
      const isGood = readGapEvent(record)?.ok ?? readCloudEvent(record).kind === "journey";
      assert.ok(isGood, `record of type ${record["type"]}`);
    }
  }
});

test("docs/messages.md shows every envelope and every type of event", () => {
  const shown = examples();
  const fleet = ["up/health", "up/reported", "down/desired", "down/cmd"];
  for (const name of ["up/ev", "down/ack", "up/birth", ...fleet, "in/pos", "live", "vitrine.gap"])
    assert.ok(
      shown.some((example) => example.name === name),
      name,
    );
  const text = readFileSync(DOCUMENT, "utf8");
  for (const name of Object.keys(wireSchemas())) assert.ok(text.includes(`\`${name}\``), name);
});

test("every schema can be written as JSON Schema, the same every time", () => {
  const schemas = wireJsonSchemas();
  assert.deepEqual(Object.keys(schemas), Object.keys(wireSchemas()));
  for (const schema of Object.values(schemas)) assert.equal(schema["type"], "object");
  const hash = (text: string): string => String(text.length);
  assert.equal(wireSchemaHash(hash), wireSchemaHash(hash));
});

test("any text is either a message or a list of faults, never an exception", () => {
  const text = fc.oneof(fc.string(), fc.json());
  fc.assert(
    fc.property(text, (payload) => {
      for (const schema of [batchSchema, ackSchema, birthSchema, liveSchema]) {
        const outcome = parseMessage<unknown>(schema, payload);
        assert.ok(outcome.ok || outcome.error.length > 0);
      }
      const receipt = parsePosReceipt(payload);
      assert.ok(receipt.ok || receipt.error.length > 0);
    }),
  );
});

test("a refused receipt names field, value and expectation", () => {
  const outcome = parsePosReceipt(
    '{"receiptId":"R","kind":"gift","paidAt":"2026-05-01T10:00:00Z","netMinor":1.5,"units":1}',
  );
  assert.ok(!outcome.ok);
  const paths = outcome.error.map((fault) => fault.path).sort();
  assert.deepEqual(paths, ["kind", "netMinor"]);
  assert.equal(outcome.error.find((fault) => fault.path === "netMinor")?.found, "1.5");
});

test("a gap whose count does not fit its ends is refused", () => {
  const schema = wireSchemas()["vitrine.gap"];
  const gap = { stream: "raw", from: 5, to: 9, n: 5, why: "cap" };
  assert.equal(schema?.safeParse(gap).success, true);
  assert.equal(schema?.safeParse({ ...gap, n: 4 }).success, false);
});

test("a message that nests too deeply is a fault, not a full stack; brackets in texts do not count", () => {
  for (const depth of [65, 100_000]) {
    const outcome = parseMessage(ackSchema, `${"[".repeat(depth)}${"]".repeat(depth)}`);
    assert.ok(!outcome.ok);
    assert.equal(outcome.error[0]?.expected, "at most 64 levels of nesting");
  }
  const text = JSON.stringify({ a: `${"[{".repeat(100)}\\"`, b: "[".repeat(100) });
  const outcome = parseMessage(ackSchema, text);
  assert.ok(!outcome.ok && outcome.error[0]?.expected !== "at most 64 levels of nesting");
});
