import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseCentralLoyalty } from "../central/loyalty/loyalty-config.ts";
import type { LoyaltySetting } from "../central/loyalty/loyalty-desk.ts";
import { describeFaults, GatewayError } from "../core/errors.ts";
import { masterKeyOf } from "../privacy/loyalty/loyalty-keys.ts";
import { readDocument } from "./config-files.ts";

const KEY_VARIABLE = "VITRINE_LOYALTY_KEY";
const SECRET_LEAST = 32;
const SECRET_MOST = 256;
/** Somebody else than the owner may read it. */
const READABLE_BY_OTHERS = 0o077;

/**
 * Reads the loyalty file of a centre (YAML or JSON), its key and the secrets of its webhooks; relative paths are resolved
 * against the file. Files with keys must be for the owner's eyes only.
 * @throws CONFIG_UNREADABLE, CONFIG_INVALID; never with anything of a key in it
 */
export async function loadLoyaltyFile(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LoyaltySetting> {
  const outcome = parseCentralLoyalty(await readDocument(path));
  if (!outcome.ok)
    throw new GatewayError("CONFIG_INVALID", `${path}:\n${describeFaults(outcome.error)}`);
  const base = dirname(resolve(path));
  const config = { ...outcome.value, stateDir: resolve(base, outcome.value.stateDir) };
  const { keyFile } = config;
  const master =
    keyFile === undefined
      ? (environment[KEY_VARIABLE] ?? "")
      : await readSecret(resolve(base, keyFile));
  const secrets = new Map<string, string>();
  for (const { tenantId, webhooks } of config.tenants)
    for (const { id, secretFile } of webhooks) {
      const secret = (await readSecret(resolve(base, secretFile))).trim();
      if (secret.length < SECRET_LEAST || secret.length > SECRET_MOST)
        throw invalid(`${secretFile}: expected 32 to 256 characters, found ${secret.length}`);
      secrets.set(`${tenantId}/${id}`, secret);
    }
  return {
    config,
    masterKey: masterKeyOf(master),
    secretOf: (tenant, hookId) => secrets.get(`${tenant}/${hookId}`) ?? "",
  };
}

async function readSecret(path: string): Promise<string> {
  try {
    const { mode } = await stat(path);
    if ((mode & READABLE_BY_OTHERS) !== 0)
      throw invalid(`${path} may be read by others: it holds a key, give it mode 0600`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError("CONFIG_UNREADABLE", `cannot read ${path}`, { cause: error });
  }
}

const invalid = (sentence: string): GatewayError => new GatewayError("CONFIG_INVALID", sentence);
