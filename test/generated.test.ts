import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generatedFiles } from "../docs/generated-files.ts";
import { FAULTS } from "../src/core/errors.ts";

const root = join(import.meta.dirname, "..");

for (const [path, render] of Object.entries(generatedFiles)) {
  test(`${path} is what npm run generate writes`, () => {
    assert.equal(readFileSync(join(root, path), "utf8"), render());
  });
}

test("docs/errors.md lists exactly the codes of the table", () => {
  const text = readFileSync(join(root, "docs/errors.md"), "utf8");
  const listed = [...text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(listed, Object.keys(FAULTS));
});
