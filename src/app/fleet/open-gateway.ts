import { resolve } from "node:path";
import { type PlainDocument, type PresentConfig, readWish } from "../../config/remote-change.ts";
import { fail, GatewayError, type InputFault, ok, type Result } from "../../core/errors.ts";
import {
  beginLife,
  dropAccepted,
  type FleetState,
  revertTrial,
  type Wish,
} from "../../fleet/desired-config.ts";
import { eventHash } from "../../io/mqtt/event-hash.ts";
import { type DesiredDocument, documentHash } from "../../wire/fleet-messages.ts";
import {
  type LoadedConfig,
  loadGatewayDocument,
  loadSiteFile,
  readDocument,
} from "../config-files.ts";
import { maskText } from "../logger.ts";
import { FleetMemory } from "./fleet-memory.ts";

/** A gateway file with what the centre changed about it. */
export interface OpenedGateway {
  /** What the gateway runs with. */
  readonly loaded: LoadedConfig;
  /** null when it takes nothing from the centre. */
  readonly fleet: FleetBase | null;
}

interface FleetFiles {
  readonly memory: FleetMemory;
  /** The gateway file as written. */
  readonly own: PlainDocument;
  readonly ownSitePath: string;
}

/** What the gateway's own files say, and what it remembers of the centre's wishes. */
export interface FleetBase extends FleetFiles {
  /** Sentences that people should see. */
  readonly notices: readonly string[];
  /** Hash of the centre's wish that this life of the process runs with; null: its own files. */
  readonly inForce: string | null;
}

/**
 * Reads the gateway file and puts the centre's wish in force on top of it. A wish that does not go with the file any
 * more is given up; one on probation is taken back when it had three starts. Whatever the memory holds, the gateway
 * starts when its own file is good.
 * @throws CONFIG_UNREADABLE, CONFIG_INVALID for the gateway's own files
 */
export async function openGatewayFile(path: string): Promise<OpenedGateway> {
  const own = (await readDocument(path)) as PlainDocument;
  const local = await loadGatewayDocument(own, path);
  if (!takesWishes(local)) return { loaded: local, fleet: null };
  try {
    const memory = await FleetMemory.open(local.stateDir);
    const files = { memory, own, ownSitePath: local.sitePath };
    const { loaded, inForce } = await begin(local, files);
    return { loaded, fleet: { ...files, notices: noticesOf(memory), inForce } };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // A state folder that cannot be used is told by the outbox, which cannot do without.
    return { loaded: local, fleet: null };
  }
}

/** Whether the gateway lets the centre change it. */
function takesWishes({ config }: LoadedConfig): boolean {
  const { mqtt, fleet } = config;
  if (mqtt === undefined) return false;
  // Without a sign-in the broker is open to everybody in the network, and so would the gateway be.
  return fleet.remote ?? (mqtt.username !== undefined || mqtt.certFile !== undefined);
}

/** Where the site plan of a wish lies; the gateway's own when the wish has none. */
export function sitePathOf(base: FleetFiles, document: DesiredDocument | undefined): string {
  if (document?.site === undefined) return base.ownSitePath;
  return base.memory.sitePath(documentHash(document.site, eventHash));
}

/** The plan in force and the gateway's own file: what a wish is checked against. @throws as `loadSiteFile` */
export async function presentConfig(
  base: FleetFiles,
  sitePath: string,
  outbox: PresentConfig["outbox"],
): Promise<PresentConfig> {
  const siteDocument = (await readDocument(sitePath)) as PlainDocument;
  return { own: base.own, siteDocument, site: await loadSiteFile(sitePath), outbox };
}

/** Faults as they may be told: without user names, passwords and radio addresses. Pure. */
export const maskFaults = (faults: readonly InputFault[]): readonly InputFault[] =>
  faults.map((fault) => ({ ...fault, found: maskText(fault.found) }));

interface Beginning {
  readonly loaded: LoadedConfig;
  readonly inForce: string | null;
}

async function begin(local: LoadedConfig, base: FleetFiles): Promise<Beginning> {
  const { memory } = base;
  let state = beginLife(memory.state);
  let kept = await keep(memory, state);
  // A life that cannot be counted must not begin with something untried.
  if (state.trial !== null && kept) {
    const outcome = await loadWish(local, base, state.trial);
    if (outcome.ok) return { loaded: outcome.value, inForce: state.trial.hash };
    state = revertTrial(state, outcome.error);
    kept = await keep(memory, state);
  }
  const own = { loaded: local, inForce: null };
  if (state.accepted === null) return own;
  const outcome = await loadWish(local, base, state.accepted);
  if (outcome.ok) return { loaded: outcome.value, inForce: state.accepted.hash };
  await keep(memory, dropAccepted(state, outcome.error));
  return own;
}

async function keep(memory: FleetMemory, state: FleetState): Promise<boolean> {
  try {
    await memory.update(() => state);
    return true;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return false;
  }
}

async function loadWish(
  local: LoadedConfig,
  base: FleetFiles,
  { document }: Wish,
): Promise<Result<LoadedConfig, readonly InputFault[]>> {
  const sitePath = sitePathOf(base, document);
  try {
    // What waits now was no obstacle when the wish was taken, and must not undo it.
    const present = await presentConfig(base, sitePath, { capBytes: 0, waitingBytes: 0 });
    const gateway = document.gateway;
    const outcome = readWish(gateway === undefined ? {} : { gateway }, present);
    if (!outcome.ok) return fail(maskFaults(outcome.error));
    const { config } = outcome.value;
    return ok({ ...local, config, site: present.site, sitePath: resolve(sitePath) });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const expected = "a site plan that can be read";
    return fail([{ path: "site", found: `${error.code}`, expected }]);
  }
}

function noticesOf({ setAside }: FleetMemory): readonly string[] {
  if (setAside === null) return [];
  return [
    `What was remembered of the centre's configurations was damaged; it was set aside as ${setAside}.`,
  ];
}
