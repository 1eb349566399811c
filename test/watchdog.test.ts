import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { watchFiles } from "./watchdog.ts";

const HEAD = 'import { test } from "node:test";\n';
/** Files that Node's own limit does not end. */
const FILES: Readonly<Record<string, string>> = {
  "busy.test.mjs": `${HEAD}process.on("SIGTERM", () => {}); test("busy", () => { for (;;); });`,
  "handle.test.mjs": `${HEAD}import { spawn } from "node:child_process";
    test("passes", () => { spawn("sleep", ["60"], { stdio: "inherit" }); setInterval(() => {}, 1000); });`,
};

test("a file that does not end is ended with all it started, and told as a failure by its name", {
  skip: process.platform === "linux" ? false : "needs /proc",
  timeout: 60_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-watchdog-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const paths = Object.keys(FILES).map((name) => join(folder, name));
  for (const path of paths) writeFileSync(path, FILES[path.slice(folder.length + 1)] ?? "");
  // Without the mark of a test's own process, or this runner would refuse to run inside one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const flags = ["--test", "--test-concurrency=2", "--test-reporter=tap"];
  const runner = spawn(process.execPath, [...flags, ...paths], { env });
  let output = "";
  for (const stream of [runner.stdout, runner.stderr])
    stream.on("data", (chunk) => (output += String(chunk)));
  const late: string[] = [];
  const unwatch = watchFiles({
    runner: runner.pid ?? -1,
    limitMs: 3000,
    lookMs: 100,
    onLate: (file) => late.push(file),
  });
  const code = await new Promise((resolve) => runner.once("close", resolve));
  unwatch();
  assert.equal(code, 1, output);
  assert.deepEqual(late.sort(), paths);
  for (const path of paths) assert.match(output, new RegExp(`not ok .*${path}`));
});
