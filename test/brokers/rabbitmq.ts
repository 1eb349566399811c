import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts, type NodeProcess, nodeProcess, untilAnswers } from "./node-process.ts";
import type { TestBroker } from "./test-broker.ts";

const NODES = [0, 1, 2] as const;
const SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const LOOPBACK_ONLY = "-kernel inet_dist_use_interface {127,0,0,1}";

/** As `deploy/rabbitmq/rabbitmq.conf`, on loopback, without TLS and without passwords. */
function configuration(mqttPort: number, amqpPort: number): string {
  return [
    `listeners.tcp.1 = 127.0.0.1:${amqpPort}`,
    `mqtt.listeners.tcp.1 = 127.0.0.1:${mqttPort}`,
    "mqtt.allow_anonymous = true",
    "mqtt.exchange = amq.topic",
    "mqtt.prefetch = 64",
    "mqtt.durable_queue_type = quorum",
    "cluster_partition_handling = pause_minority",
    "cluster_formation.peer_discovery_backend = classic_config",
    ...NODES.map((n) => `cluster_formation.classic_config.nodes.${n + 1} = r${n + 1}@localhost`),
    "log.console = true",
    "log.file = false",
    "",
  ].join("\n");
}

interface Ports {
  readonly epmd: number;
  readonly amqp: readonly number[];
  readonly dist: readonly number[];
  readonly mqtt: readonly number[];
}

async function choosePorts(): Promise<Ports> {
  const [epmd = 0, ...rest] = await freePorts(10);
  return { epmd, amqp: rest.slice(0, 3), dist: rest.slice(3, 6), mqtt: rest.slice(6, 9) };
}

/** The program itself, not Debian's wrapper, which insists on the system's folders and user. */
function rabbitNode(folder: string, node: number, ports: Ports): NodeProcess {
  const own = join(folder, `r${node + 1}`);
  mkdirSync(own, { recursive: true });
  writeFileSync(
    join(own, "rabbitmq.conf"),
    configuration(ports.mqtt[node] ?? 0, ports.amqp[node] ?? 0),
  );
  writeFileSync(join(own, "plugins"), "[rabbitmq_mqtt].\n");
  writeFileSync(join(own, "environment"), "");
  return nodeProcess(SERVER, [], {
    HOME: folder,
    // The script then becomes the server instead of waiting for it: a kill reaches the server.
    RUNNING_UNDER_SYSTEMD: "true",
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: LOOPBACK_ONLY,
    RABBITMQ_CONF_ENV_FILE: join(own, "environment"),
    RABBITMQ_CONFIG_FILE: join(own, "rabbitmq.conf"),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(own, "none.config"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(own, "plugins"),
    RABBITMQ_NODENAME: `r${node + 1}@localhost`,
    RABBITMQ_NODE_PORT: String(ports.amqp[node]),
    RABBITMQ_DIST_PORT: String(ports.dist[node]),
    RABBITMQ_MNESIA_BASE: join(own, "mnesia"),
    RABBITMQ_LOG_BASE: own,
    RABBITMQ_PID_FILE: join(own, "pid"),
  });
}

/** Starts three RabbitMQ nodes; MQTT sessions that are kept lie in quorum queues on all three. */
export async function startRabbitmqCluster(folder: string): Promise<TestBroker> {
  mkdirSync(folder, { recursive: true });
  const cookie = join(folder, ".erlang.cookie");
  writeFileSync(cookie, randomBytes(16).toString("hex"), { mode: 0o400 });
  const ports = await choosePorts();
  const urls = ports.mqtt.map((port) => `mqtt://127.0.0.1:${port}`);
  const names = nodeProcess("epmd", ["-port", String(ports.epmd), "-address", "127.0.0.1"]);
  const programs = NODES.map((node) => rabbitNode(folder, node, ports));
  const ready = async (node: number): Promise<void> => {
    const program = programs[node];
    if (program !== undefined) await untilAnswers(urls[node] ?? "", program);
  };
  const startAll = async (): Promise<void> => {
    names.start();
    // One after the other: nodes that are born at once may each found a session registry of their own, and then
    // refuse every MQTT client for good.
    for (const node of NODES) {
      programs[node]?.start();
      await ready(node);
    }
  };
  const killAll = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.kill()));
    await names.kill();
  };
  await startAll();
  return {
    name: "rabbitmq",
    urls,
    protocolVersion: 4,
    hasRetainedByWildcard: false,
    kill: async (node) => programs[node]?.kill(),
    async restart(node) {
      programs[node]?.start();
      await ready(node);
    },
    async forget() {
      await killAll();
      for (const node of NODES)
        rmSync(join(folder, `r${node + 1}`, "mnesia"), { recursive: true, force: true });
      await startAll();
    },
    // An orderly end of three nodes takes half a minute and proves nothing: the folder goes with them.
    stop: killAll,
  };
}
