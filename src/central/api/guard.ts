import { createHash } from "node:crypto";
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../core/clock.ts";
import type { ApiScope } from "../../wire/central-operations.ts";
import { type Access, accessOf, fullAccess, isSame, type KeyStore, listKeys } from "./api-keys.ts";
import { Doorman } from "./doorman.ts";

export interface GuardOptions {
  readonly keys: KeyStore;
  /** A token with all scopes from the environment; null = none. */
  readonly token: string | null;
  /** Whether requests without a key are served, by the loopback name alone and as long as there are no keys. */
  readonly isOpen: boolean;
  /** Of one key, or of one address without one. */
  readonly requestsPerMinute: number;
  readonly clock: Clock;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; null before it is known and when it may not. */
    access: Access | null;
  }
  interface FastifyContextConfig {
    /** Served to everybody. */
    isPublic?: boolean;
    /** What the asking key must be allowed; absent = `read`. */
    scope?: ApiScope;
  }
}

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;
const LOOPBACK = "loopback";
/** Programs on this machine while there are no keys may ask so many times as often: all of them share one count. */
const LOOPBACK_TIMES = 10;
/** Keys and addresses whose requests are counted; the least recently seen is forgotten first. */
const COUNTED_CAP = 5_000;

/** Lets in who may: finds out who asks, counts its requests, then refuses what its key does not allow. */
export async function addGuard(app: FastifyInstance, options: GuardOptions): Promise<void> {
  const { requestsPerMinute, token, keys, clock } = options;
  const doorman = new Doorman({ store: keys, wrongPerMinute: requestsPerMinute, clock });
  const salt = createHash("sha256")
    .update(`journeys ${token ?? "loopback"}`)
    .digest("base64url");
  app.decorateRequest("access", null);
  app.addHook("onRequest", async (request, reply) => {
    const given = givenKey(request);
    if (given !== null && token !== null && isSame(given, token)) {
      request.access = fullAccess("environment", salt);
      return undefined;
    }
    if (given !== null && !doorman.mayLookUp(request.ip, given)) {
      const message = "too many wrong keys from this address; ask again in a minute";
      return reply.code(429).send({ error: "TOO_MANY_REQUESTS", message });
    }
    request.access = await identify(options, salt, request);
    if (given !== null) doorman.looked(request.ip, given, request.access !== null);
    return undefined;
  });
  await app.register(rateLimit, {
    max: ({ access }) =>
      access?.name === LOOPBACK ? LOOPBACK_TIMES * requestsPerMinute : requestsPerMinute,
    timeWindow: 60_000,
    cache: COUNTED_CAP,
    keyGenerator: ({ access, ip }) => (access === null ? `address ${ip}` : `key ${access.name}`),
    errorResponseBuilder: (_request, context) => ({
      statusCode: 429,
      message: `too many requests; ask again in ${context.after}`,
    }),
  });
  app.addHook("preParsing", async (request, reply) => {
    const why = await refuse(options, request, reply);
    if (why === null || givenKey(request) === null) return;
    const actor = request.access?.name ?? "nobody";
    await doorman.refused({ actor, target: request.routeOptions.url ?? "no such address", why });
  });
}

const givenKey = ({ headers }: FastifyRequest): string | null =>
  /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1] ?? null;

async function identify(
  { keys, isOpen }: GuardOptions,
  salt: string,
  request: FastifyRequest,
): Promise<Access | null> {
  const { headers } = request;
  const given = givenKey(request);
  if (given !== null) return await accessOf(keys, given);
  // Without any key only the loopback name is served: a web page that rebinds its own name gets nothing.
  if (!isOpen || !LOOPBACK_HOST.test(headers.host ?? "")) return null;
  return (await listKeys(keys)).length === 0 ? fullAccess(LOOPBACK, salt) : null;
}

/** Answers who may not, and says why; null for who may. */
async function refuse(
  { isOpen }: GuardOptions,
  { access, headers, routeOptions }: FastifyRequest,
  reply: FastifyReply,
): Promise<string | null> {
  const { isPublic = false, scope = "read" } = routeOptions.config;
  if (access === null) {
    const isForeign = !LOOPBACK_HOST.test(headers.host ?? "");
    if (isOpen && isForeign && headers.authorization === undefined) {
      await reply.code(403).send({ error: "FORBIDDEN", message: "use the loopback address" });
      return "not the loopback address";
    }
    if (isPublic) return null;
    await reply.code(401).send({ error: "UNAUTHORIZED", message: "send a key as bearer" });
    return "no such key";
  }
  if (isPublic || access.scopes.has(scope)) return null;
  const message = `this key has no scope ${scope}`;
  await reply.code(403).send({ error: "FORBIDDEN", message });
  return `no scope ${scope}`;
}
