import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort, stopped, until } from "../e2e/delivery-rig.ts";
import { postgresPrograms } from "./postgres-programs.ts";

/** PostgreSQL refuses to run as root: then this user owns data and process. */
const NOBODY = 65_534;

/** A PostgreSQL server of the test's own, on a free loopback port. */
export class PostgresServer {
  readonly #bin: string;
  readonly #dir: string;
  readonly #port: number;
  readonly #settings: readonly string[];
  #child: ChildProcess | null = null;
  #databases = 0;

  private constructor(bin: string, dir: string, port: number, settings: readonly string[]) {
    this.#bin = bin;
    this.#dir = dir;
    this.#port = port;
    this.#settings = settings;
  }

  /** Makes a cluster in a temporary folder and starts it; `settings` are `name=value`. */
  static async create(settings: readonly string[] = []): Promise<PostgresServer> {
    const bin = postgresPrograms();
    if (bin === null) throw new Error("PostgreSQL is not installed");
    const dir = mkdtempSync(join(tmpdir(), "vitrine-postgres-"));
    if (isRoot()) chownSync(dir, NOBODY, NOBODY);
    const made = spawnSync(
      join(bin, "initdb"),
      ["-D", join(dir, "data"), "-U", "vitrine", "-A", "trust", "--locale=C.UTF-8", "--no-sync"],
      { ...asNobody(), encoding: "utf8", cwd: dir },
    );
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    const server = new PostgresServer(bin, dir, await freePort(), settings);
    await server.start();
    return server;
  }

  /** Starts it, also again after `kill`; resolves when it takes connections. */
  async start(): Promise<void> {
    const options = ["listen_addresses=127.0.0.1", `unix_socket_directories=${this.#dir}`];
    const args = [...options, ...this.#settings].flatMap((option) => ["-c", option]);
    const child = spawn(
      join(this.#bin, "postgres"),
      ["-D", join(this.#dir, "data"), "-p", String(this.#port), ...args],
      { ...asNobody(), cwd: this.#dir, stdio: ["ignore", "ignore", "pipe"] },
    );
    this.#child = child;
    let text = "";
    child.stderr.on("data", (chunk) => {
      text = (text + String(chunk)).slice(-4000);
    });
    await until("PostgreSQL takes connections", async () => {
      if (child.exitCode !== null) throw new Error(`PostgreSQL left: ${text}`);
      return this.#answers();
    });
  }

  /** URL of a database of this server, `postgres` unless named. */
  url(database = "postgres"): string {
    return `postgres://vitrine@127.0.0.1:${this.#port}/${database}`;
  }

  /** Makes an empty database, somewhere else if a tablespace is named, and returns its URL. */
  async createDatabase(tablespace = "pg_default"): Promise<string> {
    this.#databases += 1;
    const name = `t${this.#databases}`;
    await this.query(this.url(), `CREATE DATABASE ${name} TABLESPACE ${tablespace}`);
    return this.url(name);
  }

  /** Lets databases be made in a new folder of this path, which may be on another disk; returns its name. */
  async createTablespace(path: string): Promise<string> {
    mkdirSync(path);
    if (isRoot()) chownSync(path, NOBODY, NOBODY);
    await this.query(this.url(), `CREATE TABLESPACE elsewhere LOCATION '${path}'`);
    return "elsewhere";
  }

  /** Runs one statement on a connection of its own. */
  async query<T>(url: string, text: string): Promise<T[]> {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** kill -9 of the server and everything it started, at once. */
  async kill(): Promise<void> {
    if (this.#child === null) return;
    this.#child.kill("SIGSTOP");
    this.#signalChildren("SIGKILL");
    await stopped(this.#child, "SIGKILL");
  }

  /** Lets it hang: connections stand, nothing answers. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
    this.#signalChildren("SIGSTOP");
  }

  /** Undoes `freeze`. */
  thaw(): void {
    this.#signalChildren("SIGCONT");
    this.#child?.kill("SIGCONT");
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    if (this.#child !== null) await stopped(this.#child, "SIGINT");
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #signalChildren(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid ?? 0;
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    for (const child of list.split(" ").map(Number)) if (child > 0) signalQuietly(child, signal);
  }

  async #answers(): Promise<boolean> {
    try {
      await this.query(this.url(), "SELECT 1");
      return true;
    } catch {
      // Not yet: that is what is asked.
      return false;
    }
  }
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in between.
  }
}

const isRoot = (): boolean => process.getuid?.() === 0;
const asNobody = (): { uid?: number; gid?: number } =>
  isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
