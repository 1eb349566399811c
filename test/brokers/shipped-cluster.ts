import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Authority } from "./authority.ts";
import { withSbin } from "./mosquitto.ts";
import { freePorts, type NodeProcess, nodeProcess } from "./node-process.ts";

const SHIPPED = join(import.meta.dirname, "../../deploy");
const RABBIT = "/usr/lib/rabbitmq/bin";

/** One node of a cluster as it is shipped: certificates, and rights by topic for `central` and some gateways. */
export interface ShippedNode {
  readonly url: string;
  stop(): Promise<void>;
}

const shipped = (file: string): string => readFileSync(join(SHIPPED, file), "utf8");

function withFiles(text: string, authority: Authority, place: string): string {
  const broker = join(authority.folder, "localhost.");
  return text
    .replaceAll(`${place}/broker.`, broker)
    .replaceAll(`${place}/node.`, broker)
    .replaceAll(place, authority.folder);
}

async function untilPrinted(program: NodeProcess, words: RegExp): Promise<void> {
  while (!words.test(program.output)) {
    if (program.left !== null) throw new Error(`${program.left}: ${program.output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Starts one NATS server from the shipped file, without the other two nodes. */
export async function startShippedNats(
  folder: string,
  authority: Authority,
  gateways: readonly string[],
): Promise<ShippedNode> {
  mkdirSync(folder, { recursive: true });
  const [client = 0, mqtt = 0, monitor = 0] = await freePorts(3);
  const text = withFiles(shipped("nats/nats.conf"), authority, "/etc/nats/certificates")
    .replace("127.0.0.1:4222", `127.0.0.1:${client}`)
    .replace("127.0.0.1:8222", `127.0.0.1:${monitor}`)
    .replace("0.0.0.0:8883", `127.0.0.1:${mqtt}`)
    .replace("/var/lib/nats/jetstream", join(folder, "jetstream"))
    .replace(/^cluster \{[\s\S]*?^\}\n/m, "");
  const entry = /^ {4}\{ user: "CN=shop-017-a"[\s\S]*?\} \}\n/m.exec(text)?.[0] ?? "";
  const users = gateways.map((id) => entry.replaceAll("shop-017-a", id)).join("");
  const file = join(folder, "nats.conf");
  writeFileSync(file, text.replace(entry, users));
  const program = nodeProcess("nats-server", ["-c", file], withSbin());
  program.start();
  await untilPrinted(program, /Server is ready/);
  return { url: `mqtts://localhost:${mqtt}`, stop: () => program.stop() };
}

/** Starts one RabbitMQ node from the shipped files, without the other two, and gives the users their rights. */
export async function startShippedRabbitmq(
  folder: string,
  authority: Authority,
  gateways: readonly string[],
): Promise<ShippedNode> {
  mkdirSync(folder, { recursive: true });
  const [epmd = 0, dist = 0, mqtt = 0] = await freePorts(3);
  const text = withFiles(shipped("rabbitmq/rabbitmq.conf"), authority, "/etc/rabbitmq/certificates")
    .replace("mqtt.listeners.ssl.1 = 8883", `mqtt.listeners.ssl.1 = 127.0.0.1:${mqtt}`)
    .replaceAll(/^cluster_formation.*\n/gm, "");
  writeFileSync(join(folder, "rabbitmq.conf"), `${text}log.console = true\nlog.file = false\n`);
  writeFileSync(join(folder, "environment"), "");
  const cookie = join(folder, ".erlang.cookie");
  writeFileSync(cookie, randomBytes(16).toString("hex"), { mode: 0o400 });
  const environment = {
    HOME: folder,
    RUNNING_UNDER_SYSTEMD: "true",
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_CONF_ENV_FILE: join(folder, "environment"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, "none.config"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(SHIPPED, "rabbitmq/enabled_plugins"),
    RABBITMQ_NODENAME: "rabbit@localhost",
    RABBITMQ_DIST_PORT: String(dist),
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_PID_FILE: join(folder, "pid"),
  };
  const names = nodeProcess("epmd", ["-port", String(epmd), "-address", "127.0.0.1"]);
  const program = nodeProcess(`${RABBIT}/rabbitmq-server`, [], environment);
  names.start();
  program.start();
  await untilPrinted(program, /completed with \d+ plugins/);
  const env = { ...process.env, ...environment, PATH: `${RABBIT}:${process.env["PATH"]}` };
  for (const args of [["central"], ...gateways.map((id) => ["gateway", id])]) {
    const done = spawnSync("sh", [join(SHIPPED, "rabbitmq/users.sh"), ...args], { env });
    if (done.status !== 0)
      throw new Error(`users.sh ${args.join(" ")}: ${done.stdout}${done.stderr}`);
  }
  return {
    url: `mqtts://localhost:${mqtt}`,
    async stop() {
      await program.kill();
      await names.kill();
    },
  };
}
