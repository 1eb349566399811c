import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse as parseYaml } from "yaml";
import { type GatewayConfig, parseGatewayConfig } from "../config/gateway.ts";
import { parseSitePlan } from "../config/site.ts";
import { siteFitFaults } from "../config/site-fit.ts";
import { describeFaults, GatewayError } from "../core/errors.ts";
import type { SitePlan } from "../core/site.ts";

/** A checked configuration with the site plan it names; relative paths are resolved against the file. */
export interface LoadedConfig {
  readonly config: GatewayConfig;
  readonly site: SitePlan;
  /** Where the site plan is, for whoever changes it. */
  readonly sitePath: string;
  readonly stateDir: string;
  readonly modelsDir: string;
}

/**
 * Reads and checks the gateway file (YAML or JSON) and the site plan it names.
 * @throws CONFIG_UNREADABLE when a file cannot be read, CONFIG_INVALID with all faults at once.
 */
export async function loadGatewayFile(path: string): Promise<LoadedConfig> {
  return await loadGatewayDocument(parseDocument(await readText(path), path), path);
}

/**
 * Checks a gateway file that was read from `path`, and the site plan it names.
 * @throws CONFIG_UNREADABLE, CONFIG_INVALID as `loadGatewayFile`
 */
export async function loadGatewayDocument(document: unknown, path: string): Promise<LoadedConfig> {
  const base = dirname(resolve(path));
  const outcome = parseGatewayConfig(document);
  if (!outcome.ok) {
    const message = refusal(path, describeFaults(outcome.error)).message;
    throw new GatewayError("CONFIG_INVALID", message + (await siteFaults(document, base)), {
      context: { path },
    });
  }
  const config = outcome.value;
  const sitePath = resolve(base, config.site);
  const site = await loadSiteFile(sitePath);
  const faults = siteFitFaults(config, site);
  if (faults.length > 0) throw refusal(path, describeFaults(faults));
  return {
    config,
    site,
    sitePath,
    stateDir: resolve(base, config.stateDir),
    modelsDir: resolve(base, config.models.dir),
  };
}

/** What is wrong with the site plan that a refused gateway file names, so that everything is told at once. */
async function siteFaults(document: unknown, base: string): Promise<string> {
  const site = (document as { readonly site?: unknown } | null)?.site;
  if (typeof site !== "string") return "";
  try {
    await loadSiteFile(resolve(base, site));
    return "";
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return `\n${error.message}`;
  }
}

/**
 * Reads and checks a site plan.
 * @throws CONFIG_UNREADABLE, CONFIG_INVALID
 */
export async function loadSiteFile(path: string): Promise<SitePlan> {
  const outcome = parseSitePlan(parseDocument(await readText(path), path));
  if (!outcome.ok) throw refusal(path, describeFaults(outcome.error));
  return outcome.value;
}

/**
 * A YAML or JSON file as it is written, unchecked.
 * @throws CONFIG_UNREADABLE, CONFIG_INVALID when it is neither
 */
export async function readDocument(path: string): Promise<unknown> {
  return parseDocument(await readText(path), path);
}

/** First line of a secret file, or the environment's value when given; null when neither is there. */
export async function readSecret(
  file: string | undefined,
  environment: string | undefined,
): Promise<string | null> {
  if (environment !== undefined && environment !== "") return environment;
  if (file === undefined) return null;
  return (await readText(file)).split(/\r?\n/, 1)[0] ?? null;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new GatewayError("CONFIG_UNREADABLE", `cannot read ${path}`, {
      cause: error,
      context: { path },
    });
  }
}

function parseDocument(text: string, path: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    throw new GatewayError("CONFIG_INVALID", `${path} is not valid YAML or JSON: ${reason}`, {
      cause: error,
    });
  }
}

function refusal(path: string, faults: string): GatewayError {
  return new GatewayError("CONFIG_INVALID", `${path} was refused:\n${faults}`, {
    context: { path },
  });
}
