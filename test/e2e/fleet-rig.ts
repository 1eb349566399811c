import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { GatewayError } from "../../src/core/errors.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
import { clock, QUICK_RETRY, stopped, until } from "./delivery-rig.ts";

const root = join(import.meta.dirname, "../..");

/** One door, watched by a people counter on the network; a second camera that the plan knows and nobody configured. */
export const SHOP = {
  v: 1,
  store: { id: "shop1", name: "Shop", timeZone: "UTC" },
  cameras: [
    {
      id: "door",
      name: "Door",
      lines: [{ id: "in", name: "In", role: "door", a: [0.2, 0.5], b: [0.8, 0.5] }],
    },
    { id: "spare", name: "Spare" },
  ],
};

/** Bundled once into the folder: dozens of starts through tsx would take longer than the tests. */
export async function bundleProgram(folder: string): Promise<string> {
  for (const path of ["node_modules", "package.json"])
    symlinkSync(join(root, path), join(folder, path));
  const outfile = join(folder, "src/app/main.mjs");
  await build({
    entryPoints: [join(root, "src/app/main.ts")],
    ...{ outfile, bundle: true, platform: "node", format: "esm", packages: "external" },
    target: "node20",
    logLevel: "error",
  });
  return outfile;
}

/** Writes the files of a gateway that takes wishes and tries them for `probationMs`. */
export function writeGateway(
  folder: string,
  url: string,
  probationMs: number,
  more: Readonly<Record<string, unknown>> = {},
): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "site.json"), JSON.stringify(SHOP));
  const path = join(folder, "gateway.yaml");
  const config = {
    ...{ gateway: { id: "gw1" }, site: "site.json", stateDir: "state" },
    mqtt: { url },
    web: { enabled: false },
    counters: [{ id: "door", format: "generic", via: { kind: "mqtt" }, silenceMs: 2000 }],
    fleet: { remote: true, probationMs, healthMs: 1000 },
    ...more,
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** `vitrine run` in a process of its own, started anew as systemd would when it leaves with 75. */
export class SupervisedGateway {
  readonly #program: string;
  readonly #path: string;
  #child: ChildProcess | null = null;
  #isWanted = true;
  /** How often it was started, and what it left with. */
  starts = 0;
  readonly exits: (number | null)[] = [];
  output = "";

  /** `program` as `bundleProgram` made it, and the gateway file. */
  constructor(program: string, path: string) {
    this.#program = program;
    this.#path = path;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): this {
    this.#isWanted = true;
    this.starts += 1;
    const child = spawn(process.execPath, [this.#program, "run", "--config", this.#path]);
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        this.output = `${this.output}${String(chunk)}`.slice(-20_000);
      });
    child.once("exit", (code) => {
      this.exits.push(code);
      if (this.#isWanted && code === 75) this.start();
    });
    return this;
  }

  /** Kills it at once and leaves it dead. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    if (this.#child !== null) await stopped(this.#child, "SIGKILL");
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    if (this.#child !== null) await stopped(this.#child, "SIGTERM");
  }
}

/** A client beside the gateway and the centre. */
export async function startClient(url: string, clientId: string): Promise<MqttLink> {
  const link = newClient(url, clientId);
  await open(link);
  return link;
}

/** The same, not started yet, so that it can subscribe first. */
export function newClient(url: string, clientId: string): MqttLink {
  return new MqttLink({
    ...{ url, clientId, clean: true, boot: clientId, will: null, retry: QUICK_RETRY },
    ...{ clock, log: SILENT_LOG, random: () => 0.5 },
  });
}

export async function open(link: MqttLink): Promise<void> {
  await link.start(new AbortController().signal);
  await until("a client connects", () => link.state.kind === "connected");
}

/** Publishes and waits for the broker. */
export function publish(
  link: MqttLink,
  topic: string,
  text: string,
  retain: boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    link.publish(topic, text, { qos: 1, retain }, (error) => {
      if (error === null) resolve();
      else reject(new GatewayError("BROKER_UNREACHABLE", "not sent", { cause: error }));
    });
  });
}

/** What makes the door see: a counter that says four times a second that nobody is there. */
export class DoorCounter {
  isOn = true;
  readonly #timer: NodeJS.Timeout;

  constructor(link: MqttLink) {
    this.#timer = setInterval(() => {
      const text = JSON.stringify({ v: 1, tMs: clock.now(), people: [] });
      const qos = { qos: 1, retain: false } as const;
      if (this.isOn) link.publish("vitrine/v1/gw1/in/track/door", text, qos);
    }, 250);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** What the state folder remembers; null when there is nothing. */
export function rememberedBy(folder: string): Record<string, unknown> | null {
  try {
    return JSON.parse(readFileSync(join(folder, "state/fleet.json"), "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
