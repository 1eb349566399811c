import { createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { GatewayError } from "../../core/errors.ts";
import type { Log, Service } from "../../core/lifecycle.ts";

const LOOPBACK = "127.0.0.1";

/** A broker inside this process, for the demo and for tests: loopback only, no passwords, nothing on the disk. */
export interface EmbeddedBroker extends Service {
  /** URL to connect to; valid after `start`. */
  readonly url: string;
}

/** Creates the embedded broker; port 0 picks a free one. `start` @throws PORT_IN_USE */
export function createEmbeddedBroker(options: {
  readonly port: number;
  readonly log: Log;
}): EmbeddedBroker {
  let aedes: Aedes | null = null;
  let server: Server | null = null;
  let port = options.port;
  const sockets = new Set<Socket>();
  return {
    name: "embedded broker",
    get url() {
      return `mqtt://${LOOPBACK}:${port}`;
    },
    async start() {
      const broker = await Aedes.createBroker();
      aedes = broker;
      server = createServer((socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        socket.on("error", () => socket.destroy());
        broker.handle(socket);
      });
      port = await listen(server, options.port);
      options.log.info({ event: "broker.listening", port }, "the embedded broker listens");
    },
    async [Symbol.asyncDispose]() {
      const listening = server;
      const broker = aedes;
      server = null;
      aedes = null;
      if (broker !== null) await new Promise<void>((resolve) => broker.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      if (listening?.listening)
        await new Promise<void>((resolve) => listening.close(() => resolve()));
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === "EADDRINUSE" || error.code === "EACCES";
      reject(
        isTaken
          ? new GatewayError("PORT_IN_USE", `port ${port} is taken`, { cause: error })
          : error,
      );
    });
    server.listen(port, LOOPBACK, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
