import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withSbin } from "./mosquitto.ts";
import { freePorts, type NodeProcess, nodeProcess, untilAnswers } from "./node-process.ts";
import type { TestBroker } from "./test-broker.ts";

const NODES = [0, 1, 2] as const;

interface NodePorts {
  readonly client: number;
  readonly route: number;
  readonly mqtt: number;
}

/** As `deploy/nats/nats.conf`, on loopback and without TLS. */
function configuration(node: number, folder: string, all: readonly NodePorts[]): string {
  const ports = all[node];
  const routes = all.map(({ route }) => `nats://127.0.0.1:${route}`).join(", ");
  return [
    `server_name: n${node + 1}`,
    `listen: "127.0.0.1:${ports?.client}"`,
    `jetstream { store_dir: ${JSON.stringify(join(folder, "jetstream"))}, max_file_store: 4GB }`,
    `cluster { name: vitrine, listen: "127.0.0.1:${ports?.route}", routes: [${routes}] }`,
    `mqtt { host: 127.0.0.1, port: ${ports?.mqtt}, ack_wait: "30s", max_ack_pending: 1000 }`,
    "",
  ].join("\n");
}

/** Starts three NATS servers with JetStream, which keep sessions and messages on two of three disks. */
export async function startNatsCluster(folder: string): Promise<TestBroker> {
  const free = await freePorts(9);
  const port = (n: number): number => free[n] ?? 0;
  const ports = NODES.map((n) => ({
    client: port(n),
    route: port(3 + n),
    mqtt: port(6 + n),
  }));
  const urls = ports.map(({ mqtt }) => `mqtt://127.0.0.1:${mqtt}`);
  const programs = NODES.map((node): NodeProcess => {
    const own = join(folder, `n${node + 1}`);
    mkdirSync(own, { recursive: true });
    const file = join(own, "nats.conf");
    writeFileSync(file, configuration(node, own, ports));
    return nodeProcess("nats-server", ["-c", file], withSbin());
  });
  const ready = async (node: number): Promise<void> => {
    const program = programs[node];
    if (program !== undefined) await untilAnswers(urls[node] ?? "", program);
  };
  const startAll = async (): Promise<void> => {
    for (const program of programs) program.start();
    await Promise.all(NODES.map(ready));
  };
  await startAll();
  return {
    name: "nats",
    urls,
    protocolVersion: 4,
    hasRetainedByWildcard: true,
    kill: async (node) => programs[node]?.kill(),
    async restart(node) {
      programs[node]?.start();
      await ready(node);
    },
    async forget() {
      await Promise.all(programs.map((program) => program.kill()));
      for (const node of NODES)
        rmSync(join(folder, `n${node + 1}`, "jetstream"), { recursive: true, force: true });
      await startAll();
    },
    stop: async () => void (await Promise.all(programs.map((program) => program.stop()))),
  };
}
