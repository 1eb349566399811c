import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tagSchema } from "../../config/tag.ts";
import type { TagPlan } from "../../core/site.ts";
import { csvText } from "../csv/csv-records.ts";
import type { SiteDocument } from "./site-plan-file.ts";
import { readTagCsv, TAG_COLUMNS, TAG_CSV_BYTES, TAG_CSV_TEMPLATE, tagCsv } from "./tag-csv.ts";
import { importTags, removeTag } from "./tag-import.ts";

const UUID = "0d9f4a52-8c1e-4f57-9d2b-6a1c3e5f7b90";
const HEAD = TAG_COLUMNS.join(",");
const row = (id: string, minor: number | string, kind = "basket", name = ""): string =>
  `${id},${kind},${name},ibeacon,${UUID},17,${minor},,,`;
const csv = (...rows: string[]): string => [HEAD, ...rows].join("\n");
const plan = (...tags: string[]): SiteDocument => ({
  tags: readTagCsv(csv(...tags)).rows.map(({ tag }) => tag),
});
const ids = (document: SiteDocument): readonly string[] =>
  (document["tags"] as readonly TagPlan[]).map(({ id }) => id);

test("the template is read without a fault, one tag of each format", () => {
  const { rows, refused } = readTagCsv(TAG_CSV_TEMPLATE);
  assert.deepEqual(refused, []);
  const formats = rows.map(({ tag }) => tag.beacon.format);
  assert.deepEqual(formats, ["ibeacon", "eddystone-uid", "altbeacon"]);
});

test("a spreadsheet's ways are understood: BOM, semicolons, quotes, capitals, any order, empty lines", () => {
  const text = [
    "\uFEFFKind;Name;ID;format;uuid;minor;major;;",
    `Loyalty Card;"Gold; ""best""";m-1;iBeacon;${UUID.replaceAll("-", "").toUpperCase()};7;1`,
    ";;;;;;",
    "",
    `basket;;m-2;ibeacon;${UUID};8;1`,
  ].join("\r\n");
  const { rows, refused } = readTagCsv(text);
  assert.deepEqual(refused, []);
  assert.deepEqual(rows, [
    {
      line: 2,
      tag: {
        id: "m-1",
        kind: "loyalty-card",
        name: 'Gold; "best"',
        beacon: { format: "ibeacon", uuid: UUID, major: 1, minor: 7 },
      },
    },
    {
      line: 5,
      tag: {
        id: "m-2",
        kind: "basket",
        beacon: { format: "ibeacon", uuid: UUID, major: 1, minor: 8 },
      },
    },
  ]);
});

test("each refused cell is told with line, column, value and what was expected", () => {
  const { rows, refused } = readTagCsv(
    csv(
      row("a", 1, "trolley"),
      row("b b", 70_000),
      `c,staff,,eddystone-uid,${UUID},,,,000000000001,`,
      "d,cart,,btle,,,,,,",
      "e,cart,,altbeacon,,,,,,8f6c",
      row("f", 1, "basket", "one, two"),
      `g,cart,"two\nlines",ibeacon,${UUID},1,9,,,`,
      row("h", "", "cart"),
    ),
  );
  assert.deepEqual(rows, []);
  const kinds = "basket, cart, staff, asset, loyalty-card";
  assert.deepEqual(
    refused.map(({ line, column, value, expected }) => [line, column, value, expected]),
    [
      [2, "kind", "trolley", kinds],
      [3, "id", "b b", "1 to 64 letters, digits, - or _"],
      [3, "minor", "70000", "a whole number from 0 to 65535"],
      [4, "namespace", "nothing", "20 lower-case hexadecimal digits"],
      [4, "uuid", UUID, "nothing, for the format is eddystone-uid"],
      [5, "format", "btle", "ibeacon, eddystone-uid, altbeacon"],
      [6, "altbeacon", "8f6c", "40 lower-case hexadecimal digits"],
      [
        7,
        null,
        "11 cells",
        "10 cells as in the header; a name with a separator in it stands in quotes",
      ],
      [8, "name", "two\nlines", "a name on one line"],
      [10, "minor", "nothing", "a whole number from 0 to 65535"],
    ],
  );
});

test("a header is refused by the names of its columns", () => {
  const { refused } = readTagCsv("id;colour;id;format\n");
  assert.deepEqual(
    refused.map(({ line, column, expected }) => [line, column, expected.replace(/ \(.*/, "")]),
    [
      [1, "colour", "no such column"],
      [1, "id", "each column once"],
      [1, "kind", "this column in the header"],
    ],
  );
  assert.equal(readTagCsv("").refused.length, 1);
  assert.match(readTagCsv(`${HEAD}\na,"basket`).refused[0]?.expected ?? "", /quotes closed/);
});

test("bytes that are not UTF-8, or too many, are refused with what to do", () => {
  assert.throws(() => csvText(Buffer.from("id;n\xe4me", "latin1"), "tags.csv", TAG_CSV_BYTES), {
    code: "INPUT_INVALID",
    message: /CSV UTF-8/,
  });
  assert.throws(() => csvText(new Uint8Array(4 * 2 ** 20 + 1), "tags.csv", TAG_CSV_BYTES), {
    code: "INPUT_INVALID",
  });
});

test("no text whatever makes the reader throw, and what it accepts the plan's schema accepts", () => {
  const soup = fc.string({ unit: fc.constantFrom(...'id,;"\n\rbasket07-\uFEFFx ') });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        soup,
        soup.map((text) => `${HEAD}\n${text}`),
      ),
      (text) => {
        for (const { tag } of readTagCsv(text).rows) assert.ok(tagSchema.safeParse(tag).success);
      },
    ),
    { numRuns: 500 },
  );
});

test("what was exported is imported as the same", () => {
  const hex = (length: number): fc.Arbitrary<string> =>
    fc.string({
      unit: fc.constantFrom(..."0123456789abcdef"),
      minLength: length,
      maxLength: length,
    });
  const word = fc.nat(65_535);
  const beacon = fc.oneof(
    fc.record({
      format: fc.constant("ibeacon" as const),
      uuid: fc.uuid(),
      major: word,
      minor: word,
    }),
    fc.record({ format: fc.constant("altbeacon" as const), id: hex(40) }),
    fc.record({
      format: fc.constant("eddystone-uid" as const),
      namespace: hex(20),
      instance: hex(12),
    }),
  );
  const name = fc
    .string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(..."ab ,;\"'=éß") })
    .filter((text) => text.trim() === text);
  const tag = fc.record({
    id: fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/),
    kind: fc.constantFrom("basket" as const, "loyalty-card" as const),
    name,
    beacon,
  });
  fc.assert(
    fc.property(fc.array(tag, { maxLength: 5 }), (tags) => {
      const { rows, refused } = readTagCsv(tagCsv(tags as unknown as TagPlan[]));
      assert.deepEqual(refused, []);
      assert.deepEqual(
        rows.map((one) => one.tag),
        JSON.parse(JSON.stringify(tags)),
      );
    }),
  );
});

test("rows add and change; tags the file does not name stay where they are", () => {
  const document = plan(row("a", 1), row("b", 2), row("c", 3));
  const text = csv(row("d", 4), row("b", 2, "cart"), row("c", 3));
  const outcome = importTags(document, text, "all-or-nothing");
  assert.deepEqual(outcome, {
    added: [{ line: 2, id: "d" }],
    changed: [{ line: 3, id: "b" }],
    unchanged: 1,
    refused: [],
    refusedRows: 0,
    isAccepted: true,
  });
  assert.deepEqual(ids(document), ["a", "b", "c", "d"]);
  assert.equal((document["tags"] as TagPlan[])[1]?.kind, "cart");
});

test("one bad row refuses the file, unless bad rows are to be skipped", () => {
  const text = csv(row("a", 1), row("b", "x"), row("c", 3));
  const document = plan();
  assert.equal(importTags(document, text, "all-or-nothing").isAccepted, false);
  assert.deepEqual(ids(document), []);
  const outcome = importTags(document, text, "skip-invalid");
  assert.equal(outcome.isAccepted, true);
  assert.equal(outcome.refusedRows, 1);
  assert.deepEqual(ids(document), ["a", "c"]);
});

test("ids and identities used twice are named with both lines, or with the tag of the plan", () => {
  const document = plan(row("old", 9));
  const text = csv(row("a", 1), row("b", 1), row("a", 2), row("c", 9));
  const { refused } = importTags(document, text, "all-or-nothing");
  assert.deepEqual(
    refused.map(({ line, column, expected }) => [line, column, expected]),
    [
      [3, "format", "an identity not used before (a on line 2 has it)"],
      [4, "id", "an id not used before (first on line 2)"],
      [5, "format", "an identity not used before (tag old of the plan has it)"],
    ],
  );
});

test("two tags of the plan may swap their identities in one file, not when rows may be skipped", () => {
  const text = csv(row("a", 2), row("b", 1));
  assert.equal(importTags(plan(row("a", 1), row("b", 2)), text, "all-or-nothing").isAccepted, true);
  const outcome = importTags(plan(row("a", 1), row("b", 2)), text, "skip-invalid");
  assert.equal(outcome.isAccepted, false);
  assert.equal(outcome.refusedRows, 2);
});

test("twenty thousand tags are taken, one more is not", () => {
  const many = Array.from({ length: 20_000 }, (_, i) => row(`t${i}`, i));
  const document = plan();
  assert.equal(importTags(document, csv(...many), "all-or-nothing").added.length, 20_000);
  const more = importTags(document, csv(row("one-more", 20_000)), "skip-invalid");
  assert.equal(more.isAccepted, false);
  assert.match(more.refused[0]?.expected ?? "", /at most 20000 tags/);
  assert.equal(
    importTags(plan(), csv(...many, row("x", 20_001)), "all-or-nothing").isAccepted,
    false,
  );
});

test("a tag is removed by its id", () => {
  const document = plan(row("a", 1), row("b", 2));
  assert.equal(removeTag(document, "a"), true);
  assert.equal(removeTag(document, "a"), false);
  assert.deepEqual(ids(document), ["b"]);
});

test("what is said of a refused identity is what a CSV file may hold: capitals and no dashes are well", () => {
  const cells = `a,basket,ibeacon,${"C".repeat(31)},1,1`;
  const { refused } = readTagCsv(`id,kind,format,uuid,major,minor\n${cells}`);
  assert.deepEqual(
    refused.map(({ column, expected }) => [column, expected]),
    [["uuid", "a UUID: 32 hexadecimal digits, with or without its dashes"]],
  );
});
