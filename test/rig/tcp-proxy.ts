import { connect, createServer, type Server, type Socket } from "node:net";

/** What a network does to people. */
export interface TcpProxy {
  /** Address for the clients, as an MQTT URL. */
  readonly url: string;
  /** Resets every connection, and refuses new ones for so long. */
  cut(ms: number): void;
  /** Holds every chunk back for `delayMs`, both ways and in order, for so long. */
  slow(delayMs: number, ms: number): void;
  /** Lets nothing through and tells nobody, for so long; then resets: a line that died without a word. */
  freeze(ms: number): void;
  /** Back to a plain line. */
  heal(): void;
  close(): Promise<void>;
}

/** State of the line; times are of `performance.now()`. */
interface Line {
  refusedUntilMs: number;
  slowUntilMs: number;
  delayMs: number;
  frozenUntilMs: number;
}

/**
 * A line to a broker of one or several nodes, on a port of loopback. A new connection goes to the first node, counted
 * on from the last one used, that accepts it: what a load balancer does for a cluster.
 */
export async function startTcpProxy(port: number, targets: readonly string[]): Promise<TcpProxy> {
  const line: Line = { refusedUntilMs: 0, slowUntilMs: 0, delayMs: 0, frozenUntilMs: 0 };
  const pairs = new Set<readonly [Socket, Socket]>();
  const ports = targets.map((target) => Number(new URL(target).port));
  let turn = 0;
  let thaw: NodeJS.Timeout | undefined;
  const reset = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  const accept = async (client: Socket): Promise<void> => {
    client.on("error", () => client.destroy());
    if (performance.now() < line.refusedUntilMs) return void client.destroy();
    turn += 1;
    const order = ports.map((_, n) => ports[(turn + n) % ports.length] ?? 0);
    const node = await firstThatAccepts(order);
    if (node === null || client.destroyed) {
      client.destroy();
      node?.destroy();
      return;
    }
    join(client, node, line, pairs);
  };
  const server = createServer({ noDelay: true }, (client) => void accept(client));
  await listen(server, port);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    cut(ms) {
      line.refusedUntilMs = performance.now() + ms;
      reset();
    },
    slow(delayMs, ms) {
      line.delayMs = delayMs;
      line.slowUntilMs = performance.now() + ms;
    },
    freeze(ms) {
      line.frozenUntilMs = performance.now() + ms;
      clearTimeout(thaw);
      thaw = setTimeout(reset, ms);
    },
    heal() {
      // What was dropped while frozen cannot be mended: everybody connects again.
      clearTimeout(thaw);
      reset();
      line.refusedUntilMs = 0;
      line.slowUntilMs = 0;
      line.frozenUntilMs = 0;
    },
    close() {
      clearTimeout(thaw);
      reset();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

async function firstThatAccepts(ports: readonly number[]): Promise<Socket | null> {
  for (const port of ports) {
    const socket = await new Promise<Socket | null>((resolve) => {
      const trial = connect({ port, host: "127.0.0.1", noDelay: true });
      trial.once("connect", () => resolve(trial));
      trial.once("error", () => resolve(null));
    });
    if (socket !== null) return socket;
  }
  return null;
}

function join(
  client: Socket,
  node: Socket,
  line: Readonly<Line>,
  pairs: Set<readonly [Socket, Socket]>,
): void {
  const pair = [client, node] as const;
  pairs.add(pair);
  for (const socket of pair) {
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      pairs.delete(pair);
      for (const other of pair) other.destroy();
    });
  }
  forward(client, node, line);
  forward(node, client, line);
}

/** Passes bytes on in order; while the line is slow each chunk waits its time, while it is frozen it is dropped. */
function forward(from: Socket, to: Socket, line: Readonly<Line>): void {
  let freeAtMs = 0;
  from.on("data", (chunk) => {
    const nowMs = performance.now();
    if (nowMs < line.frozenUntilMs) return;
    const wantedMs = nowMs < line.slowUntilMs ? nowMs + line.delayMs : nowMs;
    freeAtMs = Math.max(freeAtMs, wantedMs);
    if (freeAtMs <= nowMs) return pass(from, to, chunk);
    setTimeout(() => pass(from, to, chunk), freeAtMs - nowMs);
  });
}

function pass(from: Socket, to: Socket, chunk: Buffer): void {
  if (to.destroyed || to.write(chunk)) return;
  from.pause();
  to.once("drain", () => from.resume());
}
