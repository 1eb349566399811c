import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/**
 * Lists the test files itself (Node 20 takes no globs and passes with zero files), fails on an empty list, and
 * hands them to the runner of Node. Arguments narrow the list: a file counts when its path holds one of them.
 */
function testFiles(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, encoding: "utf8" });
  return entries.filter((path) => /\.test\.tsx?$/.test(path)).map((path) => join(root, path));
}

const wanted = process.argv.slice(2);
const files = ["src", "test", "bench"]
  .flatMap(testFiles)
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error("no test file found");
  process.exit(1);
}
const outcome = spawnSync(
  process.execPath,
  ["--import", "tsx", "--test", `--test-concurrency=${availableParallelism()}`, ...files],
  { stdio: "inherit" },
);
process.exit(outcome.status ?? 1);
