import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf } from "./table-csv.ts";

test("cells with commas, quotes and line breaks are quoted, unknown numbers are empty", () => {
  const text = csvOf([
    ["from", "share"],
    ['Denim, "blue"', 0.34],
    ["Till\nqueue", null],
  ]);
  assert.equal(text, 'from,share\r\n"Denim, ""blue""",0.34\r\n"Till\nqueue",\r\n');
});

test("a name that a spreadsheet would run as a formula stays text, and a negative number a number", () => {
  assert.equal(csvOf([["=HYPERLINK(1)", "@x", -2]]), "'=HYPERLINK(1),'@x,-2\r\n");
});
