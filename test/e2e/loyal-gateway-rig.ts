import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { epochOf, loyaltyId, shortAdvertisement } from "../../docs/app-developers/loyalty-id.ts";
import type { CloudEvent } from "../../src/wire/cloud-event.ts";
import { clock, freePort, until } from "./delivery-rig.ts";

/** Somebody's, always there: a receiver that hears nothing at all is blind. */
export const HEADSET = { address: "c5a1b2c3d4e5", payload: "020106" };
export const TOKEN = "token-of-the-station-page";

/** Everything that came out of a gateway, by where. */
export interface Output {
  readonly where: string;
  readonly bytes: Buffer;
}

const SITE = {
  v: 1,
  store: { id: "shop1", name: "Acme North", timeZone: "UTC", currency: "EUR" },
  receivers: [
    { id: "till", name: "Till", xM: 1, yM: 1, zM: 2 },
    { id: "door", name: "Door", xM: 9, yM: 1, zM: 2 },
    { id: "back", name: "Back", xM: 5, yM: 7, zM: 2 },
  ],
  floor: {
    outline: [
      [0, 0],
      [10, 0],
      [10, 8],
      [0, 8],
    ],
    zones: [],
  },
};

const LOYALTY = {
  ...{ enabled: true, tenantId: "acme", storeGroup: "north" },
  controller: { name: "Acme A/S", contact: "privacy@acme.example" },
};

/** A gateway with loyalty in a process of its own, as `vitrine run` has it; see test/fakes/loyal-gateway-child.ts. */
export class LoyalGateway {
  readonly outputs: Output[] = [];
  readonly base: string;
  readonly #folder: string;
  readonly #file: string;
  #child: ChildProcess | null = null;

  /** Writes its files. `loyalty` is put over a section with faces off. */
  static async write(folder: string, mqttUrl: string, loyalty: object): Promise<LoyalGateway> {
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const gateway = new LoyalGateway(folder, port);
    writeFileSync(join(folder, "site.json"), JSON.stringify(SITE));
    const config = {
      ...{ gateway: { id: "gw1" }, site: "site.json", stateDir: "state", mqtt: { url: mqttUrl } },
      radios: SITE.receivers.map(({ id }, adapter) => ({ id, adapter })),
      ...{ positioning: { lagMs: 1000 }, fleet: { healthMs: 1000 }, log: { level: "debug" } },
      ...{ web: { port }, loyalty: { ...LOYALTY, ...loyalty } },
    };
    writeFileSync(gateway.#file, JSON.stringify(config));
    return gateway;
  }

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#file = join(folder, "gateway.yaml");
    this.base = `http://127.0.0.1:${port}`;
  }

  get configPath(): string {
    return this.#file;
  }

  get stateDir(): string {
    return join(this.#folder, "state");
  }

  async start(): Promise<void> {
    const script = join(import.meta.dirname, "../fakes/loyal-gateway-child.ts");
    const env = { ...process.env, VITRINE_STATION_TOKEN: TOKEN };
    const child = spawn(process.execPath, ["--import", "tsx", script, this.#file], { env });
    this.#child = child;
    for (const [where, stream] of Object.entries({ stdout: child.stdout, stderr: child.stderr }))
      stream.on("data", (bytes: Buffer) => this.outputs.push({ where, bytes }));
    await until(
      "the station answers",
      async () => {
        if (child.exitCode !== null) throw new Error(`left: ${this.said()}`);
        return await this.ask("").then(
          () => true,
          () => false,
        );
      },
      60_000,
    );
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null) return;
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await once(child, "exit");
    clearTimeout(late);
  }

  /** An order to the process: what is on the air, or how far its clocks leap ahead. */
  order(order: object): void {
    this.#child?.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** What it printed so far. */
  said(): string {
    return this.outputs
      .filter(({ where }) => where.startsWith("std"))
      .map(({ bytes }) => bytes.toString())
      .join("");
  }

  /** Asks the station as its page does; posts where there is a body. Every answer is kept. */
  async ask(path: string, body?: object): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const post = { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(`${this.base}/api/station${path}`, {
      headers,
      ...(body === undefined ? {} : post),
    });
    return JSON.parse(await this.#kept(`/api/station${path}`, answer)) as Record<string, unknown>;
  }

  async page(path: string): Promise<string> {
    return await this.#kept(path, await fetch(`${this.base}${path}`));
  }

  /** Somebody joins at the station, without the face; returns the code that they get. */
  async join(): Promise<string> {
    const purpose = "loyalty-beacon";
    const sha256 = await this.#sha256Of(purpose);
    const wish = { language: "en", isAdult: true, purposes: [{ purpose, sha256 }] };
    return String((await this.ask("/join", wish))["code"]);
  }

  async enrol(code: string): Promise<Record<string, unknown>> {
    const sha256 = await this.#sha256Of("loyalty-face");
    return await this.ask("/enrol", { code, language: "en", isAdult: true, sha256 });
  }

  /** What stands in the folder of the gateway and in everything that came out of it so far. */
  async searched(): Promise<readonly Output[]> {
    const files: Output[] = [];
    for (const name of await readdir(this.#folder, { recursive: true })) {
      const bytes = await readFile(join(this.#folder, name)).catch(() => null);
      if (bytes !== null) files.push({ where: `file ${name}`, bytes });
    }
    return [...files, ...this.outputs];
  }

  async #sha256Of(purpose: string): Promise<string> {
    const facts = (await this.ask("?language=en")) as {
      readonly purposes: readonly { readonly purpose: string; readonly sha256: string }[];
    };
    return facts.purposes.find((one) => one.purpose === purpose)?.sha256 ?? "";
  }

  async #kept(where: string, answer: Response): Promise<string> {
    const text = await answer.text();
    this.outputs.push({ where, bytes: Buffer.from(text) });
    return text;
  }
}

/** What somebody carries, from an address of its own, beside a headset that is always there; as an order to the child. */
export async function airOf(appKey: Uint8Array<ArrayBuffer>, address: string): Promise<object> {
  const id = await loyaltyId(appKey, "north", epochOf(clock.now()));
  const payload = Buffer.from(shortAdvertisement(id, -59)).toString("hex");
  return { air: [{ address, payload }, HEADSET] };
}

/** Asks the station until it says so, four times a second: it serves people, and refuses whoever asks much faster. */
export async function untilSaid(
  what: string,
  isSaid: () => Promise<boolean>,
  limitMs = 90_000,
): Promise<void> {
  const patiently = async (): Promise<boolean> => {
    const said = await isSaid();
    if (!said) await new Promise((resolve) => setTimeout(resolve, 250));
    return said;
  };
  await until(what, patiently, limitMs);
}

/** Runs `vitrine` beside the gateway, as staff do. @throws what it says when it fails */
export async function staff(...args: readonly string[]): Promise<void> {
  const entry = join(import.meta.dirname, "../../src/app/main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", entry, ...args]);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      text += String(chunk);
    });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${args.join(" ")}: ${text}`);
}

/** As bytes and as the texts that bytes are written as. */
export function spellings(secret: Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const texts = [hex, hex.toUpperCase(), bytes.toString("base64url"), bytes.toString("base64")];
  return [bytes, ...texts.map((text) => Buffer.from(text.replace(/=+$/, "")))];
}

/** Hears everything that is said over a broker. */
export class Listener {
  readonly heard: { readonly topic: string; readonly bytes: Buffer }[] = [];
  readonly client: MqttClient;

  private constructor(client: MqttClient) {
    this.client = client;
  }

  static async on(url: string): Promise<Listener> {
    const listener = new Listener(await connectAsync(url));
    listener.client.on("message", (topic, bytes) => void listener.heard.push({ topic, bytes }));
    await listener.client.subscribeAsync("#", { qos: 1 });
    return listener;
  }

  /** Events of a type that the gateway told the centre, each once however often it was sent. */
  events(type: string): readonly CloudEvent[] {
    const events = this.heard
      .filter(({ topic }) => topic.endsWith("/up/ev"))
      .flatMap(({ bytes }) => (JSON.parse(bytes.toString()) as { ev: CloudEvent[] }).ev)
      .filter((event) => event.type === `vitrine.${type}`);
    return [...new Map(events.map((event) => [event.id, event])).values()];
  }

  /** The latest health that was told; null before the first. */
  health(): Record<string, Record<string, unknown>> | null {
    const last = this.heard.filter(({ topic }) => topic.endsWith("/up/health")).at(-1);
    return last === undefined ? null : JSON.parse(last.bytes.toString());
  }
}
