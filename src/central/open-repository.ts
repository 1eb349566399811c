import { GatewayError } from "../core/errors.ts";
import type { EventRepository } from "./repository.ts";
import { SqliteStore } from "./sqlite-store.ts";

/** Opens the store a URL names: `sqlite:FILE`. @throws CONFIG_INVALID for any other, STORE_FAILED when it cannot open */
export function openRepository(store: string): EventRepository {
  const path = /^sqlite:(.+)$/.exec(store)?.[1];
  if (path !== undefined) return new SqliteStore(path);
  const scheme = /^[a-z]+/.exec(store)?.[0] ?? "nothing";
  throw new GatewayError("CONFIG_INVALID", `the store must be sqlite:FILE, found ${scheme}`);
}
