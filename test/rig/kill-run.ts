import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../src/core/random.ts";
import { freePorts } from "../brokers/node-process.ts";
import { type BrokerName, startBroker, type TestBroker } from "../brokers/test-broker.ts";
import { PostgresServer } from "../central/postgres-server.ts";
import { bundleChildren, type Child, type GatewayChildSetup, launch } from "./children.ts";
import { type Comparison, compare, integrityOf, readJournal, readStored } from "./compare.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** What a run is asked for. */
export interface KillRunOptions {
  readonly seconds: number;
  readonly broker: BrokerName;
  readonly store: "sqlite" | "postgres";
  readonly seed: number;
  readonly eventsPerSecond: number;
  /** `puback` deletes at the gateway what the broker has taken: it must lose. */
  readonly control: "none" | "puback";
  /** Told now and then how far it is. */
  readonly onProgress: (text: string) => void;
}

/** What a run found. */
export interface KillRunResult extends Comparison {
  readonly kills: {
    gateway: number;
    central: number;
    broker: number;
    database: number;
  };
  readonly network: { cuts: number; slows: number; freezes: number };
  /** `ok` when both files are sound. */
  readonly integrity: string;
  readonly drainSeconds: number;
}

/** Means of the pauses between two faults of a kind, ms; each pause is drawn from half to one and a half of it. */
const GATEWAY_LIFE_MS = 900;
const CENTRAL_LIFE_MS = 4000;
const BROKER_LIFE_MS = 7000;
const NODE_LIFE_MS = 4000;
const NODE_AWAY_MS = 2000;
const BROKER_AWAY_MS = 300;
const DATABASE_LIFE_MS = 12_000;
const NETWORK_CALM_MS = 2500;
const NETWORK_FAULT_MS = 900;
const LARGEST_DELAY_MS = 150;
/** Share of the gateway's kills that come while it starts. */
const EARLY_KILL_SHARE = 0.1;

/** Share of the broker's deaths that come while the centre is dead too: all the broker has gathered is gone then. */
const DOUBLE_KILL_SHARE = 0.5;
const GATHER_MS = 700;

/** One run: everything is killed on a seeded schedule, then healed, drained and compared. */
export async function killRun(options: KillRunOptions): Promise<KillRunResult> {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-rig-"));
  const rig = new KillRig(options, folder);
  try {
    await rig.open();
    await rig.torment();
    return await rig.settle();
  } finally {
    await rig.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class KillRig {
  readonly #options: KillRunOptions;
  readonly #folder: string;
  readonly #kills = { gateway: 0, central: 0, broker: 0, database: 0 };
  readonly #network = { cuts: 0, slows: 0, freezes: 0 };
  readonly #outbox: string;
  readonly #journal: string;
  #store = "";
  #broker: TestBroker | null = null;
  #database: PostgresServer | null = null;
  #lines: readonly TcpProxy[] = [];
  #gateway: Child | null = null;
  #central: Child | null = null;
  #boots = 0;
  #turn: Promise<void> = Promise.resolve();
  #endMs = 0;

  constructor(options: KillRunOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#outbox = join(folder, "outbox.db");
    this.#journal = join(folder, "journal.txt");
  }

  /** Starts the broker, the database, both lines and the centre. */
  async open(): Promise<void> {
    const { broker, store } = this.#options;
    await bundleChildren(this.#folder, ["gateway-child", "central-child"]);
    this.#store = `sqlite:${join(this.#folder, "central.db")}`;
    if (store === "postgres") {
      this.#database = await PostgresServer.create();
      this.#store = this.#database.url();
    }
    this.#broker = await startBroker(broker, join(this.#folder, "broker"));
    const { urls } = this.#broker;
    const ports = await freePorts(2);
    this.#lines = await Promise.all(ports.map((port) => startTcpProxy(port, urls)));
    this.#central = this.#launchCentral();
    await this.#central.ready;
  }

  /** Everything at once, each kind of fault on a schedule of its own. */
  async torment(): Promise<void> {
    const { seconds, onProgress } = this.#options;
    this.#endMs = performance.now() + seconds * 1000;
    const telling = setInterval(() => {
      const { gateway, central, broker } = this.#kills;
      onProgress(
        `${Math.max(0, Math.round((this.#endMs - performance.now()) / 1000))} s left, kills: gateway ${gateway}, centre ${central}, broker ${broker}`,
      );
    }, 2000);
    try {
      await Promise.all([
        this.#repeat(1, (random) => this.#gatewayLife(random)),
        this.#repeat(2, (random) => this.#centralLife(random)),
        this.#repeat(3, (random) => this.#brokerLife(random)),
        this.#repeat(4, (random) => this.#networkFault(random)),
        ...(this.#database === null ? [] : [this.#repeat(5, (r) => this.#databaseLife(r))]),
      ]);
    } finally {
      clearInterval(telling);
    }
  }

  /** Heals everything, lets a last gateway send what is left, ends the centre and compares. */
  async settle(): Promise<KillRunResult> {
    this.#options.onProgress("healing and draining");
    for (const line of this.#lines) line.heal();
    // It may have left because the database was away when it was started last: its supervisor starts it again.
    if (this.#central?.hasLeft()) await this.#restartCentral();
    const startMs = performance.now();
    const drain = this.#launchGateway("drain");
    this.#gateway = drain;
    const code = await drain.exited();
    if (code !== 0) throw new Error(`the backlog was not drained: ${drain.errors()}`);
    const drainSeconds = Math.round((performance.now() - startMs) / 100) / 10;
    await this.#central?.end("SIGTERM");
    const found = compare(readJournal(this.#journal), await readStored(this.#store));
    const files = [this.#outbox, ...(this.#database === null ? [this.#store.slice(7)] : [])];
    const faults = files.map(integrityOf).filter((text) => text !== "ok");
    return {
      ...found,
      kills: this.#kills,
      network: this.#network,
      integrity: faults[0] ?? "ok",
      drainSeconds,
    };
  }

  async close(): Promise<void> {
    await this.#gateway?.end("SIGKILL");
    await this.#central?.end("SIGKILL");
    for (const line of this.#lines) await line.close();
    await this.#broker?.stop();
    await this.#database?.remove();
  }

  /** Each schedule draws from a sequence of its own, so that one that is late changes nothing for the others. */
  async #repeat(salt: number, once: (random: () => number) => Promise<void>): Promise<void> {
    const random = seededRandom(this.#options.seed * 16 + salt);
    while (!this.#isOver()) await once(random);
  }

  async #gatewayLife(random: () => number): Promise<void> {
    const gateway = this.#launchGateway("produce");
    this.#gateway = gateway;
    if (random() < EARLY_KILL_SHARE) await this.#pause(400 * random());
    else {
      await gateway.ready;
      await this.#pause(around(GATEWAY_LIFE_MS, random));
    }
    if (gateway.hasLeft()) throw new Error(`the gateway left by itself: ${gateway.errors()}`);
    await gateway.end("SIGKILL");
    this.#kills.gateway += 1;
  }

  async #centralLife(random: () => number): Promise<void> {
    await this.#pause(around(CENTRAL_LIFE_MS, random));
    if (this.#isOver()) return;
    await this.#alone(async () => {
      await this.#killCentral();
      await this.#restartCentral();
    });
  }

  async #brokerLife(random: () => number): Promise<void> {
    const broker = this.#broker;
    const nodes = broker?.urls.length ?? 1;
    await this.#pause(around(nodes === 1 ? BROKER_LIFE_MS : NODE_LIFE_MS, random));
    if (this.#isOver() || broker === null) return;
    const node = Math.floor(random() * nodes);
    const awayMs = around(nodes === 1 ? BROKER_AWAY_MS : NODE_AWAY_MS, random);
    if (random() >= DOUBLE_KILL_SHARE) return this.#nodeDeath(broker, node, awayMs);
    const gatherMs = around(GATHER_MS, random);
    await this.#alone(async () => {
      await this.#killCentral();
      await this.#pause(gatherMs);
      await this.#nodeDeath(broker, node, awayMs);
      await this.#restartCentral();
    });
  }

  async #nodeDeath(broker: TestBroker, node: number, awayMs: number): Promise<void> {
    await broker.kill(node);
    this.#kills.broker += 1;
    await this.#pause(awayMs);
    await broker.restart(node);
  }

  async #killCentral(): Promise<void> {
    const central = this.#central;
    // Without its database the centre may leave: its supervisor starts it again.
    if (central?.hasLeft() && this.#database === null)
      throw new Error(`the centre left: ${central.errors()}`);
    if (!central?.hasLeft()) this.#kills.central += 1;
    await central?.end("SIGKILL");
  }

  async #restartCentral(): Promise<void> {
    this.#central = this.#launchCentral();
    await this.#central.ready.catch((error: unknown) => {
      if (this.#database === null) throw error;
    });
  }

  /** Runs what kills and starts the centre; one at a time, so that there is never a second one. */
  #alone(act: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(act);
    return this.#turn;
  }

  async #databaseLife(random: () => number): Promise<void> {
    await this.#pause(around(DATABASE_LIFE_MS, random));
    if (this.#isOver()) return;
    await this.#database?.kill();
    this.#kills.database += 1;
    await this.#pause(around(BROKER_AWAY_MS, random));
    await this.#database?.start();
  }

  async #networkFault(random: () => number): Promise<void> {
    await this.#pause(around(NETWORK_CALM_MS, random));
    const line = this.#lines[Math.floor(random() * this.#lines.length)];
    const ms = around(NETWORK_FAULT_MS, random);
    const kind = Math.floor(random() * 3);
    if (this.#isOver() || line === undefined) return;
    if (kind === 0) {
      line.cut(ms);
      this.#network.cuts += 1;
    } else if (kind === 1) {
      line.slow(LARGEST_DELAY_MS * random(), ms);
      this.#network.slows += 1;
    } else {
      line.freeze(ms);
      this.#network.freezes += 1;
    }
    await this.#pause(ms);
  }

  #launchGateway(mode: GatewayChildSetup["mode"]): Child {
    this.#boots += 1;
    const { eventsPerSecond, control } = this.#options;
    const setup: GatewayChildSetup = {
      outbox: this.#outbox,
      journal: this.#journal,
      url: this.#lines[0]?.url ?? "",
      boot: `b${this.#boots}`,
      mode,
      eventsPerSecond,
      control,
    };
    return launch(this.#folder, "gateway-child", setup);
  }

  #launchCentral(): Child {
    const setup = { store: this.#store, url: this.#lines[1]?.url ?? "" };
    return launch(this.#folder, "central-child", setup);
  }

  #isOver(): boolean {
    return performance.now() >= this.#endMs;
  }

  /** Waits, but not beyond the end of the run. */
  #pause(ms: number): Promise<void> {
    const left = Math.max(0, this.#endMs - performance.now());
    return new Promise((resolve) => setTimeout(resolve, Math.min(ms, left)));
  }
}

const around = (meanMs: number, random: () => number): number => meanMs * (0.5 + random());
