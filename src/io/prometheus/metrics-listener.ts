import { createServer, type Server } from "node:http";
import { GatewayError } from "../../core/errors.ts";
import type { Service } from "../../core/lifecycle.ts";

/** What is answered on `GET /metrics`. */
export interface MetricsListenerOptions {
  /** A loopback address: nobody is asked for a password. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly contentType: string;
  readonly text: () => Promise<string>;
}

/** Answers Prometheus. */
export interface MetricsListener extends Service {
  /** Valid after `start`. */
  readonly url: string;
}

/** A page of another origin that rebinds its name to loopback gets nothing. */
const LOOPBACK_HOST = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d+)?$/;
const REQUEST_MS = 5000;

/** Creates the listener. `start` @throws PORT_IN_USE */
export function createMetricsListener(options: MetricsListenerOptions): MetricsListener {
  const { host, contentType, text } = options;
  let server: Server | null = null;
  let url = "";
  return {
    name: "metrics",
    get url() {
      return url;
    },
    async start() {
      server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
        const isOurs = LOOPBACK_HOST.test(request.headers.host ?? "");
        if (!isOurs || request.method !== "GET" || request.url !== "/metrics") {
          response.writeHead(isOurs ? 404 : 403).end();
          return;
        }
        text().then(
          (body) => response.writeHead(200, { "content-type": contentType }).end(body),
          () => response.writeHead(500).end(),
        );
      });
      const port = await listen(server, host, options.port);
      url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/metrics`;
    },
    async [Symbol.asyncDispose]() {
      const listening = server;
      server = null;
      if (listening?.listening !== true) return;
      listening.closeAllConnections();
      await new Promise<void>((resolve) => listening.close(() => resolve()));
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new GatewayError("PORT_IN_USE", `cannot listen on ${host}:${port}`, { cause })),
    );
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
