import type { EpochMs } from "../../core/brand.ts";
import { type GatewayId, gatewayId, type TenantId, tenantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { LoyaltyKeys } from "../../privacy/loyalty/loyalty-keys.ts";
import type { DocumentKey, DocumentRepository } from "../repository.ts";

/** Where the keys of gateways are kept, and who had to do with them. */
export type KeyStore = Pick<
  DocumentRepository,
  "document" | "documents" | "changeDocument" | "audit"
>;

export interface KeyShelfTerms {
  readonly store: KeyStore;
  readonly keys: LoyaltyKeys;
  readonly now: () => EpochMs;
  /** Fills its argument with random bytes. */
  readonly fill: (bytes: Uint8Array) => void;
}

/** A key that the centre keeps, without the key. */
export interface KeptKey {
  readonly tenantId: TenantId;
  readonly gatewayId: GatewayId;
  readonly isDestroyed: boolean;
  /** Made, or destroyed. */
  readonly at: EpochMs;
}

const KIND = "loyalty-template-key";
const KEY_BYTES = 32;
/** What stands where a key was; a sealed text begins otherwise. */
const DESTROYED = "destroyed";
/** Somebody else may have been faster: then what is there now counts. */
const TRIES = 3;

const placeOf = (tenant: TenantId, gateway: GatewayId): DocumentKey => ({
  ...{ kind: KIND, owner: tenant, part: gateway },
});

/**
 * The keys of templates that the centre keeps for gateways: one for each gateway of a tenant, made when it is first asked
 * for and sealed with the centre's loyalty key. Nothing is held in memory: what was destroyed is gone at once.
 */
export class KeyShelf {
  readonly #terms: KeyShelfTerms;

  constructor(terms: KeyShelfTerms) {
    this.#terms = terms;
  }

  /**
   * The key of a gateway, 32 bytes, which the caller overwrites; null: it was destroyed, and there will be no other.
   * @throws STORE_FAILED, LOYALTY_KEY_WRONG when it was sealed with another key
   */
  async take(tenant: TenantId, gateway: GatewayId): Promise<Uint8Array | null> {
    const { store } = this.#terms;
    const place = placeOf(tenant, gateway);
    for (let i = 0; i < TRIES; i += 1) {
      const row = await store.document(place);
      if (row !== null) return row.text === DESTROYED ? null : this.#opened(row.text, place);
      const key = await this.#make(place, gateway);
      if (key !== null) return key;
    }
    throw new GatewayError("STORE_FAILED", "the key of a gateway changes all the time");
  }

  #opened(text: string, place: DocumentKey): Uint8Array {
    const opened = this.#terms.keys.open(text, place);
    if (opened === null)
      throw new GatewayError("LOYALTY_KEY_WRONG", "a gateway's key was sealed with another key");
    return new Uint8Array(Buffer.from(opened, "base64url"));
  }

  /** null: there is one by now. */
  async #make(place: DocumentKey, gateway: GatewayId): Promise<Uint8Array | null> {
    const { store, keys, now, fill } = this.#terms;
    const key = new Uint8Array(KEY_BYTES);
    fill(key);
    const text = keys.seal(Buffer.from(key).toString("base64url"), place);
    const isKept = await store.changeDocument(
      place,
      { was: null, text },
      {
        ...{ at: now(), actor: "centre", action: "loyalty:template-key-made", target: gateway },
        detail: place.owner,
      },
    );
    if (isKept) return key;
    key.fill(0);
    return null;
  }
}

/** The keys of all gateways or of one tenant's, without the keys. @throws STORE_FAILED */
export async function keptKeys(
  store: KeyStore,
  tenant: TenantId | null,
): Promise<readonly KeptKey[]> {
  const rows = await store.documents(KIND, tenant);
  return rows.map(({ key, text, at }) => ({
    tenantId: tenantId(key.owner),
    gatewayId: gatewayId(key.part),
    ...{ isDestroyed: text === DESTROYED, at },
  }));
}

/**
 * Destroys the key of a gateway: what its templates were sealed with is gone, and it is given no other one ever. False
 * when there was no key, or none any more. `actor` is noted. @throws STORE_FAILED
 */
export async function destroyKey(
  store: KeyStore,
  whose: Pick<KeptKey, "tenantId" | "gatewayId">,
  { actor, at }: { readonly actor: string; readonly at: EpochMs },
): Promise<boolean> {
  const place = placeOf(whose.tenantId, whose.gatewayId);
  const row = await store.document(place);
  if (row === null || row.text === DESTROYED) return false;
  return await store.changeDocument(
    place,
    { was: row.text, text: DESTROYED },
    {
      ...{ at, actor, action: "loyalty:template-key-destroyed", target: whose.gatewayId },
      detail: whose.tenantId,
    },
  );
}
