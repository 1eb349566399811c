import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * Reads a JSON file of the shared test data (`../shared/data` beside the project, or VITRINE_DATA); null where that is
 * absent, so that its tests are skipped by name. The project's own fixtures cover the core cases everywhere.
 */
export function readShared<T>(path: string): T | null {
  const root = process.env["VITRINE_DATA"] ?? resolve(import.meta.dirname, "../../../shared/data");
  const file = join(root, path);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T) : null;
}

/** Reads a JSON fixture of the project. */
export function readFixture<T>(path: string): T {
  const file = resolve(import.meta.dirname, "../fixtures", path);
  return JSON.parse(readFileSync(file, "utf8")) as T;
}
