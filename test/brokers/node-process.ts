import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";

/** A program of a broker: started, killed and started again on the same files and ports. */
export interface NodeProcess {
  /** Starts it; the promise is done as soon as it runs, not when it is ready. */
  start(): void;
  /** SIGKILL; done when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL after five seconds; done when the process is gone. */
  stop(): Promise<void>;
  /** What it printed lately, for the message of a failed start. */
  readonly output: string;
  /** Exit code or signal of a process that left by itself; null while it runs. */
  readonly left: string | null;
}

const OUTPUT_CHARACTERS = 4000;
const STOP_MS = 5000;

/** Describes a program; nothing runs before `start`. */
export function nodeProcess(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): NodeProcess {
  let child: ChildProcess | null = null;
  let output = "";
  const keep = (chunk: unknown): void => {
    output = (output + String(chunk)).slice(-OUTPUT_CHARACTERS);
  };
  const end = (signal: NodeJS.Signals): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null)
      return Promise.resolve();
    return new Promise((resolve) => {
      const force = setTimeout(() => running.kill("SIGKILL"), STOP_MS);
      running.once("exit", () => {
        clearTimeout(force);
        resolve();
      });
      running.kill(signal);
    });
  };
  return {
    start() {
      output = "";
      const [program = "", ...rest] = leashed([command, ...args]);
      child = spawn(program, rest, {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...environment },
      });
      child.stdout?.on("data", keep);
      child.stderr?.on("data", keep);
      child.on("error", keep);
    },
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    get output() {
      return output;
    },
    get left() {
      if (child === null) return null;
      return child.signalCode ?? (child.exitCode === null ? null : `exit code ${child.exitCode}`);
    },
  };
}

/** Wraps a command so that the kernel ends it with its parent, however that ends: nothing may outlive a test. */
export function leashed(command: readonly string[]): readonly string[] {
  return process.platform === "linux" ? ["setpriv", "--pdeathsig", "KILL", ...command] : command;
}

const FIRST_PORT = 20_000;
const PORT_AFTER_LAST = 32_000;

/** Free ports on loopback, below the range the system gives to outgoing connections, so that they stay free. */
export async function freePorts(wanted: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < wanted) {
    const port = randomInt(FIRST_PORT, PORT_AFTER_LAST);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Connects, or fails: a plain connectAsync waits for ever when the broker hangs up instead of answering. */
export function connectOnce(url: string, options: IClientOptions): Promise<MqttClient> {
  return connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, ...options }, false);
}

/** Waits until a broker takes a session at `url`; fails with what its program printed. */
export async function untilAnswers(
  url: string,
  program: NodeProcess,
  limitMs = 90_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    if (program.left !== null) throw new Error(`${program.left}: ${program.output}`);
    if (await answers(url)) return;
    if (performance.now() > end) throw new Error(`no broker at ${url}: ${program.output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const client = await connectOnce(url, {
      connectTimeout: 2000,
      clientId: `probe-${randomInt(1_000_000_000)}`,
    });
    await client.endAsync(true);
    return true;
  } catch {
    // Not there yet, or not yet able to keep a session: asked again.
    return false;
  }
}
