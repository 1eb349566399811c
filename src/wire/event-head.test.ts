import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyJourneyEvent, wireContext } from "../../test/fakes/any-journey-event.ts";
import { readCloudEvent, toCloudEvent } from "./cloud-event.ts";
import { batchSchema, parseBatch, parseMessage } from "./envelopes.ts";
import { quickHead, readEventHead } from "./event-head.ts";

type Json = Record<string, unknown>;

const wireText = anyJourneyEvent.map((event) => JSON.stringify(toCloudEvent(event, wireContext)));
/** Texts of JSON that break one rule or another, or nearly do. */
const oddTexts = [
  ...["null", "true", "false", "0", "-1", "1.5", "1e300", "9007199254740993", "[]", "{}", "[0]"],
  ...['""', '"x"', '"a b"', '"-12.5"', '"1e9"', '"/"', '"vitrine.entered"', '"vitrine.later"'],
  ...['"2026-02-30T00:00:00Z"', '"2026-05-01T10:00:00+02:00"', '"2026-05-01T10:00:00"'],
  ...['"/stores/a/gateways/b/c"', '"/stores/a/gateways/b/%zz"', '"/stores/a b/gateways/b/c"'],
  ...['{"__proto__":1}', '{"constructor":1}', '{"a":{"b":[{}]}}', "[[[]]]", "[[1,0.5,0.5]]"],
  ...[64, 65, 128, 129, 256, 257, 512, 513].map((length) => JSON.stringify("a".repeat(length))),
  ...[64, 65, 128, 129, 256, 257].map((length) => JSON.stringify("\u{1f600}".repeat(length))),
];
const oddText = fc.oneof(
  fc.constantFrom(...oddTexts),
  fc.json(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => JSON.stringify(x)),
);
const oddKey = fc.constantFrom("__proto__", "constructor", "extra", "Extra", "x".repeat(21), "isX");

/** Paths of all values of a document, the document itself left out. */
function pathsOf(value: unknown, base: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [...base, key],
    ...pathsOf(inner, [...base, key]),
  ]);
}

/** A document with one value replaced, left out or added; as `JSON.parse` makes it. */
function mutated(text: string, [pick, odd, how, key]: Mutation): Json {
  const document = JSON.parse(text) as Json;
  const paths = pathsOf(document);
  const path = paths[pick % paths.length] ?? [];
  const holder = path.slice(0, -1).reduce((at, level) => at[level] as Json, document);
  const last = path.at(-1) ?? "";
  const value: unknown = JSON.parse(odd);
  if (how === "set") holder[last] = value;
  else if (Array.isArray(holder) && how === "drop") holder.splice(Number(last), 1);
  else if (Array.isArray(holder)) holder.splice(Number(last), 0, value);
  else if (how === "drop") delete holder[last];
  else {
    // An assignment would set the prototype when the key is `__proto__`.
    const added = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(holder, key, added);
  }
  return document;
}

type Mutation = readonly [pick: number, odd: string, how: "set" | "drop" | "add", key: string];
const mutation = fc.tuple(
  fc.nat(),
  oddText,
  fc.constantFrom("set" as const, "drop" as const, "add" as const),
  oddKey,
);

test("every event of ours is recognised at once, with the head the schema finds", () => {
  fc.assert(
    fc.property(wireText, (text) => {
      const value: unknown = JSON.parse(text);
      const { kind, head } = quickHead(value) ?? assert.fail("in doubt");
      const slow = readCloudEvent(value);
      assert.ok(slow.kind === "journey");
      assert.deepEqual({ kind, head }, { kind: "journey", head: slow.head });
    }),
    { numRuns: 500 },
  );
});

test("whatever is changed in an event, the quick way never says what the schema does not", () => {
  let recognised = 0;
  let refused = 0;
  fc.assert(
    fc.property(wireText, mutation, (text, change) => {
      const value = mutated(text, change);
      const slow = readCloudEvent(value);
      const quick = readEventHead(value);
      if (quickHead(value) !== null) recognised += 1;
      if (slow.kind === "invalid") refused += 1;
      assert.equal(quick.kind, slow.kind);
      if (slow.kind !== "invalid" && quick.kind !== "invalid")
        assert.deepEqual(quick.head, slow.head);
      else assert.deepEqual(quick, slow);
    }),
    { numRuns: 3000 },
  );
  // A run in which nothing was taken, or nothing refused, would have shown nothing.
  assert.ok(recognised > 100 && refused > 1000, `${recognised} recognised, ${refused} refused`);
});

test("an event of a later type is told apart at once, and one that is no event is refused", () => {
  const later = JSON.parse(fc.sample(wireText, 1)[0] ?? "");
  assert.equal(quickHead({ ...later, type: "vitrine.shelf-emptied" })?.kind, "unknown");
  for (const value of [null, 1, "x", [], {}, [later]]) {
    assert.equal(quickHead(value), null);
    assert.equal(readEventHead(value).kind, "invalid");
  }
});

const head = {
  ...{ v: 1, epoch: "7b0e8c1e-6d1c-4f6e-9a53-0d5bb1a3c0de", stream: "journey" },
  ...{ first: 1, hist: true },
};

test("a batch is read as the schema reads it, whatever is changed in it", () => {
  let sound = 0;
  const batches = fc.array(wireText, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(batches, mutation, (texts, change) => {
      const plain = `${JSON.stringify(head).slice(0, -1)},"ev":[${texts.join(",")}]}`;
      const changed = JSON.stringify(mutated(plain, change));
      for (const text of [plain, changed]) {
        const quick = parseBatch(text);
        const slow = parseMessage(batchSchema, text);
        assert.deepEqual(quick, slow);
        if (!quick.ok || !slow.ok) continue;
        // Within a record the order of keys counts as well: it is stored as text.
        assert.equal(JSON.stringify(quick.value.ev), JSON.stringify(slow.value.ev));
        sound += 1;
      }
    }),
    { numRuns: 1500 },
  );
  assert.ok(sound > 1500 && sound < 3000, `${sound} sound`);
});

test("a batch that is no JSON, nests too deep or holds the key __proto__ is read as before", () => {
  const deep = `${"[".repeat(100)}${"]".repeat(100)}`;
  for (const ev of ["", "[", '[{"a":1}', `[{"a":${deep}}]`, '[{"__proto__":{"x":1},"b":2}]']) {
    const text = `${JSON.stringify(head).slice(0, -1)},"ev":${ev}}`;
    assert.deepEqual(parseBatch(text), parseMessage(batchSchema, text));
  }
});
