import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "./generated-files.ts";

/** Writes every generated file of the repository. A test fails when one of them is stale. */
for (const [path, render] of Object.entries(generatedFiles)) {
  const file = join(import.meta.dirname, "..", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, render());
}
