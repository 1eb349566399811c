import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { MqttConfig } from "../config/gateway.ts";
import { seededRandom } from "../core/random.ts";
import { openOutbox } from "../io/outbox/outbox.ts";
import { createPreview } from "../io/preview/preview-hub.ts";
import { createNobleRadio } from "../io/radio/noble-radio.ts";
import { cameraUnits } from "./camera-units.ts";
import { type BrokerAccess, composeGateway, type SensorPorts } from "./compose.ts";
import { type LoadedConfig, readSecret } from "./config-files.ts";
import { loadCounterUnits } from "./counter-units.ts";
import { createPage } from "./dashboard-page.ts";
import { createLogger } from "./logger.ts";
import { cameraModels } from "./models-at-hand.ts";
import { radioUnits } from "./radio-units.ts";
import { Supervisor } from "./supervisor.ts";
import { anchorOf, createSystemClock, readClockState } from "./system-clock.ts";
import type { Terminal } from "./terminal.ts";
import { readVersion } from "./version.ts";

/**
 * Runs a gateway until the terminal asks it to stop, then drains and returns.
 * @throws the faults of configuration, ports and secrets; everything else is retried and shown as a state
 */
export async function runGateway(loaded: LoadedConfig, terminal: Terminal): Promise<void> {
  const { config, site, stateDir } = loaded;
  const { environment } = terminal;
  const log = createLogger(config.log.level, process.stdout);
  const clock = createSystemClock();
  const boot = randomBytes(6).toString("hex");
  const random = seededRandom(randomBytes(4).readUInt32LE());
  const broker = config.mqtt === undefined ? null : await brokerAccess(config.mqtt, environment);
  const password = await readSecret(config.web.passwordFile, environment["VITRINE_WEB_PASSWORD"]);
  const counters = await loadCounterUnits({ config, site, clock, log, random });
  // Not asked for their pictures here: a camera that is away must not hold up the gateway.
  const choices = await cameraModels(loaded);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const { capBytes, commitMs } = config.outbox;
  const path = join(stateDir, "outbox.db");
  const outbox = openOutbox({ path, capBytes, commitMs, clock, log, random });
  const preview = createPreview(config.preview, clock, log);
  const sensors = (ports: SensorPorts) => {
    const sources = config.radios.map(({ id, adapter }) =>
      createNobleRadio({ receiverId: id, adapter, clock, log, random }),
    );
    return [
      ...cameraUnits(
        {
          cameras: config.cameras,
          site,
          choices,
          slots: config.models.slots,
          preview,
          clock,
          log,
          random,
        },
        ports,
      ),
      ...counters.units(ports),
      ...radioUnits({ sources, driver: null, site, run: boot, clock }, ports),
    ];
  };
  const gateway = composeGateway({
    gatewayId: config.gateway.id,
    site,
    outbox,
    broker,
    topicRoot: config.mqtt?.root ?? "vitrine",
    boot,
    version: readVersion(),
    notices: [],
    sensors,
    attach: counters.attach,
    anchor: () => anchorOf(clock, readClockState()),
    clock,
    log,
    random,
  });
  const { enabled, host, port } = config.web;
  const source = gateway.dashboard;
  const door = { host, port, mayMovePort: false, password };
  const page = enabled ? [await createPage({ source, preview, ...door, clock, log })] : [];
  const services = [preview, ...gateway.sources, ...gateway.sinks, ...page];
  const supervisor = new Supervisor({ services, clock, log, random });
  try {
    await supervisor.start();
    await stopRequested(terminal.signal);
  } finally {
    await supervisor.stop();
    outbox.close();
  }
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
