import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { wireJsonSchemas } from "../../src/wire/json-schemas.ts";
import { narrowings } from "./narrowings.ts";

const last = z.strictObject({
  name: z.string().max(8),
  kind: z.enum(["a", "b"]),
  many: z.array(z.number().min(0)).max(4).optional(),
  either: z.union([z.literal("none"), z.number().int()]),
});
const found = (next: z.ZodType): readonly string[] =>
  narrowings(z.toJSONSchema(last, { io: "input" }), z.toJSONSchema(next, { io: "input" }));

test("what stays the same, or accepts more, narrows nothing", () => {
  assert.deepEqual(found(last), []);
  const wider = last.extend({
    name: z.string().max(9),
    kind: z.enum(["a", "b", "c"]),
    many: z.array(z.number()).optional(),
    either: z.union([z.literal("none"), z.number(), z.boolean()]),
    added: z.string().optional(),
  });
  assert.deepEqual(found(wider), []);
  assert.deepEqual(found(z.unknown()), []);
});

const NARROWER: Readonly<Record<string, z.ZodType>> = {
  "a property became required": last.required({ many: true }),
  "a new property is required": last.extend({ added: z.string() }),
  "a property is gone": last.omit({ many: true }),
  "a value is gone": last.extend({ kind: z.enum(["a"]) }),
  "a text became shorter": last.extend({ name: z.string().max(7) }),
  "a text needs a pattern": last.extend({ name: z.string().max(8).regex(/^a/) }),
  "a number has a new bound": last.extend({ many: z.array(z.number().min(1)).max(4).optional() }),
  "a list became shorter": last.extend({ many: z.array(z.number().min(0)).max(3).optional() }),
  "another type": last.extend({ name: z.number() }),
  "an alternative is gone": last.extend({ either: z.number().int() }),
};
for (const [what, next] of Object.entries(NARROWER))
  test(`${what}: is a narrowing`, () => assert.equal(found(next).length, 1));

test("an open object that becomes strict is a narrowing", () => {
  const open = z.toJSONSchema(z.looseObject({ a: z.string() }), { io: "input" });
  const strict = z.toJSONSchema(z.strictObject({ a: z.string() }), { io: "input" });
  assert.equal(narrowings(open, strict).length, 1);
  assert.deepEqual(narrowings(strict, open), []);
});

test("a keyword that cannot be compared is a narrowing, not overlooked", () => {
  assert.equal(narrowings({ not: {} }, { not: {} }).length, 1);
  assert.equal(narrowings({}, { not: {} }).length, 1);
});

test("every schema of the wire accepts what it accepts", () => {
  for (const [name, schema] of Object.entries(wireJsonSchemas()))
    assert.deepEqual(narrowings(schema, schema, name), []);
});

test("if a schema narrows nothing, no value that was accepted is refused", () => {
  const leaf = fc.oneof(
    fc.record({ type: fc.constantFrom("string", "integer", "number", "boolean") }),
    fc.record({ enum: fc.subarray(["x", "y", 1, 2], { minLength: 1 }) }),
    fc.record({ type: fc.constant("integer"), minimum: fc.integer({ min: 0, max: 3 }) }),
  );
  // The reader of schemas overlooks a required property that is not described.
  const objects = fc
    .record({
      type: fc.constant("object"),
      properties: fc.dictionary(fc.constantFrom("a", "b"), leaf),
      required: fc.subarray(["a", "b"]),
      additionalProperties: fc.boolean(),
    })
    .filter(({ properties, required }) => required.every((name) => name in properties));
  const value = fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.constantFrom<unknown>("x", "y", 1, 2, 3, 0, 1.5, true),
  );
  const accepts = (schema: object, given: unknown): boolean =>
    z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(given).success;
  let compared = 0;
  fc.assert(
    fc.property(objects, objects, value, (before, after, given) => {
      if (narrowings(before, after).length > 0 || !accepts(before, given)) return;
      compared += 1;
      assert.ok(accepts(after, given));
    }),
    { numRuns: 10_000, seed: 5 },
  );
  assert.ok(compared > 20, `${compared} pairs compared`);
});
