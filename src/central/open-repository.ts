import { GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import { openPostgres } from "./postgres/open-postgres.ts";
import type { CentralStore } from "./repository.ts";
import type { StoreRole } from "./sqlite/central-file.ts";
import { SqliteStore } from "./sqlite/sqlite-store.ts";

/**
 * Opens the store a URL names: `sqlite:FILE`, `postgres://...`, or several of the latter with commas between them.
 * @throws CONFIG_INVALID for any other; STORE_UNREADABLE, STORE_UNREACHABLE, STORE_REFUSED, STORE_VERSION,
 * STORE_EXTENSION, STORE_SHARDS, DISK_FULL, STORE_FAILED when it cannot be opened
 */
export async function openRepository(
  store: string,
  log: Log,
  role: StoreRole = "centre",
): Promise<CentralStore> {
  const path = /^sqlite:(.+)$/.exec(store)?.[1];
  if (path !== undefined) return new SqliteStore(path, role);
  const urls = store.split(",");
  if (urls.every((url) => /^postgres(ql)?:\/\//.test(url))) return openPostgres(urls, log, role);
  const scheme = /^[a-z]+/.exec(store)?.[0] ?? "nothing";
  throw new GatewayError(
    "CONFIG_INVALID",
    `the store must be sqlite:FILE or postgres://..., found ${scheme}`,
  );
}
