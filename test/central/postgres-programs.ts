import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Debian keeps the programs of each version apart and off the search path. */
const DEBIAN = "/usr/lib/postgresql";

/** Folder of the newest PostgreSQL server installed here; null without one. */
export function postgresPrograms(): string | null {
  if (!existsSync(DEBIAN)) return null;
  const versions = readdirSync(DEBIAN).filter((name) =>
    existsSync(join(DEBIAN, name, "bin/initdb")),
  );
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? null : join(DEBIAN, newest, "bin");
}

/** Whether a server can be started here. */
export const hasPostgres = (): boolean => postgresPrograms() !== null;
