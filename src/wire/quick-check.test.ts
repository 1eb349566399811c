import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { cloudEventSchema } from "./cloud-event.ts";
import { batchSchema } from "./envelopes.ts";
import { compileCheck } from "./quick-check.ts";

const text = z.string();
const schemas: Readonly<Record<string, z.ZodType>> = {
  "text of some characters": text.min(3).max(4),
  "a pattern": text.regex(/^[a-c]{2}$/),
  "a pattern that remembers where it was": text.regex(/b/y),
  "a pattern of another format": z.email(),
  "numbers within limits": z.number().gt(-1).lt(2),
  "numbers up to limits": z.number().min(0).max(1),
  "whole numbers": z.number().int(),
  "steps, a rule not known here": z.number().multipleOf(0.5),
  "trimmed text": text.trim().min(1),
  "coerced numbers": z.coerce.number(),
  "a transform that may refuse": text.transform((value, context) => {
    if (value === "no") context.addIssue({ code: "custom", message: "no" });
    return value.length;
  }),
  "a rule about what a transform made": text
    .transform((value) => value.length)
    .refine((length) => !(length < 2)),
  "a rule of ours": z.array(z.number()).refine((list) => list.length !== 2),
  "one of some": z.enum(["a", "b"]),
  "a constant": z.literal([0, 1, null]),
  "either of two": z.union([text.max(2), z.number().int()]),
  "nothing or a flag": z.boolean().nullable(),
  "a pair": z.tuple([text, z.number()]).readonly(),
  "a pair and more": z.tuple([text], z.number()),
  "words for numbers": z.record(z.string().max(3), z.number()),
  "words of a list for anything": z.partialRecord(z.enum(["a", "b"]), z.unknown()),
  "an open record": z.object({ a: text }),
  "a strict record": z.strictObject({
    ...{ a: text, b: z.number().exactOptional(), c: z.number().optional() },
    d: z.array(z.number()).max(2).default([]),
  }),
  "a record with more of a kind": z.object({ a: text }).catchall(z.number()),
  "nothing that is wrong": z.number().catch(0),
};

const key = fc.constantFrom("a", "b", "c", "d", "__proto__", "constructor");
const leaf = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1, 2, -1, 0.5, 1.5, 2 ** 53, "", "no", "4", " ", "x@y.zz"),
  fc.string({ maxLength: 6, unit: "grapheme" }),
  fc.stringMatching(/^[a-c]{1,3}$/),
  fc.integer({ min: -2, max: 4 }),
);
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("list"), tie("record")),
  list: fc.array(tie("value"), { maxLength: 3 }),
  record: fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((pairs) => {
    const inner = pairs.map(([name, one]) => `${JSON.stringify(name)}:${JSON.stringify(one)}`);
    return JSON.parse(`{${inner.join(",")}}`) as unknown;
  }),
}));

for (const [name, schema] of Object.entries(schemas)) {
  test(`quick check: ${name}: what it takes the schema takes, unchanged where it says so`, () => {
    const { accepts, isPlain } = compileCheck(schema);
    fc.assert(
      fc.property(anyValue, (value) => {
        if (!accepts(value)) return;
        const outcome = schema.safeParse(value);
        assert.ok(outcome.success, JSON.stringify(value));
        if (isPlain) assert.deepEqual(outcome.data, value);
      }),
      { numRuns: 1000 },
    );
  });
}

test("a rule that is not known here is asked of the schema, so that nothing slips through", () => {
  const refuses = (schema: z.ZodType, value: unknown): boolean =>
    !compileCheck(schema).accepts(value);
  assert.ok(refuses(z.number().multipleOf(0.5), 0.3));
  assert.ok(refuses(z.strictObject({ a: z.number().multipleOf(0.5) }), { a: 0.3 }));
  assert.ok(
    refuses(
      text.transform(Number).refine((n) => n > 3),
      "2",
    ),
  );
  assert.ok(refuses(text.max(3), "\u{1f600}".repeat(4)));
  assert.ok(
    !refuses(
      text.transform(Number).refine((n) => n > 3),
      "4",
    ),
  );
});

test("the envelopes of batches and events are handed on unchanged", () => {
  assert.ok(compileCheck(batchSchema).isPlain);
  assert.ok(compileCheck(cloudEventSchema).isPlain);
});
