import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withSbin } from "./mosquitto.ts";
import { leaveMark, untilLevel } from "./nats-level.ts";
import { freePorts, type NodeProcess, nodeProcess, untilAnswers } from "./node-process.ts";
import type { TestBroker } from "./test-broker.ts";

const NODES = [0, 1, 2] as const;

/** Some seconds are usual; a node that has not found back by then does not find back. */
const LEVEL_MS = 20_000;
const LOOK_MS = 200;

interface NodePorts {
  readonly client: number;
  readonly route: number;
  readonly mqtt: number;
  readonly monitor: number;
}

/** As `deploy/nats/nats.conf`, on loopback and without TLS. */
function configuration(node: number, folder: string, all: readonly NodePorts[]): string {
  const ports = all[node];
  const routes = all.map(({ route }) => `nats://127.0.0.1:${route}`).join(", ");
  return [
    `server_name: n${node + 1}`,
    `listen: "127.0.0.1:${ports?.client}"`,
    `http: "127.0.0.1:${ports?.monitor}"`,
    `jetstream { store_dir: ${JSON.stringify(join(folder, "jetstream"))}, max_file_store: 4GB }`,
    `cluster { name: vitrine, listen: "127.0.0.1:${ports?.route}", routes: [${routes}] }`,
    `mqtt { host: 127.0.0.1, port: ${ports?.mqtt}, ack_wait: "30s", max_ack_pending: 1000 }`,
    "",
  ].join("\n");
}

/** Starts three NATS servers with JetStream, which keep sessions and messages on two of three disks. */
export async function startNatsCluster(folder: string): Promise<TestBroker> {
  const free = await freePorts(12);
  const port = (n: number): number => free[n] ?? 0;
  const ports = NODES.map((n) => ({
    client: port(n),
    route: port(3 + n),
    mqtt: port(6 + n),
    monitor: port(9 + n),
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
  const monitored = ports.map(({ monitor }, n) => ({ name: `n${n + 1}`, port: monitor }));
  const startAll = async (): Promise<void> => {
    for (const program of programs) program.start();
    await Promise.all(NODES.map(ready));
  };
  const stop = async (): Promise<void> =>
    void (await Promise.all(programs.map((program) => program.stop())));
  await startAll().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const forget = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.kill()));
    for (const node of NODES)
      rmSync(join(folder, `n${node + 1}`, "jetstream"), { recursive: true, force: true });
    await startAll();
  };
  return {
    name: "nats",
    urls,
    protocolVersion: 4,
    hasRetainedByWildcard: true,
    async kill(node) {
      // A cluster that cannot take it now is killed all the same.
      await leaveMark(urls[(node + 1) % NODES.length] ?? "").catch(() => undefined);
      await programs[node]?.kill();
    },
    async restart(node) {
      programs[node]?.start();
      await ready(node);
      // It takes sessions while its copies are still behind: whoever kills the next one then has killed two of three.
      const faults = await untilLevel(monitored, LEVEL_MS, LOOK_MS);
      if (faults.length === 0) return;
      // As their operator would do: a broker may forget everything.
      console.error(`NATS does not find back, all nodes begin anew: ${faults.join("; ")}`);
      await forget();
    },
    forget,
    stop,
  };
}
