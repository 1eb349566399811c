import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ActiveLoyalty, activeLoyalty } from "../../config/loyalty.ts";
import { GatewayError } from "../../core/errors.ts";
import { chooseFaceModels } from "../../io/face/face-models.ts";
import { readManifest } from "../../io/models/manifest.ts";
import { stateOf } from "../../io/models/verify.ts";
import { KEY_CREDENTIAL } from "../../io/vault/gateway-key.ts";
import { type LoadedConfig, readSecret } from "../config-files.ts";
import { sentenceOf } from "../consent/open-consent.ts";
import { checkLedger, LEDGER_FILE } from "../consent/staff-ledger.ts";
import { tokenFault } from "../station/station-token.ts";

/** What loyalty needs on this machine, and how it stands. */
export interface LoyaltyFinding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Looks at everything that loyalty needs before the gateway runs: ledger, page of the station, key of the templates and
 * models for faces. One finding alone where it is switched off. Says nothing about anybody.
 */
export async function examineLoyalty(
  loaded: LoadedConfig,
  environment: Environment,
): Promise<readonly LoyaltyFinding[]> {
  const loyalty = activeLoyalty(loaded.config.loyalty);
  if (loyalty === null) return [{ what: "loyalty", ok: true, detail: "switched off" }];
  const { authority, jurisdiction, switchedOnBy } = loyalty;
  const who = jurisdiction === "off" ? "no face is looked at" : `by ${switchedOnBy}`;
  const detail = `${loyalty.tenantId}, authority ${authority}, faces ${jurisdiction} (${who})`;
  const findings = [{ what: "loyalty", ok: true, detail }, checkConsents(loaded.stateDir)];
  findings.push(await checkStation(loyalty, environment));
  if (jurisdiction === "off") return findings;
  const key = checkKey(loyalty, loaded.stateDir, environment);
  return [...findings, key, await checkFaceModels(loaded.modelsDir, loyalty)];
}

function checkConsents(stateDir: string): LoyaltyFinding {
  const what = "consents";
  const path = join(stateDir, LEDGER_FILE);
  if (!existsSync(path)) return { what, ok: true, detail: "no ledger yet, one is begun" };
  try {
    const { isSound, entries, broken, database } = checkLedger(path, null);
    if (isSound) return { what, ok: true, detail: `${entries} entries, the ledger is sound` };
    const why = broken === null ? database : sentenceOf(broken);
    return { what, ok: false, detail: `${why}: vitrine consent verify` };
  } catch (error) {
    return { what, ok: false, detail: faultText(error) };
  }
}

async function checkStation(
  { station }: ActiveLoyalty,
  environment: Environment,
): Promise<LoyaltyFinding> {
  const what = "station";
  const given = environment["VITRINE_STATION_TOKEN"];
  if (station === undefined && given === undefined)
    return { what, ok: true, detail: "none configured" };
  try {
    const token = await readSecret(station?.tokenFile, given);
    const eyes = station?.cameraId === undefined ? "codes alone" : `camera ${station.cameraId}`;
    const fault = token === null || token === "" ? null : tokenFault(token);
    if (fault !== null) return { what, ok: false, detail: fault };
    if (token !== null && token !== "") return { what, ok: true, detail: `has a token, ${eyes}` };
    const detail = "no token: set loyalty.station.tokenFile or VITRINE_STATION_TOKEN";
    return { what, ok: false, detail };
  } catch (error) {
    return { what, ok: false, detail: faultText(error) };
  }
}

function checkKey(
  { keyLevel }: ActiveLoyalty,
  stateDir: string,
  environment: Environment,
): LoyaltyFinding {
  const what = "template key";
  if (keyLevel === "centre")
    return { what, ok: true, detail: "at the centre, sent when the gateway starts" };
  if (keyLevel === "systemd-credential") {
    const folder = environment["CREDENTIALS_DIRECTORY"];
    // Only the service itself is given its credentials.
    if (folder === undefined)
      return {
        what,
        ok: true,
        detail: `credential ${KEY_CREDENTIAL}, which only the service sees`,
      };
    const ok = existsSync(join(folder, KEY_CREDENTIAL));
    return { what, ok, detail: `credential ${KEY_CREDENTIAL} ${ok ? "given" : "not given"}` };
  }
  const path = join(stateDir, "template-key");
  if (existsSync(path)) {
    const ok = (statSync(path).mode & 0o077) === 0;
    return { what, ok, detail: ok ? path : `${path} may be read by others: chmod 600` };
  }
  const isLost = existsSync(join(stateDir, "template-keys.bin"));
  const detail = isLost ? `${path} is gone: templates cannot be opened` : "drawn at the first use";
  return { what, ok: !isLost, detail };
}

async function checkFaceModels(
  modelsDir: string,
  { face: { profile } }: ActiveLoyalty,
): Promise<LoyaltyFinding> {
  const what = "face models";
  const pull = `vitrine models pull --profile ${profile === "clean" ? "face" : "face-accurate"}`;
  try {
    const models = chooseFaceModels(await readManifest(modelsDir), profile);
    if (models === null) return { what, ok: false, detail: `not installed: ${pull}` };
    const needed = [models.wide, models.near, models.embedder];
    const states = await Promise.all(needed.map((entry) => stateOf(modelsDir, entry)));
    const ok = states.every((state) => state === "ok");
    const detail = ok ? `${needed.length} in ${modelsDir}, hashes right` : `damaged: ${pull}`;
    return { what, ok, detail };
  } catch (error) {
    return { what, ok: false, detail: faultText(error) };
  }
}

function faultText(error: unknown): string {
  if (!(error instanceof GatewayError)) throw error;
  return `${error.code}: ${error.message}`;
}
