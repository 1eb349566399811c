import type { TenantId } from "../../core/brand.ts";
import type { ApiContext } from "./api-context.ts";
import type { Access } from "./api-keys.ts";

/** Names of whoever comes without a key of the store: they have every scope, and may act for every tenant. */
const EVERYWHERE: ReadonlySet<string> = new Set(["environment", "loopback"]);

type Loyalty = Pick<ApiContext, "loyalty">;

/** Whether a key may act for every tenant. Pure. */
export const isEverywhere = ({ name }: Pick<Access, "name">): boolean => EVERYWHERE.has(name);

/** Whether a key may act for a tenant. One that is not there is foreign to every key, so that nobody learns which there are. */
export function mayActFor({ loyalty }: Loyalty, access: Access, tenant: TenantId): boolean {
  const desk = loyalty?.desk(tenant) ?? null;
  return desk !== null && (isEverywhere(access) || desk.config.apiKeys.includes(access.name));
}

/**
 * Whether a key may see what a store's events call people: it has the scope for that, and of a tenant's store it is a key
 * of the tenant.
 */
export function maySeeNames({ loyalty }: Loyalty, access: Access, storeId: string): boolean {
  if (!access.scopes.has("loyalty")) return false;
  const home = loyalty?.homes.ofStore(storeId) ?? null;
  return home === null || mayActFor({ loyalty: loyalty ?? null }, access, home.tenantId);
}

/**
 * The same of what a gateway sent. Where loyalty runs, nobody can tell whose members a gateway without a store names: that
 * is shown to who may act for all tenants.
 */
export function maySeeNamesOf(context: Loyalty, access: Access, gateway: string): boolean {
  const { loyalty } = context;
  if (loyalty === null || loyalty === undefined) return access.scopes.has("loyalty");
  const storeId = loyalty.homes.storeOf(gateway);
  if (storeId !== null) return maySeeNames(context, access, storeId);
  return access.scopes.has("loyalty") && isEverywhere(access);
}
