import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Parser } from "@asyncapi/parser";
import { wireJsonSchemas } from "../../src/wire/json-schemas.ts";
import { narrowings, type Schema } from "./narrowings.ts";

const root = join(import.meta.dirname, "../..");

test("the official parser finds no fault in docs/asyncapi.yaml", async () => {
  const text = readFileSync(join(root, "docs/asyncapi.yaml"), "utf8");
  const { document, diagnostics } = await new Parser().parse(text);
  assert.deepEqual(
    diagnostics.filter(({ code }) => code !== "asyncapi-latest-version"),
    [],
  );
  assert.ok(document !== undefined);
  assert.ok(document.channels().length >= 9);
  const named = new Set(
    document
      .allMessages()
      .all()
      .map((message) => message.name()),
  );
  for (const name of Object.keys(wireJsonSchemas())) assert.ok(named.has(name), name);
});

test("the official parser would find a fault", async () => {
  const text = readFileSync(join(root, "docs/asyncapi.yaml"), "utf8");
  const broken = text.replace("#/components/messages/up-ev", "#/components/messages/nothing");
  const { diagnostics } = await new Parser().parse(broken);
  assert.ok(diagnostics.some(({ severity }) => severity === 0));
});

test("every message of the last release is still a message", () => {
  const text = readFileSync(join(import.meta.dirname, "released.json"), "utf8");
  const released = JSON.parse(text) as Readonly<Record<string, Schema>>;
  const current = wireJsonSchemas();
  const found = Object.entries(released).flatMap(([name, last]) =>
    name in current ? narrowings(last, current[name], name) : [`${name}: is gone`],
  );
  assert.deepEqual(found, []);
});
