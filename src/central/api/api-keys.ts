import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { EpochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { API_SCOPES, type ApiScope } from "../../wire/central-operations.ts";
import type { DocumentRepository } from "../repository.ts";

/** Who asks and what it may. */
export interface Access {
  readonly name: string;
  readonly scopes: ReadonlySet<ApiScope>;
  /** Makes the pseudonyms of this key; another key has other ones. */
  readonly salt: string;
}

/** A key as it is listed; the secret is known to its holder alone. */
export interface ApiKey {
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly createdAt: EpochMs;
}

/** Where keys are kept. */
export type KeyStore = Pick<
  DocumentRepository,
  "document" | "documents" | "changeDocument" | "audit"
>;

const KIND = "api-key";
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const TOKEN = /^vk_([a-z][a-z0-9-]{0,31})_([A-Za-z0-9_-]{43})$/;
/** Names that the audit log has for whoever comes without such a key. */
const RESERVED: ReadonlySet<string> = new Set(["loopback", "environment", "nobody"]);
/** Keys in one store. */
const KEY_CAP = 500;

const keySchema = z.strictObject({
  v: z.literal(1),
  /** SHA-256 of the secret; it is random, so nothing slower is needed. */
  hash: z.string(),
  salt: z.string(),
  scopes: z.array(z.enum(API_SCOPES)),
  createdAt: z.number(),
});

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * Makes a key and returns its token, which is shown this once.
 * @throws USAGE for a name that is none or taken, or too many keys; STORE_FAILED
 */
export async function addKey(
  store: KeyStore,
  name: string,
  scopes: readonly ApiScope[],
  now: EpochMs,
): Promise<string> {
  const wrong = (sentence: string): GatewayError => new GatewayError("USAGE", sentence);
  if (!NAME.test(name))
    throw wrong(`the name of a key is 1 to 32 of a-z, 0-9 and -, found ${JSON.stringify(name)}`);
  if (RESERVED.has(name)) throw wrong(`the name ${name} is taken by the centre itself`);
  const keys = await listKeys(store);
  if (keys.some((key) => key.name === name)) throw wrong(`there is a key named ${name} already`);
  if (keys.length >= KEY_CAP) throw wrong(`there are ${KEY_CAP} keys already; revoke one first`);
  const secret = randomBytes(32).toString("base64url");
  const salt = randomBytes(16).toString("base64url");
  const body = { v: 1, hash: sha256(secret), salt, scopes, createdAt: now };
  const entry = { actor: "command line", action: "key:add", target: name };
  const isAdded = await store.changeDocument(
    { kind: KIND, owner: name, part: "" },
    { was: null, text: JSON.stringify(body) },
    { at: now, ...entry, detail: scopes.join(" ") },
  );
  if (!isAdded) throw wrong(`there is a key named ${name} already`);
  return `vk_${name}_${secret}`;
}

/** All keys by name. @throws STORE_FAILED */
export async function listKeys(store: KeyStore): Promise<readonly ApiKey[]> {
  const rows = await store.documents(KIND, null);
  return rows.flatMap(({ key, text }) => {
    const parsed = keySchema.safeParse(JSON.parse(text));
    if (!parsed.success) return [];
    const { scopes, createdAt } = parsed.data;
    return [{ name: key.owner, scopes, createdAt: createdAt as EpochMs }];
  });
}

/** Takes a key away, at once; false when there is none of this name. @throws STORE_FAILED */
export async function revokeKey(store: KeyStore, name: string, now: EpochMs): Promise<boolean> {
  const key = { kind: KIND, owner: name, part: "" };
  const row = await store.document(key);
  if (row === null) return false;
  const entry = { actor: "command line", action: "key:revoke", target: name, detail: "" };
  const change = { was: row.text, text: null };
  return await store.changeDocument(key, change, { at: now, ...entry });
}

/** Who a token belongs to; null when to nobody. @throws STORE_FAILED */
export async function accessOf(store: KeyStore, token: string): Promise<Access | null> {
  const [, name, secret] = TOKEN.exec(token) ?? [];
  if (name === undefined || secret === undefined) return null;
  const row = await store.document({ kind: KIND, owner: name, part: "" });
  if (row === null) return null;
  const parsed = keySchema.safeParse(JSON.parse(row.text));
  if (!parsed.success || !isSame(sha256(secret), parsed.data.hash)) return null;
  return { name, scopes: new Set(parsed.data.scopes), salt: parsed.data.salt };
}

/** Access with all scopes: that of the token of the environment, and of loopback without any. Pure. */
export const fullAccess = (name: string, salt: string): Access => ({
  name,
  scopes: new Set(API_SCOPES),
  salt,
});

/** Compares two texts in constant time. Pure. */
export function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** A pseudonym of an id for one key: 16 characters, the same every time, of no use to another key. Pure. */
export const pseudonymOf = ({ salt }: Pick<Access, "salt">, id: string): string =>
  createHash("sha256").update(`${salt}\u0000${id}`).digest("base64url").slice(0, 16);
