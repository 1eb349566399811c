import { createHash } from "node:crypto";
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiScope } from "../../wire/central-operations.ts";
import { type Access, accessOf, fullAccess, isSame, type KeyStore, listKeys } from "./api-keys.ts";

export interface GuardOptions {
  readonly keys: KeyStore;
  /** A token with all scopes from the environment; null = none. */
  readonly token: string | null;
  /** Whether requests without a key are served, by the loopback name alone and as long as there are no keys. */
  readonly isOpen: boolean;
  /** Of one key, or of one address without one. */
  readonly requestsPerMinute: number;
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
  const { requestsPerMinute, token } = options;
  const salt = createHash("sha256")
    .update(`journeys ${token ?? "loopback"}`)
    .digest("base64url");
  app.decorateRequest("access", null);
  app.addHook("onRequest", async (request) => {
    request.access = await identify(options, salt, request);
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
  app.addHook("preParsing", async (request, reply) => refuse(options, request, reply));
}

async function identify(
  { keys, token, isOpen }: GuardOptions,
  salt: string,
  { headers }: FastifyRequest,
): Promise<Access | null> {
  const given = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
  if (given !== undefined) {
    if (token !== null && isSame(given, token)) return fullAccess("environment", salt);
    return await accessOf(keys, given);
  }
  // Without any key only the loopback name is served: a web page that rebinds its own name gets nothing.
  if (!isOpen || !LOOPBACK_HOST.test(headers.host ?? "")) return null;
  return (await listKeys(keys)).length === 0 ? fullAccess(LOOPBACK, salt) : null;
}

async function refuse(
  { isOpen }: GuardOptions,
  { access, headers, routeOptions }: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { isPublic = false, scope = "read" } = routeOptions.config;
  if (access === null) {
    const isForeign = !LOOPBACK_HOST.test(headers.host ?? "");
    if (isOpen && isForeign && headers.authorization === undefined)
      await reply.code(403).send({ error: "FORBIDDEN", message: "use the loopback address" });
    else if (!isPublic)
      await reply.code(401).send({ error: "UNAUTHORIZED", message: "send a key as bearer" });
  } else if (!(isPublic || access.scopes.has(scope))) {
    const message = `this key has no scope ${scope}`;
    await reply.code(403).send({ error: "FORBIDDEN", message });
  }
}
