import { randomBytes, randomFillSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Central, createCentral } from "../../central/central.ts";
import { type GatewayConfig, parseGatewayConfig } from "../../config/gateway.ts";
import { gatewayId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { describeFaults, GatewayError } from "../../core/errors.ts";
import type { JourneyEvent, LivePeople } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import { seededRandom } from "../../core/random.ts";
import type { SitePlan } from "../../core/site.ts";
import { createEmbeddedBroker } from "../../io/mqtt/embedded-broker.ts";
import { type Outbox, openOutbox } from "../../io/outbox/outbox.ts";
import { createPreview, type PreviewHub } from "../../io/preview/preview-hub.ts";
import { createDemoRadio } from "../../io/radio/demo-radio.ts";
import { sitePlanInMemory } from "../../io/site/site-plan-file.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import { loadChainUi } from "../../web/bundle.ts";
import { cameraUnits } from "../camera-units.ts";
import { composeGateway, type Gateway, type SensorPorts } from "../compose.ts";
import { createPage } from "../dashboard-page.ts";
import { createDrain } from "../drain.ts";
import { modelsForCameras } from "../models-at-hand.ts";
import { RadioDesk } from "../radio-desk.ts";
import { createRadioPart } from "../radio-units.ts";
import { stopRequested } from "../run-gateway.ts";
import type { SensorUnit } from "../sensor-board.ts";
import { Supervisor } from "../supervisor.ts";
import { anchorOf, createSystemClock, readClockState } from "../system-clock.ts";
import { openTagDesk } from "../tags/open-tag-desk.ts";
import type { Terminal } from "../terminal.ts";
import { readVersion } from "../version.ts";
import { WalkMode } from "../walk/walk-mode.ts";
import type { DemoSetting } from "./demo-setting.ts";
import { createDemoTill } from "./demo-till.ts";
import { GeneratedCamera } from "./generated-camera.ts";

export interface DemoOptions {
  readonly site: SitePlan;
  readonly setting: DemoSetting;
  readonly modelsDir: string;
  readonly profile: "default" | "permissive";
  readonly port: number;
  /** Whether another port is taken when this one is in use. */
  readonly mayMovePort: boolean;
  readonly seed: number;
  readonly log: Log;
  /** Days that the demonstration begins with, oldest event first. */
  readonly past?: Iterable<JourneyEvent>;
}

const GATEWAY = gatewayId("demo");
const ROOT = "vitrine";
const DRAIN_MS = 4_000;

/** What every part of the demonstration is built on. */
interface DemoBase {
  readonly options: DemoOptions;
  readonly clock: Clock;
  readonly random: () => number;
  readonly boot: string;
  readonly stateDir: string;
  readonly config: GatewayConfig;
  readonly outbox: Outbox;
  readonly brokerUrl: string;
  readonly preview: PreviewHub;
}

/** Runs gateway, broker, centre and dashboard in this process until asked to stop; leaves nothing behind. */
export async function runDemo(options: DemoOptions, terminal: Terminal): Promise<void> {
  const { log } = options;
  const clock = createSystemClock();
  const random = seededRandom(randomBytes(4).readUInt32LE());
  const boot = randomBytes(6).toString("hex");
  const stateDir = await mkdtemp(join(tmpdir(), "vitrine-demo-"));
  const config = demoConfig(options, stateDir);
  const path = join(stateDir, "outbox.db");
  const outbox = openOutbox({ ...config.outbox, path, clock, log, random });
  const broker = createEmbeddedBroker({ port: 0, log });
  let supervisor: Supervisor | null = null;
  try {
    await broker.start(terminal.signal);
    const brokerUrl = broker.url;
    const preview = createPreview(config.preview, clock, log);
    const base = { options, clock, random, boot, stateDir, config, outbox, brokerUrl, preview };
    const gateway = await demoGateway(base, terminal);
    const central = demoCentre(base);
    const page = await createPage({
      ...options,
      source: gateway.dashboard,
      preview,
      host: "127.0.0.1",
      password: null,
      clock,
    });
    const services = inOrder(base, gateway, [page, central]);
    supervisor = new Supervisor({ services, clock, log, random });
    await supervisor.start();
    announce(terminal, options, { page: page.url, broker: broker.url, central });
    await stopRequested(terminal.signal);
    terminal.note("stopping: sensors first, then what is still waiting goes to the centre");
  } finally {
    await supervisor?.stop();
    outbox.close();
    await broker[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true, force: true });
  }
}

async function demoGateway(base: DemoBase, terminal: Terminal): Promise<Gateway> {
  const { options, clock, random, boot, config, outbox } = base;
  const { log, seed, site, setting, modelsDir } = options;
  const models = await modelsForCameras({ config, modelsDir }, clock, log);
  const { tags, receivers, floor } = site;
  const radio = createDemoRadio({ seed, tags, receivers, floor, clock, log });
  const walking = new WalkMode({ site, store: null, clock, log });
  const anchor = () => anchorOf(clock, readClockState());
  const { unknownDevices } = config;
  const radioDesk = new RadioDesk({ unknownDevices, anchor, fill: randomFillSync });
  const { id, name, timeZone } = site.store;
  // Imports last as long as the demonstration: its plan is part of the package.
  const store = sitePlanInMemory({ v: 1, store: { id, name, timeZone }, tags: [...tags] });
  const registered = await openTagDesk(base.stateDir, { site, store, anchor, clock, log });
  const sensors = (ports: SensorPorts): readonly SensorUnit[] => {
    const watched = { ...ports, onPeople: sayFirst(terminal, clock, ports.onPeople) };
    const cameras =
      setting.video === null
        ? generatedUnits(options, boot, clock, random, watched)
        : cameraUnits({ ...base, cameras: config.cameras, site, models, log }, watched);
    const heard = { sources: radio.sources, driver: radio, site, run: boot, clock };
    const part = createRadioPart({ ...heard, ...registered.desk.known() }, ports);
    registered.desk.follow(part.input);
    for (const desk of [radioDesk, walking]) desk.follow(part.input);
    return [...cameras, ...part.units];
  };
  return composeGateway({
    gatewayId: GATEWAY,
    site,
    outbox,
    broker: { url: base.brokerUrl },
    topicRoot: ROOT,
    boot,
    version: readVersion(),
    notices: setting.notices,
    walking,
    radio: radioDesk,
    tags: registered.desk,
    sensors,
    past: options.past ?? [],
    anchor,
    clock,
    log,
    random,
  });
}

function demoCentre(base: DemoBase): Central {
  const { options, clock, random } = base;
  return createCentral({
    store: `sqlite:${join(base.stateDir, "central.db")}`,
    mqttUrl: base.brokerUrl,
    root: ROOT,
    http: { host: "127.0.0.1", port: 0 },
    sites: [options.site],
    metricsOf: (site) => createMetrics({ site }),
    page: () => loadChainUi(),
    clock,
    log: options.log,
    random,
  });
}

/** Data-path order: the till and the sensors, the drain, the way out, then those who read. */
function inOrder(
  base: DemoBase,
  gateway: Gateway,
  readers: readonly Service[],
): readonly Service[] {
  const { options, brokerUrl, boot, clock, random, outbox } = base;
  const { log } = options;
  const link = { url: brokerUrl, root: ROOT, gatewayId: GATEWAY };
  const till = createDemoTill({ ...link, boot, clock, log, random });
  const waiting = (): number => outbox.stats().waiting + outbox.stats().pending;
  const drain = createDrain(waiting, DRAIN_MS, clock);
  return [till, base.preview, ...gateway.sources, drain, ...gateway.sinks, ...readers];
}

function demoConfig(options: DemoOptions, stateDir: string): GatewayConfig {
  const camera = options.site.cameras[0];
  const video = options.setting.video;
  const cameras =
    camera === undefined || video === null
      ? []
      : [{ id: camera.id, source: video, fps: 8, loop: true }];
  const outcome = parseGatewayConfig({
    gateway: { id: GATEWAY },
    site: "site.json",
    stateDir,
    cameras,
    // Listens on loopback only and hides people: the demonstration shows what Set-up can do.
    preview: { enabled: true, pixelate: true },
    models: { dir: options.modelsDir, profile: options.profile },
  });
  if (!outcome.ok) throw new GatewayError("CONFIG_INVALID", describeFaults(outcome.error));
  return outcome.value;
}

function generatedUnits(
  options: DemoOptions,
  run: string,
  clock: Clock,
  random: () => number,
  ports: SensorPorts,
): readonly SensorUnit[] {
  return options.site.cameras.slice(0, 1).map((plan) => ({
    sensorId: plan.id,
    kind: "camera" as const,
    name: `${plan.name} (generated people)`,
    service: new GeneratedCamera({ plan, run, clock, random, ...ports }),
    facts: () => [["source", "generated people"]],
  }));
}

/** Says once, on the way through, how long it took until somebody was seen. */
function sayFirst(
  terminal: Terminal,
  clock: Clock,
  next: (people: LivePeople) => void,
): (people: LivePeople) => void {
  const startedMono = clock.mono();
  let isFirst = true;
  return (seen) => {
    if (isFirst && seen.people.length > 0) {
      isFirst = false;
      const seconds = ((clock.mono() - startedMono) / 1000).toFixed(1);
      terminal.note(`first people seen ${seconds} s after the start: ${seen.people.length}`);
    }
    next(seen);
  };
}

function announce(
  terminal: Terminal,
  options: DemoOptions,
  at: { readonly page: string | null; readonly broker: string; readonly central: Central },
): void {
  const camera = options.setting.video ?? "generated people";
  terminal.print(
    [
      "",
      `  Dashboard   ${at.page}`,
      `  Centre      ${at.central.url}/`,
      `  Broker      ${at.broker}  (topics under ${ROOT}/v1/${GATEWAY}/)`,
      `  Camera      ${camera}`,
      `  Radio       ${options.site.receivers.length} receiver(s), generated packets through the real stack`,
      "  Till        generated receipts on in/pos",
      ...options.setting.notices.map((notice) => `  Note        ${notice}`),
      "",
      "  Ctrl-C drains and stops.",
      "",
    ].join("\n"),
  );
}
