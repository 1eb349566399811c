import { createServer, type Server, type Socket } from "node:net";
import { JsonSplitter } from "./json-splitter.ts";
import { listenOn } from "./listen-on.ts";
import {
  PUSH_LIMITS,
  type PushListener,
  type PushTarget,
  strayBytes,
  TOO_LARGE,
} from "./push-listener.ts";

export interface TcpListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Addresses that may connect; null: everybody who reaches the port (loopback only, the configuration sees to that). */
  readonly from: readonly string[] | null;
}

/** Takes documents that follow each other on a TCP connection without anything between them. */
export function createTcpListener(options: TcpListenerOptions): PushListener {
  return new TcpListener(options);
}

class TcpListener implements PushListener {
  readonly #options: TcpListenerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #address: string | null = null;
  #turnedAway = 0;

  constructor(options: TcpListenerOptions) {
    this.#options = options;
  }

  get address(): string | null {
    return this.#address;
  }

  get turnedAway(): number {
    return this.#turnedAway;
  }

  async start(target: PushTarget): Promise<void> {
    const server = createServer((socket) => this.#accept(socket, target));
    this.#address = await listenOn(server, this.#options.port, this.#options.host);
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#address = null;
    for (const socket of this.#sockets) socket.destroy();
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #accept(socket: Socket, target: PushTarget): void {
    socket.on("error", () => socket.destroy());
    const { from } = this.#options;
    const peer = socket.remoteAddress?.replace(/^::ffff:/, "");
    if (from !== null && (peer === undefined || !from.includes(peer))) {
      this.#turnedAway += 1;
      socket.destroy();
      return;
    }
    this.#makeRoom();
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.setKeepAlive(true, PUSH_LIMITS.requestMs);
    socket.setTimeout(PUSH_LIMITS.idleMs, () => socket.destroy());
    const splitter = new JsonSplitter(PUSH_LIMITS.documentBytes);
    socket.on("data", (chunk) => {
      const skipped = splitter.skippedBytes;
      for (const text of splitter.push(chunk)) target.take(text);
      if (splitter.skippedBytes > skipped)
        target.refuse(strayBytes(splitter.skippedBytes - skipped));
      if (!splitter.isBroken) return;
      target.refuse(TOO_LARGE);
      // The counter connects again and begins anew.
      socket.destroy();
    });
  }

  /** A counter that lost its power leaves a dead connection behind: the oldest goes when there are too many. */
  #makeRoom(): void {
    const [oldest] = this.#sockets;
    if (oldest === undefined || this.#sockets.size < PUSH_LIMITS.connections) return;
    this.#turnedAway += 1;
    this.#sockets.delete(oldest);
    oldest.destroy();
  }
}
