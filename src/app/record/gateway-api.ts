import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { FAULTS, type FaultCode, GatewayError } from "../../core/errors.ts";
import type { RefusalView } from "../../web/views.ts";

/** A gateway's dashboard seen from another program; signs in when there is a password. */
export interface GatewayApi {
  /** Reads a JSON answer. */
  json(path: string): Promise<unknown>;
  /**
   * Asks for a change; bytes go as CSV. The answer may be a refusal, whose words are the gateway's. Throws as `json`
   * does when it is no JSON.
   */
  change(
    method: "POST" | "DELETE",
    path: string,
    body?: Readonly<Record<string, string>> | Uint8Array,
  ): Promise<{ readonly status: number; readonly answer: unknown }>;
  /** Opens an endless answer; null for 404. It ends when the signal aborts. */
  open(path: string, signal: AbortSignal): Promise<IncomingMessage | null>;
}

interface Ask {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
}

const LARGEST_ANSWER_BYTES = 4 * 2 ** 20;

/**
 * Connects to a dashboard.
 * @throws USAGE for a text that is no http address, GATEWAY_UNREACHABLE, GATEWAY_REFUSED for a wrong password
 */
export async function connectGateway(
  url: string,
  password: string | null,
  signal: AbortSignal,
): Promise<GatewayApi> {
  const base = parseUrl(url);
  const cookie = password === null ? null : await signIn(base, password, signal);
  const headers: Record<string, string> = cookie === null ? {} : { cookie };
  const get = (path: string, until: AbortSignal): Promise<IncomingMessage> =>
    ask(base, { method: "GET", path, headers, signal: until });
  return {
    async json(path) {
      const answer = await get(path, signal);
      if (answer.statusCode !== 200) throw refused(base, path, answer);
      return JSON.parse(await textOf(answer));
    },
    async change(method, path, body) {
      const isCsv = body instanceof Uint8Array;
      const content = isCsv || body === undefined ? body : JSON.stringify(body);
      const named = { "content-type": isCsv ? "text/csv" : "application/json" };
      const type = content === undefined ? {} : named;
      const request = { method, path, headers: { ...headers, ...type }, signal };
      const answer = await ask(
        base,
        content === undefined ? request : { ...request, body: content },
      );
      const isJson = answer.headers["content-type"]?.startsWith("application/json") === true;
      if (!isJson) throw refused(base, path, answer);
      return { status: answer.statusCode ?? 0, answer: JSON.parse(await textOf(answer)) };
    },
    async open(path, until) {
      const answer = await get(path, until);
      if (answer.statusCode === 200) return answer;
      answer.destroy();
      if (answer.statusCode === 404) return null;
      throw refused(base, path, answer);
    },
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new GatewayError(
      "USAGE",
      `--url: expected http://HOST:PORT, found ${JSON.stringify(text)}`,
    );
  }
  return url;
}

async function signIn(base: URL, password: string, signal: AbortSignal): Promise<string> {
  const answer = await ask(base, {
    method: "POST",
    path: "/login",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ password }).toString(),
    signal,
  });
  answer.destroy();
  const cookie = answer.headers["set-cookie"]?.[0]?.split(";", 1)[0];
  // A gateway without a password has no sign-in; then nothing needs one.
  if (answer.statusCode === 404) return "";
  if (answer.statusCode !== 303 || cookie === undefined) throw refused(base, "/login", answer);
  return cookie;
}

function ask(base: URL, { method, path, headers, body, signal }: Ask): Promise<IncomingMessage> {
  const request = base.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, base), { method, headers, signal }, resolve);
    sent.on("error", (cause) => {
      if (signal.aborted) return reject(cause);
      const message = `${base.origin} did not answer (${cause.message})`;
      reject(new GatewayError("GATEWAY_UNREACHABLE", message, { cause }));
    });
    sent.end(body);
  });
}

function refused(base: URL, path: string, answer: IncomingMessage): GatewayError {
  const why: Readonly<Record<number, string>> = {
    303: "it needs a password",
    401: "the password is missing or wrong",
    421: "it answers to this machine's own names only",
    429: "too many tries; wait a minute",
    503: "as many recordings run as it serves at once",
  };
  const { statusCode = 0 } = answer;
  const reason = why[statusCode] ?? `status ${statusCode}`;
  return new GatewayError("GATEWAY_REFUSED", `${base.origin}${path} was refused: ${reason}`);
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) {
    text += chunk;
    if (text.length > LARGEST_ANSWER_BYTES) {
      throw new GatewayError("GATEWAY_REFUSED", "the answer is larger than any of a gateway");
    }
  }
  return text;
}

/** What a refused change was refused for: the gateway's own fault when it names one of ours. Pure. */
export function refusalOf(status: number, answer: unknown): GatewayError {
  const { error, message } = (answer ?? {}) as Partial<RefusalView>;
  const isOurs = typeof error === "string" && error in FAULTS;
  const code = isOurs ? (error as FaultCode) : "GATEWAY_REFUSED";
  return new GatewayError(code, `the gateway refused (${status}): ${message ?? "no reason given"}`);
}
