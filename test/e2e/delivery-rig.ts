import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { type Central, createCentral } from "../../src/central/central.ts";
import { cameraId, gatewayId, lineId, monoMs, storeId, trackId } from "../../src/core/brand.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import { type Log, SILENT_LOG } from "../../src/core/lifecycle.ts";
import { Delivery, gatewayWill } from "../../src/io/mqtt/delivery.ts";
import { createEmbeddedBroker } from "../../src/io/mqtt/embedded-broker.ts";
import { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
import { type Outbox, openOutbox } from "../../src/io/outbox/outbox.ts";

export const clock = createSystemClock();
/** Short pauses between connection attempts, so that a test of recovery is quick. */
export const QUICK_RETRY = { baseMs: 50, capMs: 300, factor: 2, jitterRatio: 0.5 };

export function tempDir(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "vitrine-delivery-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Waits for a condition, looked at every 20 ms; fails after `limitMs` with the name. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const hasMosquitto = (): boolean =>
  spawnSync("mosquitto", ["-h"], { stdio: "ignore" }).error === undefined;

export interface TestBroker {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startAedes(port = 0): Promise<TestBroker> {
  const broker = createEmbeddedBroker({ port, log: SILENT_LOG });
  await broker.start(new AbortController().signal);
  return { url: broker.url, stop: () => broker[Symbol.asyncDispose]() };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

export async function startMosquitto(dir: string, port: number): Promise<TestBroker> {
  const file = join(dir, "mosquitto.conf");
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 10000\n`,
  );
  const child = spawn("mosquitto", ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.on("data", (chunk) => (text += String(chunk)));
  await until("mosquitto runs", () => {
    if (child.exitCode !== null) throw new Error(`mosquitto left: ${text}`);
    return text.includes("running");
  });
  return { url: `mqtt://127.0.0.1:${port}`, stop: () => stopped(child, "SIGTERM") };
}

export function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

export interface TestGateway {
  readonly outbox: Outbox;
  readonly link: MqttLink;
  readonly delivery: Delivery;
  stop(): Promise<void>;
}

export interface GatewaySetup {
  readonly path: string;
  readonly url: string | readonly string[];
  readonly boot: string;
  readonly id?: string;
  readonly commitMs?: number;
  readonly capBytes?: number;
  readonly log?: Log;
  /** Certificate to log in with. */
  readonly tls?: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
  readonly attach?: (link: MqttLink, outbox: Outbox) => void;
}

export async function startGateway(setup: GatewaySetup): Promise<TestGateway> {
  const log = setup.log ?? SILENT_LOG;
  const outbox = openOutbox({
    path: setup.path,
    capBytes: setup.capBytes ?? 256 * 1024 * 1024,
    commitMs: setup.commitMs ?? 20,
    clock,
    log,
    random: () => 0.5,
  });
  const gateway = gatewayId(setup.id ?? "gw1");
  const identity = {
    root: "vitrine",
    gatewayId: gateway,
    storeId: storeId("shop1"),
    boot: setup.boot,
    versions: { vitrine: "test" },
  };
  const link = new MqttLink({
    url: setup.url,
    ...setup.tls,
    clientId: gateway,
    // As the gateway does: RabbitMQ lets nobody subscribe anew whose passing queue was on a node that is dead now.
    clean: false,
    boot: setup.boot,
    will: (session) => gatewayWill(identity, outbox.epoch, session),
    retry: QUICK_RETRY,
    clock,
    log,
    random: () => 0.5,
  });
  const delivery = new Delivery({ identity, outbox, link, sensors: () => [], clock, log });
  setup.attach?.(link, outbox);
  const { signal } = new AbortController();
  await delivery.start(signal);
  await link.start(signal);
  const stop = async (): Promise<void> => {
    await delivery[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
    outbox.close();
  };
  return { outbox, link, delivery, stop };
}

export async function startCentral(
  path: string,
  url: string | readonly string[],
  extra: Partial<Parameters<typeof createCentral>[0]> = {},
): Promise<Central> {
  const central = createCentral({
    store: `sqlite:${path}`,
    mqttUrl: url,
    mqtt: { retry: QUICK_RETRY },
    root: "vitrine",
    http: { host: "127.0.0.1", port: 0 },
    clock,
    log: SILENT_LOG,
    random: () => 0.5,
    ...extra,
  });
  await central.start(new AbortController().signal);
  return central;
}

/** The n-th crossing of one source run; every third is an exit, which is urgent. */
export function crossing(n: number, run: string): JourneyEvent {
  const isExit = n % 3 === 2;
  return {
    kind: isExit ? "exited" : "entered",
    source: `camera:door#${run}`,
    seq: n,
    at: clock.now(),
    atMono: monoMs(performance.now()),
    clock: "synced",
    cameraId: cameraId("door"),
    lineId: lineId("door-line"),
    role: "door",
    trackId: trackId(n),
    direction: isExit ? "out" : "in",
    confidence: 0.9,
    path: [],
  };
}
