import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "./generated-files.ts";

/** Writes every generated file of the repository. A test fails when one of them is stale. */
for (const [path, render] of Object.entries(generatedFiles)) {
  writeFileSync(join(import.meta.dirname, "..", path), render());
}
