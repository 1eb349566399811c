import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";

const app = join(import.meta.dirname, "../src/app");
/** Multi-line statements end at the specifier; what is imported as a type, or on demand, is not loaded. */
const LOADING = /^(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm;

/** Modules and packages that a module loads when it starts, through all that it imports. */
function loadedBy(entry: string): Record<"modules" | "packages", ReadonlySet<string>> {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, target = ""] of readFileSync(file, "utf8").matchAll(LOADING)) {
      if (target.startsWith(".")) waiting.push(resolve(dirname(file), target));
      else packages.add(target);
    }
  }
  return { modules: seen, packages };
}

const packagesOf = (entry: string): ReadonlySet<string> => loadedBy(entry).packages;

test("a gateway loads neither the networks' runtime nor what only other commands need", () => {
  const heavy = ["onnxruntime-node", "onnx-proto", "pacote", "tar", "aedes", "pg", "esbuild"];
  const main = packagesOf(join(app, "main.ts"));
  const gateway = packagesOf(join(app, "commands/run.ts"));
  assert.deepEqual(
    heavy.filter((name) => main.has(name) || gateway.has(name)),
    [],
  );
  // Faces are looked at in a thread of their own, which is begun on demand.
  const station = packagesOf(join(app, "station/open-station.ts"));
  assert.equal(station.has("onnxruntime-node"), false);
  // They are found where they are needed, or the walk would prove nothing.
  assert.ok(packagesOf(join(app, "commands/central.ts")).has("pg"));
  assert.ok(packagesOf(join(app, "commands/demo.ts")).has("aedes"));
  assert.ok(packagesOf(join(app, "commands/models.ts")).has("onnx-proto"));
  assert.ok(packagesOf(join(app, "../io/face/face-worker.ts")).has("onnxruntime-node"));
  assert.ok(gateway.has("better-sqlite3") && gateway.has("mqtt"));
});

test("a gateway that recognises nobody loads no code for it", () => {
  const src = join(app, "..");
  const rooms = ["face/", "io/face/", "io/station/", "io/vault/", "io/consent/", "io/members/"];
  const parts = [
    "app/consent/",
    "app/loyalty/",
    "app/members/",
    "app/station/",
    "app/loyalty-unit",
  ];
  const places = [...rooms, ...parts].map((place) => join(src, place));
  const of = (entry: string): readonly string[] =>
    [...loadedBy(join(app, entry)).modules].filter((file) =>
      places.some((place) => file.startsWith(place)),
    );
  assert.deepEqual(of("commands/run.ts"), []);
  assert.ok(of("loyalty-unit.ts").some((file) => file.startsWith(join(src, "io/vault"))));
});
