import { spawnSync } from "node:child_process";

/** The brokers the product is held to. */
export const BROKERS = ["aedes", "mosquitto", "rabbitmq", "nats"] as const;
export type BrokerName = (typeof BROKERS)[number];
/** Those of them that are three nodes here. */
export const CLUSTERS: readonly BrokerName[] = ["rabbitmq", "nats"];

/** A broker of one or three nodes on loopback, started by a test, in a folder of its own. */
export interface TestBroker {
  readonly name: BrokerName;
  /** Address of each node. */
  readonly urls: readonly string[];
  /** The version a client ends up with that asks for 5 first. */
  readonly protocolVersion: 4 | 5;
  /** Whether a filter with wildcards is sent the retained messages it matches. */
  readonly hasRetainedByWildcard: boolean;
  /** SIGKILL of one node. */
  kill(node: number): Promise<void>;
  /** Starts a killed node again on its old files; done when it takes sessions, and in NATS when it has caught up. */
  restart(node: number): Promise<void>;
  /** Kills every node, wipes all they know, and starts them anew. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

const PROGRAMS: Readonly<Record<BrokerName, readonly [program: string, debian: string] | null>> = {
  aedes: null,
  mosquitto: ["mosquitto", "mosquitto"],
  rabbitmq: ["erl", "rabbitmq-server"],
  nats: ["nats-server", "nats-server"],
};

/** False when the broker can run here, else what to install; fits the `skip` of a test. */
export function missingProgram(name: BrokerName): string | false {
  const wanted = PROGRAMS[name];
  if (wanted === null) return false;
  const [program, debian] = wanted;
  const found = spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin command -v ${program}`]).status === 0;
  return found ? false : `install the Debian package ${debian}`;
}

/** Starts a broker with its data under `folder`. */
export async function startBroker(name: BrokerName, folder: string): Promise<TestBroker> {
  switch (name) {
    case "aedes":
      return (await import("./aedes.ts")).startAedesProcess();
    case "mosquitto":
      return (await import("./mosquitto.ts")).startMosquitto(folder);
    case "rabbitmq":
      return (await import("./rabbitmq.ts")).startRabbitmqCluster(folder);
    case "nats":
      return (await import("./nats.ts")).startNatsCluster(folder);
  }
}
