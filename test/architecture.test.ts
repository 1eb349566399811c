import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

/**
 * What each folder of src/ may import besides itself: other folders, and packages (a trailing * stands for any
 * `node:` module or any package). Only what is used may stand here: a permission nobody uses fails the test.
 */
const ALLOWED: Readonly<
  Record<string, { folders: readonly string[]; packages: readonly string[] }>
> = {
  core: { folders: [], packages: [] },
  config: { folders: ["core"], packages: ["zod"] },
  wire: { folders: ["core"], packages: ["zod"] },
  radio: { folders: ["core"], packages: [] },
  vision: { folders: ["core"], packages: [] },
  journey: { folders: ["core"], packages: [] },
  metrics: { folders: ["core"], packages: [] },
  privacy: { folders: ["core"], packages: ["node:crypto"] },
  face: { folders: ["core", "vision", "privacy"], packages: [] },
  io: {
    folders: ["core", "config", "wire", "radio", "vision", "face", "privacy"],
    packages: ["*"],
  },
  fleet: { folders: ["core", "wire"], packages: [] },
  central: {
    folders: ["core", "config", "wire", "metrics", "privacy", "io", "web"],
    packages: ["*"],
  },
  web: { folders: ["core", "metrics", "wire"], packages: ["*"] },
  app: { folders: ["*"], packages: ["*"] },
};

const root = resolve(import.meta.dirname, "..");
const src = join(root, "src");

interface Import {
  readonly file: string;
  readonly target: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => join(folder, path));
}

/** Works on text because the formatter puts one import per statement; type-only imports count as imports. */
function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)["']([^"']+)["']/gm;
  return [...text.matchAll(pattern)].map((match) => ({ file, target: match[1] ?? "" }));
}

const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file);
const folderOf = (file: string): string => relative(src, file).split(/[\\/]/)[0] ?? "";
const files = sourceFiles(src);
const production = files.filter((file) => !isTest(file));

test("every folder of src has a row in the import table", () => {
  const folders = new Set(production.map(folderOf));
  assert.deepEqual([...folders].sort(), Object.keys(ALLOWED).sort());
});

test("a folder imports only what the architecture allows", () => {
  const violations: string[] = [];
  for (const { file, target } of production.flatMap(importsOf)) {
    const from = folderOf(file);
    const rule = ALLOWED[from];
    if (rule === undefined) continue;
    if (target.startsWith(".")) {
      const to = folderOf(resolve(dirname(file), target));
      if (to !== from && !rule.folders.includes("*") && !rule.folders.includes(to)) {
        violations.push(`${relative(root, file)} imports ${target}`);
      }
    } else if (!rule.packages.includes("*") && !rule.packages.includes(target)) {
      violations.push(`${relative(root, file)} imports the package ${target}`);
    }
  }
  assert.deepEqual(violations, []);
});

test("no permission of the import table is stale", () => {
  const used = new Map<string, Set<string>>();
  for (const { file, target } of production.flatMap(importsOf)) {
    const key = folderOf(file);
    const to = target.startsWith(".")
      ? folderOf(resolve(dirname(file), target))
      : `package:${target}`;
    used.set(key, (used.get(key) ?? new Set()).add(to));
  }
  const stale = Object.entries(ALLOWED).flatMap(([from, rule]) => [
    ...rule.folders
      .filter((to) => to !== "*" && !used.get(from)?.has(to))
      .map((to) => `${from} -> ${to}`),
    ...rule.packages
      .filter((name) => name !== "*" && !used.get(from)?.has(`package:${name}`))
      .map((name) => `${from} -> ${name}`),
  ]);
  assert.deepEqual(stale, []);
});

test("there is no import cycle", () => {
  const graph = new Map<string, string[]>();
  for (const file of production) {
    const targets = importsOf(file)
      .filter(({ target }) => target.startsWith("."))
      .map(({ target }) => resolve(dirname(file), target));
    graph.set(file, targets);
  }
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    assert.ok(
      !trail.includes(file),
      `cycle: ${[...trail, file].map((f) => relative(src, f)).join(" -> ")}`,
    );
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
});

test("files stay small: 400 lines for source, 500 for tests", () => {
  const long = [...files, ...sourceFiles(join(root, "test")), ...sourceFiles(join(root, "bench"))]
    .map((file) => ({ file, lines: readFileSync(file, "utf8").split("\n").length - 1 }))
    .filter(({ file, lines }) => lines > (isTest(file) ? 500 : 400));
  assert.deepEqual(long, []);
});

test("nothing draws from Math.random: randomness is injected", () => {
  const guilty = production.filter((file) => readFileSync(file, "utf8").includes("Math.random"));
  assert.deepEqual(
    guilty.map((file) => relative(root, file)),
    [],
  );
});

test("file names say what is inside, not that something is", () => {
  const vague = files.filter((file) =>
    /(?:^|[\\/-])(utils?|helpers?|manager|service|data|info)\.tsx?$/.test(file),
  );
  assert.deepEqual(
    vague.map((file) => relative(root, file)),
    [],
  );
});
