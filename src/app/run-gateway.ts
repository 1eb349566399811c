import { randomBytes, randomFillSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { MqttConfig } from "../config/gateway.ts";
import { activeLoyalty, restingLoyalty } from "../config/loyalty.ts";
import type { Clock, TimeAnchor } from "../core/clock.ts";
import type { Service } from "../core/lifecycle.ts";
import { seededRandom } from "../core/random.ts";
import { type ClockWatch, createClockWatch, type readClockSigns } from "../io/board/clock-watch.ts";
import { HomeAssistant } from "../io/mqtt/home-assistant.ts";
import { type Outbox, openOutbox } from "../io/outbox/outbox.ts";
import type { OutboxOptions } from "../io/outbox/outbox-contract.ts";
import { createPreview } from "../io/preview/preview-hub.ts";
import {
  createNobleRadio,
  type NobleRadio,
  type NobleRadioOptions,
} from "../io/radio/noble-radio.ts";
import { sitePlanFile } from "../io/site/site-plan-file.ts";
import { cameraUnits } from "./camera-units.ts";
import {
  type BrokerAccess,
  composeGateway,
  type GatewayDeps,
  type SensorPorts,
} from "./compose.ts";
import { type LoadedConfig, readSecret } from "./config-files.ts";
import { loadCounterUnits } from "./counter-units.ts";
import { createPage, type PageOptions } from "./dashboard-page.ts";
import { createDeadRadioExit, type DeadRadioExit } from "./dead-radio.ts";
import { createFleetUnit, type FleetUnitDeps } from "./fleet/fleet-unit.ts";
import { createLeaving, type Leaving } from "./fleet/leaving.ts";
import { createLifeSigns, createStepSigns, type LifeSigns } from "./fleet/life-signs.ts";
import type { FleetBase } from "./fleet/open-gateway.ts";
import { openPast, type Past } from "./history/open-past.ts";
import { createLogger, type LevelledLog, type LogLevel } from "./logger.ts";
import type { LoyaltyUnit, LoyaltyUnitDeps } from "./loyalty-unit.ts";
import { cameraModels } from "./models-at-hand.ts";
import { RadioDesk } from "./radio-desk.ts";
import { createScannerUnits } from "./scanner-units.ts";
import { Supervisor } from "./supervisor.ts";
import { anchorOf, createSystemClock } from "./system-clock.ts";
import { openTagDesk } from "./tags/open-tag-desk.ts";
import type { Terminal } from "./terminal.ts";
import { readVersion } from "./version.ts";
import { WalkMode } from "./walk/walk-mode.ts";

/** What a test puts in the place of the machine. */
export interface MachineParts {
  readonly clock?: Clock;
  readonly openSocket?: NobleRadioOptions["openSocket"];
  /** What the operating system tells of its clock. */
  readonly clockSigns?: typeof readClockSigns;
  /** Camera and models of the station. */
  readonly station?: LoyaltyUnitDeps["station"];
}

/**
 * Runs a gateway until the terminal asks it to stop, then drains and returns.
 * @throws the faults of configuration, ports and secrets, RADIO_DEAD and RESTART_WANTED for the supervisor to start it
 * anew; everything else is retried and shown as a state
 */
export async function runGateway(
  loaded: LoadedConfig,
  terminal: Terminal,
  machine: MachineParts = {},
  fleetBase: FleetBase | null = null,
): Promise<void> {
  const { config, site, stateDir } = loaded;
  const { environment } = terminal;
  const log = createLogger(config.log.level, process.stdout);
  const clock = machine.clock ?? createSystemClock();
  const exit = createDeadRadioExit(clock, log);
  const leaving = createLeaving();
  const boot = randomBytes(6).toString("hex");
  const common = { clock, log, random: seededRandom(randomBytes(4).readUInt32LE()) };
  const { broker, password, tillToken } = await readSecrets(config, environment);
  const counters = await loadCounterUnits({ config, site, ...common });
  const scanners = createScannerUnits({ config, run: boot, clock, log });
  // Not asked for their pictures here: a camera that is away must not hold up the gateway.
  const choices = await cameraModels(loaded);
  const { outbox, past } = await openStores(loaded, environment, common);
  const preview = createPreview(config.preview, clock, log);
  const { watch, anchor, isClockAwaited } = await watchClock(clock, machine);
  const read = { boot, anchor, isClockAwaited, ...common };
  const loyalty = await loyaltyOf({ loaded, environment, outbox, ...past, ...read }, machine);
  const store = sitePlanFile(loaded.sitePath, clock);
  const tags = await openTagDesk(stateDir, { site, store, anchor, clock, log });
  const walking = new WalkMode({ site, store, clock, log });
  const { cameras, models, positioning, unknownDevices } = config;
  const radioDesk = new RadioDesk({ unknownDevices, anchor, fill: randomFillSync });
  const consent = loyalty?.health;
  const sensors = (ports: SensorPorts) => {
    const sources = adapterRadios(config.radios, machine, { onDead: exit.onDead, ...common });
    const members = loyalty?.members ?? undefined;
    const { lagMs } = positioning;
    const located = { site, ...tags.desk.known(), members, lagMs, run: boot, clock };
    const radio = scanners.radio({ sources, driver: null, ...located }, ports);
    loyalty?.listen(ports.onEvent);
    tags.desk.follow(walking.calibrated(radio.input));
    if (radio.units.length > 0) walking.follow(radio.input);
    // What scanners on the network tell is no packet, so it cannot be recorded as one.
    if (sources.length > 0) radioDesk.follow(radio.input);
    return [
      ...cameraUnits({ cameras, site, choices, slots: models.slots, preview, ...common }, ports),
      ...counters.units(ports),
      ...radio.units,
    ];
  };
  const gateway = composeGateway({
    ...{ site, outbox, broker, tillToken, walking, loyalty, sensors, ...read },
    gatewayId: config.gateway.id,
    history: past.history,
    topicRoot: config.mqtt?.root ?? "vitrine",
    version: readVersion(),
    notices: [...tags.notices, ...past.notices],
    tags: tags.desk,
    radio: radioDesk,
    fleet: fleetOf({ loaded, base: fleetBase, consent, outbox, ...read }, leaving),
    attach: (link) => {
      for (const part of [counters, scanners, announced(loaded, outbox)]) part.attach(link);
      loyalty?.attach(link);
    },
  });
  const { services: recognition = [], station } = loyalty ?? {};
  const shown = { source: gateway.dashboard, preview, password, station, clock, log };
  const page = await pagesOf(config.web, shown);
  const services = [watch, preview, ...gateway.sources, ...recognition, ...gateway.sinks, ...page];
  const supervisor = new Supervisor({ services, ...common });
  const signs = createLifeSigns({ environment, outbox, clock, log });
  try {
    await keepRunning(supervisor, signs, terminal.signal, [exit, leaving]);
  } finally {
    for (const file of [loyalty, outbox, past.history]) file?.close();
  }
}

/** Loyalty, where it is switched on, or was and left consents behind; elsewhere not even its code is loaded. */
async function loyaltyOf(
  deps: Omit<LoyaltyUnitDeps, "loyalty" | "station" | "isResting">,
  { station }: MachineParts,
): Promise<LoyaltyUnit | null> {
  const { config, stateDir } = deps.loaded;
  const isLeft = existsSync(join(stateDir, "consent.db"));
  const resting = isLeft ? restingLoyalty(config.loyalty) : null;
  const loyalty = activeLoyalty(config.loyalty) ?? resting;
  if (loyalty === null) return null;
  const { openLoyaltyUnit } = await import("./loyalty-unit.ts");
  const parts = { ...deps, loyalty, isResting: resting !== null };
  return openLoyaltyUnit({ ...parts, ...(station === undefined ? {} : { station }) });
}

/** What Home Assistant is told, or what it was told and is not any more. */
function announced({ config, site }: LoadedConfig, outbox: Outbox): HomeAssistant {
  const { cameras, radios, scanners, counters, gateway, mqtt } = config;
  const sensorIds = [...cameras, ...radios, ...scanners, ...counters].map(({ id }) => String(id));
  const root = mqtt?.root ?? "vitrine";
  const { enabled, prefix } = mqtt?.homeAssistant ?? { enabled: false, prefix: "homeassistant" };
  const shown = { root, gatewayId: gateway.id, storeName: site.store.name, version: readVersion() };
  return new HomeAssistant({ enabled, prefix, gateway: { ...shown, sensorIds }, outbox });
}

/** Both clocks, with the state of the wall clock as it is known from the first reading on. */
async function watchClock(
  clock: Clock,
  { clockSigns }: MachineParts,
): Promise<
  { readonly watch: ClockWatch } & Required<Pick<GatewayDeps, "anchor" | "isClockAwaited">>
> {
  const watch = createClockWatch(clock, clockSigns);
  await watch.refresh();
  const anchor = (): TimeAnchor => anchorOf(clock, watch.state);
  return { watch, anchor, isClockAwaited: () => watch.isAwaited };
}

/** Builds the fleet part on a gateway's ports. */
function fleetOf(
  deps: Omit<FleetUnitDeps, "version" | "leave" | "setLogLevel" | "log"> & {
    readonly log: LevelledLog;
  },
  { leave }: Leaving,
): NonNullable<GatewayDeps["fleet"]> {
  const setLogLevel = (level: LogLevel): void => {
    deps.log.level = level;
  };
  return (ports) => createFleetUnit({ ...deps, version: readVersion(), leave, setLogLevel }, ports);
}

/**
 * Until somebody asks it to stop, or there is another reason to leave.
 * @throws RADIO_DEAD, RESTART_WANTED after everything was stopped in order
 */
async function keepRunning(
  supervisor: Supervisor,
  signs: LifeSigns,
  asked: AbortSignal,
  exits: readonly Pick<DeadRadioExit | Leaving, "signal" | "fault">[],
): Promise<void> {
  try {
    await supervisor.start();
    signs.ready();
    await stopRequested(AbortSignal.any([asked, ...exits.map(({ signal }) => signal)]));
  } finally {
    signs.stopping();
    await supervisor.stop();
  }
  for (const { fault } of exits) if (fault !== null) throw fault;
}

/** The dashboard, unless it is switched off. */
async function pagesOf(
  { enabled, host, port }: LoadedConfig["config"]["web"],
  shown: Omit<PageOptions, "host" | "port" | "mayMovePort">,
): Promise<readonly Service[]> {
  return enabled ? [await createPage({ ...shown, host, port, mayMovePort: false })] : [];
}

function adapterRadios(
  radios: LoadedConfig["config"]["radios"],
  { openSocket }: MachineParts,
  common: Pick<NobleRadioOptions, "onDead" | "clock" | "log" | "random">,
): readonly NobleRadio[] {
  return radios.map(({ id, adapter, scan, restartAfterMs }) =>
    createNobleRadio({
      receiverId: id,
      adapter,
      scan,
      deadAfterMs: restartAfterMs,
      ...(openSocket === undefined ? {} : { openSocket }),
      ...common,
    }),
  );
}

/** Resolves when the signal aborts. Keeps the process alive meanwhile. */
export function stopRequested(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const alive = setInterval(() => undefined, 60_000);
    const stop = (): void => {
      clearInterval(alive);
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** The files of the state folder that a gateway holds open while it lives. */
async function openStores(
  { config, stateDir }: LoadedConfig,
  environment: Terminal["environment"],
  common: Pick<OutboxOptions, "clock" | "log" | "random">,
): Promise<{ readonly outbox: Outbox; readonly past: Past }> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, "outbox.db");
  const onStep = createStepSigns({ environment, ...common });
  const outbox = openOutbox({ ...config.outbox, path, onStep, ...common });
  return { outbox, past: openPast(stateDir, common.clock, common.log) };
}

/** What must not stand in the configuration itself; null where there is none. */
async function readSecrets(
  { mqtt, web, till }: LoadedConfig["config"],
  environment: Terminal["environment"],
): Promise<{
  readonly broker: BrokerAccess | null;
  readonly password: string | null;
  readonly tillToken: string | null;
}> {
  return {
    broker: mqtt === undefined ? null : await brokerAccess(mqtt, environment),
    password: await readSecret(web.passwordFile, environment["VITRINE_WEB_PASSWORD"]),
    tillToken: await readSecret(till.tokenFile, environment["VITRINE_TILL_TOKEN"]),
  };
}

async function brokerAccess(
  mqtt: MqttConfig,
  environment: Terminal["environment"],
): Promise<BrokerAccess> {
  const { url, username, caFile, certFile, keyFile } = mqtt;
  const password = await readSecret(mqtt.passwordFile, environment["VITRINE_MQTT_PASSWORD"]);
  return {
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === null || password === "" ? {} : { password }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
}
