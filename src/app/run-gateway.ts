import { randomBytes, randomFillSync } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { MqttConfig } from "../config/gateway.ts";
import type { Clock } from "../core/clock.ts";
import type { Service } from "../core/lifecycle.ts";
import { seededRandom } from "../core/random.ts";
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
import { type BrokerAccess, composeGateway, type SensorPorts } from "./compose.ts";
import { type LoadedConfig, readSecret } from "./config-files.ts";
import { loadCounterUnits } from "./counter-units.ts";
import { createPage, type PageOptions } from "./dashboard-page.ts";
import { createDeadRadioExit, type DeadRadioExit } from "./dead-radio.ts";
import { openPast, type Past } from "./history/open-past.ts";
import { createLogger } from "./logger.ts";
import { cameraModels } from "./models-at-hand.ts";
import { RadioDesk } from "./radio-desk.ts";
import { createScannerUnits } from "./scanner-units.ts";
import { Supervisor } from "./supervisor.ts";
import { anchorOf, createSystemClock, readClockState } from "./system-clock.ts";
import { openTagDesk } from "./tags/open-tag-desk.ts";
import type { Terminal } from "./terminal.ts";
import { readVersion } from "./version.ts";
import { WalkMode } from "./walk/walk-mode.ts";

/** What a test puts in the place of the machine. */
export interface MachineParts {
  readonly clock?: Clock;
  readonly openSocket?: NobleRadioOptions["openSocket"];
}

/**
 * Runs a gateway until the terminal asks it to stop, then drains and returns.
 * @throws the faults of configuration, ports and secrets, and RADIO_DEAD for the supervisor to start it anew; everything
 * else is retried and shown as a state
 */
export async function runGateway(
  loaded: LoadedConfig,
  terminal: Terminal,
  machine: MachineParts = {},
): Promise<void> {
  const { config, site, stateDir } = loaded;
  const { environment } = terminal;
  const log = createLogger(config.log.level, process.stdout);
  const clock = machine.clock ?? createSystemClock();
  const exit = createDeadRadioExit(clock, log);
  const boot = randomBytes(6).toString("hex");
  const random = seededRandom(randomBytes(4).readUInt32LE());
  const common = { clock, log, random };
  const { broker, password, tillToken } = await readSecrets(config, environment);
  const counters = await loadCounterUnits({ config, site, clock, log, random });
  const scanners = createScannerUnits({ config, run: boot, clock, log });
  // Not asked for their pictures here: a camera that is away must not hold up the gateway.
  const choices = await cameraModels(loaded);
  const { outbox, past } = await openStores(loaded, common);
  const preview = createPreview(config.preview, clock, log);
  const anchor = () => anchorOf(clock, readClockState());
  const store = sitePlanFile(loaded.sitePath, clock);
  const tags = await openTagDesk(stateDir, { site, store, anchor, clock, log });
  const walking = new WalkMode({ site, store, clock, log });
  const { unknownDevices } = config;
  const radioDesk = new RadioDesk({ unknownDevices, anchor, fill: randomFillSync });
  const sensors = (ports: SensorPorts) => {
    const { cameras, models, positioning } = config;
    const sources = adapterRadios(config.radios, machine, { onDead: exit.onDead, ...common });
    const located = { site, ...tags.desk.known(), lagMs: positioning.lagMs, run: boot, clock };
    const radio = scanners.radio({ sources, driver: null, ...located }, ports);
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
    gatewayId: config.gateway.id,
    site,
    outbox,
    history: past.history,
    broker,
    topicRoot: config.mqtt?.root ?? "vitrine",
    boot,
    version: readVersion(),
    notices: [...tags.notices, ...past.notices],
    tillToken,
    tags: tags.desk,
    radio: radioDesk,
    walking,
    sensors,
    attach: (link) => {
      for (const part of [counters, scanners]) part.attach(link);
    },
    anchor,
    ...common,
  });
  const shown = { source: gateway.dashboard, preview, password, clock, log };
  const page = await pagesOf(config.web, shown);
  const services = [preview, ...gateway.sources, ...gateway.sinks, ...page];
  const supervisor = new Supervisor({ services, ...common });
  try {
    await keepRunning(supervisor, terminal.signal, exit);
  } finally {
    for (const file of [outbox, past.history]) file?.close();
  }
}

/** Until somebody asks it to stop, or a radio is dead. @throws RADIO_DEAD after everything was stopped in order */
async function keepRunning(
  supervisor: Supervisor,
  asked: AbortSignal,
  exit: DeadRadioExit,
): Promise<void> {
  try {
    await supervisor.start();
    await stopRequested(AbortSignal.any([asked, exit.signal]));
  } finally {
    await supervisor.stop();
  }
  if (exit.fault !== null) throw exit.fault;
}

/** The dashboard, unless it is switched off. */
async function pagesOf(
  { enabled, host, port }: LoadedConfig["config"]["web"],
  shown: Pick<PageOptions, "source" | "preview" | "password" | "clock" | "log">,
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
  common: Pick<OutboxOptions, "clock" | "log" | "random">,
): Promise<{ readonly outbox: Outbox; readonly past: Past }> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, "outbox.db");
  const outbox = openOutbox({ ...config.outbox, path, ...common });
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
