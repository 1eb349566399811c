import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import type { ActiveLoyalty } from "../config/loyalty.ts";
import type { SubjectRef } from "../core/brand.ts";
import type { Clock, TimeAnchor } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { JourneyEvent, SensorEvent } from "../core/events.ts";
import type { Log, Service } from "../core/lifecycle.ts";
import type { Link } from "../io/mqtt/link.ts";
import { KeyAsker } from "../io/vault/key-asker.ts";
import type { MemberPort } from "../radio/loyalty/member-port.ts";
import type { StationPort } from "../web/station/station-view.ts";
import type { ConsentHealth } from "../wire/health-message.ts";
import { type LoadedConfig, readSecret } from "./config-files.ts";
import { ConsentDesk } from "./consent/consent-desk.ts";
import { consentHealth } from "./consent/consent-health.ts";
import { LEDGER_FILE } from "./consent/staff-ledger.ts";
import { VisitEraser, type VisitTraces } from "./history/visit-eraser.ts";
import { openLoyalty } from "./loyalty/open-loyalty.ts";
import { type LocalMembers, openLocalMembers } from "./members/local-members.ts";
import type { TraceSources } from "./members/member-traces.ts";
import { type OpenStation, openStation, type StationParts } from "./station/open-station.ts";
import { TemplateStore } from "./station/template-store.ts";
import type { Chore } from "./upkeep.ts";

/** What loyalty is opened with. */
export interface LoyaltyUnitDeps {
  readonly loaded: LoadedConfig;
  readonly loyalty: ActiveLoyalty;
  /** Loyalty was switched off: what is kept ends and is erased as ever, and nobody is recognised. */
  readonly isResting?: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where visits are kept; a member may ask what is known of them. */
  readonly outbox: TraceSources["outbox"];
  readonly history: TraceSources["history"];
  /** Names this life of the process. */
  readonly boot: string;
  /** Reads both clocks now. */
  readonly anchor: () => TimeAnchor;
  readonly isClockAwaited: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** What a test puts in the place of the station's camera and models. */
  readonly station?: StationParts["machine"];
}

/** Where loyalty hands in what it has to tell, once the gateway is put together. */
export interface LoyaltyPorts {
  /** What happened in the shop: for figures, visits and the centre. */
  readonly onEvent: (event: JourneyEvent) => void;
  /** Takes an event for the centre alone, durably; false when it could not. */
  readonly record: (event: JourneyEvent) => boolean;
  /** Where visits name members; absent = nowhere. */
  readonly traces?: VisitTraces;
}

/** Everything that a gateway with loyalty switched on has more than another one. */
export interface LoyaltyUnit {
  /** For the radio input; null: nobody is to be recognised. */
  readonly members: MemberPort | null;
  /** The station's page; undefined: there is none. */
  readonly station: StationPort | undefined;
  /** Started before the sensors and stopped after them. */
  readonly services: readonly Service[];
  /** Where sensor events go; call before the radio starts. */
  listen(onEvent: (event: SensorEvent) => void): void;
  /** Where the rest goes; what has to be told before waits, on the disk where it must not be lost. */
  begin(ports: LoyaltyPorts): void;
  /** Listens to the centre; call once, before the link starts. */
  attach(link: Link): void;
  chores(): readonly Chore[];
  /** What people on the dashboard should know; empty when nothing is wrong. */
  notices(): readonly string[];
  health(): ConsentHealth;
  /** Closes the files; after everything was stopped. */
  close(): void;
}

/**
 * Opens loyalty on a gateway: consents, members, tables, templates and the station, in the order in which they need one
 * another. Nothing of it keeps a shop from counting: what cannot be had is a notice, a line of the log and a refusal.
 */
export async function openLoyaltyUnit(deps: LoyaltyUnitDeps): Promise<LoyaltyUnit> {
  const { loaded, loyalty, boot, anchor, clock, log } = deps;
  const { config, site, stateDir } = loaded;
  const gatewayId = config.gateway.id;
  const root = config.mqtt?.root ?? "vitrine";
  let ports: LoyaltyPorts | null = null;
  const templates = new TemplateStore({
    ...{ stateDir, loyalty, log, consent: () => consents },
    credentials: deps.environment["CREDENTIALS_DIRECTORY"],
  });
  // While the consents are opened they ask already who holds something.
  let opened: ConsentDesk | null = null;
  const local = localOf(deps, () => opened);
  let names: Pick<StationParts, "pseudonymOf"> | null = local;
  const nameOf = (subject: SubjectRef): string | null => names?.pseudonymOf(subject) ?? null;
  const visits = new VisitEraser({
    pseudonymOf: nameOf,
    holds: (subject, purpose) => opened?.holds(subject, purpose) ?? false,
  });
  const consents = new ConsentDesk({
    ...{ path: join(stateDir, LEDGER_FILE), gatewayId, boot, loyalty, clock, log },
    time: { anchor, isAwaited: deps.isClockAwaited, mono: () => clock.mono() },
    onEvent: (event) => ports?.record(event) ?? false,
    erasers: [visits, templates.eraser, ...(local === null ? [] : [local.eraser])],
  });
  opened = consents;
  const tables = openLoyalty({
    ...{ root, gatewayId, storeGroup: loyalty.storeGroup, gate: consents.gate, local },
    ...{ site, boot, anchor, clock, log },
  });
  names ??= tables;
  const asker =
    templates.centreKey === null
      ? null
      : new KeyAsker({ ...deps, root, gatewayId, key: templates.centreKey, fill: randomFillSync });
  const { station, notices } = await stationOf(deps, {
    ...{ consents, templates },
    pseudonymOf: nameOf,
    onEvent: (event) => ports?.onEvent(event),
  });
  return {
    members: deps.isResting === true ? null : tables.members,
    station: station?.port,
    services: station === null ? [tables] : [station, tables],
    listen: (onEvent) => tables.listen(onEvent),
    begin: (given) => {
      ports = given;
      visits.begin(given.traces ?? null);
    },
    attach: (link) => {
      consents.attach(link, root);
      tables.attach(link);
      asker?.attach(link);
    },
    chores: () => [...consents.chores(), ...(station?.chores() ?? [])],
    notices: () => [
      ...[...notices, ...consents.notices(), ...(local?.notices() ?? [])],
      ...(asker === null || asker.hasKey ? [] : [NO_KEY]),
    ],
    health: () => consentHealth(consents.status(), station?.counts),
    close: () => {
      asker?.close();
      templates.close();
      consents.close();
      local?.close();
    },
  };
}

/** The members of a shop without a centre. */
function localOf(
  { loaded, loyalty, outbox, history, clock, log }: LoyaltyUnitDeps,
  consents: () => ConsentDesk | null,
): LocalMembers | null {
  if (loyalty.authority === "centre") return null;
  const path = join(loaded.stateDir, "members.db");
  return openLocalMembers({
    ...{ path, loyalty, consents, clock, log },
    traces: () => ({ outbox, history }),
  });
}

const RESTING =
  "Loyalty is switched off. Consents that were given, and what is kept under them, end when they were said to end.";
const NO_KEY = "The centre has not sent the key of the templates: no face is compared or enrolled.";

/** The station, where there is a token for its page; one that cannot be read is told, and nothing stops for it. */
async function stationOf(
  deps: LoyaltyUnitDeps,
  parts: Pick<StationParts, "consents" | "templates" | "pseudonymOf" | "onEvent">,
): Promise<{ readonly station: OpenStation | null; readonly notices: readonly string[] }> {
  const { loaded, loyalty, environment, log, station: machine } = deps;
  if (deps.isResting === true) return { station: null, notices: [RESTING] };
  try {
    const file = loyalty.station?.tokenFile;
    const token = await readSecret(file, environment["VITRINE_STATION_TOKEN"]);
    if (token === null || token === "") return { station: null, notices: [] };
    const { site, modelsDir } = loaded;
    const shown = { storeName: site.store.name, token, modelsDir };
    const station = openStation({
      ...{ ...deps, ...parts, ...shown },
      ...(machine === undefined ? {} : { machine }),
    });
    return { station, notices: [] };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    log.error({ event: "station.closed", code: error.code, err: error }, error.message);
    return { station: null, notices: [`There is no station: ${error.message} (${error.code}).`] };
  }
}
