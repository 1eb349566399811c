import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { JsonSplitter } from "./json-splitter.ts";
import { listenOn } from "./listen-on.ts";
import {
  PUSH_LIMITS,
  type PushListener,
  type PushTarget,
  strayBytes,
  TOO_LARGE,
} from "./push-listener.ts";

export interface HttpListenerOptions {
  readonly host: string;
  readonly port: number;
  /** What a sender must show; null: nothing (loopback only, the configuration sees to that). */
  readonly token: string | null;
}

/** Largest body: a few documents at once. */
const BODY_BYTES = 4 * PUSH_LIMITS.documentBytes;

/** Takes documents by POST, on any path: one a request, or several one after the other. */
export function createHttpListener(options: HttpListenerOptions): PushListener {
  return new HttpListener(options);
}

class HttpListener implements PushListener {
  readonly #options: HttpListenerOptions;
  #server: Server | null = null;
  #address: string | null = null;
  #turnedAway = 0;

  constructor(options: HttpListenerOptions) {
    this.#options = options;
  }

  get address(): string | null {
    return this.#address;
  }

  get turnedAway(): number {
    return this.#turnedAway;
  }

  async start(target: PushTarget): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response, target));
    server.maxConnections = PUSH_LIMITS.connections;
    server.requestTimeout = PUSH_LIMITS.requestMs;
    server.headersTimeout = PUSH_LIMITS.requestMs;
    server.keepAliveTimeout = PUSH_LIMITS.idleMs;
    server.on("drop", () => {
      this.#turnedAway += 1;
    });
    server.on("clientError", (_error, socket) => socket.destroy());
    this.#address = await listenOn(server, this.#options.port, this.#options.host);
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#address = null;
    if (server === null) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse, target: PushTarget): void {
    if (!isAuthorized(request.headers.authorization, this.#options.token)) {
      this.#turnedAway += 1;
      response.setHeader("www-authenticate", "Basic");
      refuse(request, response, 401, "a token is needed: Bearer, or as password of Basic");
      return;
    }
    if (request.method !== "POST" && request.method !== "PUT") {
      refuse(request, response, 405, "POST a message");
      return;
    }
    readBody(request, response, target);
  }
}

function readBody(request: IncomingMessage, response: ServerResponse, target: PushTarget): void {
  const splitter = new JsonSplitter(PUSH_LIMITS.documentBytes);
  let bytes = 0;
  let used = 0;
  request.on("data", (chunk: Buffer) => {
    if (response.writableEnded) return;
    bytes += chunk.length;
    for (const text of splitter.push(chunk)) if (target.take(text)) used += 1;
    if (!splitter.isBroken && bytes <= BODY_BYTES) return;
    target.refuse(TOO_LARGE);
    refuse(request, response, 413, TOO_LARGE.expected);
  });
  request.on("error", () => response.destroy());
  request.on("end", () => {
    if (response.writableEnded) return;
    const { documents, skippedBytes, pendingBytes } = splitter;
    const stray = skippedBytes + pendingBytes;
    if (stray > 0) target.refuse(strayBytes(stray));
    // What was read but says nothing of use is fine as well: the sender must not send it again.
    if (stray === 0) response.writeHead(200).end("ok");
    else response.writeHead(400).end(`expected JSON; ${used} of ${documents} documents used\n`);
  });
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  expected: string,
): void {
  response.writeHead(status, { connection: "close" });
  response.end(`${expected}\n`, () => request.destroy());
}

function isAuthorized(header: string | undefined, token: string | null): boolean {
  if (token === null) return true;
  const [scheme = "", value = ""] = (header ?? "").split(" ", 2);
  if (/^bearer$/i.test(scheme)) return isSame(value, token);
  if (!/^basic$/i.test(scheme)) return false;
  const text = Buffer.from(value, "base64").toString("utf8");
  return isSame(text.slice(text.indexOf(":") + 1), token);
}

/** In constant time, whatever the lengths. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
