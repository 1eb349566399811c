import { rmSync } from "node:fs";
import { join } from "node:path";
import { openRepository } from "../../src/central/open-repository.ts";
import type { CentralStore } from "../../src/central/repository.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { tempDir } from "../e2e/delivery-rig.ts";
import { hasPostgres } from "./postgres-programs.ts";
import { PostgresServer } from "./postgres-server.ts";

/** A kind of central store the same tests run against. */
export interface Engine {
  readonly name: string;
  /** False skips its tests. */
  readonly isThere: boolean;
  start(): Promise<void>;
  /** Makes a new empty store and returns what `--store` would be. */
  create(): Promise<string>;
  stop(): Promise<void>;
}

export const open = (store: string): Promise<CentralStore> => openRepository(store, SILENT_LOG);

/** Durability is not what these tests are about. */
const QUICK = ["fsync=off", "max_connections=60"];

function sqlite(): Engine {
  const dir = tempDir();
  let files = 0;
  return {
    name: "SQLite",
    isThere: true,
    start: async () => undefined,
    create: async () => {
      files += 1;
      return `sqlite:${join(dir.path, `${files}.db`)}`;
    },
    stop: async () => rmSync(dir.path, { recursive: true, force: true }),
  };
}

function postgres(name: string, nodes: number): Engine {
  let servers: PostgresServer[] = [];
  return {
    name,
    isThere: hasPostgres(),
    start: async () => {
      servers = await Promise.all(
        Array.from({ length: nodes }, () => PostgresServer.create(QUICK)),
      );
    },
    create: async () =>
      (await Promise.all(servers.map((server) => server.createDatabase()))).join(","),
    stop: async () => {
      await Promise.all(servers.map((server) => server.remove()));
    },
  };
}

export const ENGINES: readonly Engine[] = [
  sqlite(),
  postgres("PostgreSQL", 1),
  postgres("three PostgreSQL shards", 3),
];
