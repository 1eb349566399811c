import type { GatewayId, TenantId } from "../../core/brand.ts";
import type { CentralLoyaltyConfig, TenantConfig } from "./loyalty-config.ts";

/** Where a gateway stands: whose it is, and which group of stores it belongs to. */
export interface Home {
  readonly storeId: string;
  readonly storeGroup: string;
  readonly tenantId: TenantId;
}

/** Gateways that are remembered; a chain has fewer. Beyond it the first noted falls out and is noted again. */
const GATEWAYS = 50_000;

/** Which store, group and tenant gateways belong to: by the store that they are registered for, and the loyalty file. */
export class Homes {
  readonly #stores = new Map<string, Home>();
  readonly #gateways = new Map<GatewayId, string>();
  readonly #groups: readonly { readonly storeGroup: string; readonly tenantId: TenantId }[];

  constructor({ tenants }: Pick<CentralLoyaltyConfig, "tenants">) {
    this.#groups = tenants.flatMap(({ tenantId, groups }) =>
      groups.map(({ storeGroup }) => ({ storeGroup, tenantId })),
    );
    for (const { tenantId, groups } of tenants)
      for (const { storeGroup, stores } of groups)
        for (const { storeId } of stores)
          this.#stores.set(storeId, { storeId, storeGroup, tenantId });
  }

  /** Notes which store a gateway is registered for; true when that is new and a store of a tenant. */
  note(gateway: GatewayId, storeId: string): boolean {
    if (this.#gateways.get(gateway) === storeId) return false;
    const [first] = this.#gateways.keys();
    if (this.#gateways.size >= GATEWAYS && first !== undefined) this.#gateways.delete(first);
    this.#gateways.set(gateway, storeId);
    return this.#stores.has(storeId);
  }

  /** null: the gateway is not known, or its store is nobody's here. */
  of(gateway: GatewayId): Home | null {
    const storeId = this.#gateways.get(gateway);
    return storeId === undefined ? null : this.ofStore(storeId);
  }

  /** The store that a gateway is registered for; null: none is known. */
  storeOf(gateway: string): string | null {
    return this.#gateways.get(gateway as GatewayId) ?? null;
  }

  ofStore(storeId: string): Home | null {
    return this.#stores.get(storeId) ?? null;
  }

  /** Gateways of a tenant. */
  *gatewaysOf(tenant: TenantId): Generator<GatewayId> {
    for (const [gateway, storeId] of this.#gateways)
      if (this.#stores.get(storeId)?.tenantId === tenant) yield gateway;
  }

  /** Groups of a tenant's stores. */
  groupsOf(tenant: TenantId): readonly string[] {
    return this.#groups.filter(({ tenantId }) => tenantId === tenant).map((one) => one.storeGroup);
  }

  tenantOfGroup(storeGroup: string): TenantId | null {
    return this.#groups.find((one) => one.storeGroup === storeGroup)?.tenantId ?? null;
  }
}

/**
 * How far two stores are apart on the ground, metres; null unless the places of both are in the loyalty file. Pure.
 * @source great-circle distance by the haversine formula on a sphere of 6371 km
 */
export function storeDistances(
  tenants: readonly TenantConfig[],
): (a: string, b: string) => number | null {
  const places = new Map<string, readonly [number, number]>();
  for (const { groups } of tenants)
    for (const { storeId, latitude, longitude } of groups.flatMap(({ stores }) => stores))
      if (latitude !== undefined && longitude !== undefined)
        places.set(storeId, [radians(latitude), radians(longitude)]);
  return (a, b) => {
    const [one, other] = [places.get(a), places.get(b)];
    if (one === undefined || other === undefined) return null;
    const h =
      Math.sin((other[0] - one[0]) / 2) ** 2 +
      Math.cos(one[0]) * Math.cos(other[0]) * Math.sin((other[1] - one[1]) / 2) ** 2;
    return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
  };
}

const EARTH_M = 6_371_000;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;
