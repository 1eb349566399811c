import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../core/lifecycle.ts";
import { clientKeyOf, isOwnOrigin } from "./access.ts";
import type { Assets } from "./assets.ts";
import { signInPage } from "./pages.ts";
import { SESSION_MS, type SignIn, type SignInOutcome } from "./sign-in.ts";
import type { RefusalView } from "./views.ts";

/** Name of the session cookie. */
export const SESSION_COOKIE = "vitrine_session";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Answered without a session. Everything else is closed as soon as a password is set. */
    readonly open?: boolean;
  }
}

const SIGNED_OUT: RefusalView = {
  error: "SIGNED_OUT",
  message: "This address needs a session.",
  hint: "Sign in at /login.",
};

/** Closes every route not marked open to requests without a live session. Pages lead to the sign-in page. */
export function guardBySession(server: FastifyInstance, signIn: SignIn): void {
  server.addHook("onRequest", async (request, reply) => {
    if (request.routeOptions.config.open === true) return;
    if (hasLiveSession(request, signIn)) return;
    const isPage = request.method === "GET" && !/^\/(api|assets)\//.test(request.url);
    if (isPage) return await reply.redirect("/login", 303);
    return await reply.code(401).send(SIGNED_OUT);
  });
}

/** Whether a request comes with a live session. */
export function hasLiveSession(request: FastifyRequest, signIn: SignIn): boolean {
  const session = sessionOf(request);
  return session !== null && signIn.isOpen(session);
}

/** GET and POST /login, POST /logout. */
export function signInRoutes(
  server: FastifyInstance,
  deps: { readonly signIn: SignIn; readonly assets: Assets; readonly log: Log },
): void {
  const { signIn, assets, log } = deps;
  const show = (reply: FastifyReply, message: string | null): FastifyReply =>
    reply
      .type("text/html; charset=utf-8")
      .header("cache-control", "no-store")
      .send(signInPage(assets, message));

  server.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: 2_048 },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  server.get("/login", { config: { open: true } }, (request, reply) => {
    if (hasLiveSession(request, signIn)) return reply.redirect("/", 303);
    return show(reply, null);
  });
  server.post("/login", { config: { open: true } }, async (request, reply) => {
    if (!isFromUs(request)) return refuseForeign(reply);
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const outcome = await signIn.attempt(clientKeyOf(request.ip), form.get("password") ?? "");
    if (outcome.kind === "welcome") {
      log.info({ event: "web.signed-in" }, "somebody signed in to the dashboard");
      return await setSession(reply, outcome.session).redirect("/", 303);
    }
    log.warn({ event: "web.sign-in-refused", outcome: outcome.kind }, "a sign-in was refused");
    return show(refusal(reply, outcome), messageOf(outcome));
  });
  server.post("/logout", { config: { open: true } }, async (request, reply) => {
    if (!isFromUs(request)) return refuseForeign(reply);
    const session = sessionOf(request);
    if (session !== null) signIn.close(session);
    return await reply.clearCookie(SESSION_COOKIE, { path: "/" }).redirect("/login", 303);
  });
}

/** The signed cookie's session id, null when absent or not signed by this process. */
function sessionOf(request: FastifyRequest): string | null {
  const raw = request.cookies[SESSION_COOKIE];
  if (raw === undefined) return null;
  const opened = request.unsignCookie(raw);
  return opened.valid ? opened.value : null;
}

/** No `Secure`: the gateway speaks plain HTTP in the shop's network; a TLS proxy in front may add it. */
function setSession(reply: FastifyReply, session: string): FastifyReply {
  return reply.setCookie(SESSION_COOKIE, session, {
    signed: true,
    httpOnly: true,
    sameSite: "strict",
    path: "/",
    maxAge: SESSION_MS / 1_000,
  });
}

/** Whether a request that changes something was made by our own page, or by no page at all. */
export function isFromUs(request: FastifyRequest): boolean {
  const site = request.headers["sec-fetch-site"];
  return isOwnOrigin({
    host: request.headers.host,
    origin: request.headers.origin,
    fetchSite: Array.isArray(site) ? site[0] : site,
  });
}

function refuseForeign(reply: FastifyReply): FastifyReply {
  const refused: RefusalView = {
    error: "FOREIGN_ORIGIN",
    message: "This form was sent by another site.",
    hint: "Open the dashboard's own address and sign in there.",
  };
  return reply.code(403).send(refused);
}

type Refused = Exclude<SignInOutcome, { kind: "welcome" }>;

function refusal(reply: FastifyReply, outcome: Refused): FastifyReply {
  if (outcome.kind === "wrong") return reply.code(401);
  const waitMs = outcome.kind === "wait" ? outcome.waitMs : 1_000;
  return reply.code(429).header("retry-after", Math.ceil(waitMs / 1_000));
}

function messageOf(outcome: Refused): string {
  if (outcome.kind === "busy")
    return "The gateway is checking other sign-ins. Try again in a second.";
  if (outcome.kind === "wait") {
    return `Too many wrong tries. Wait ${Math.ceil(outcome.waitMs / 1_000)} seconds, then try again.`;
  }
  const tries = outcome.triesLeft === 1 ? "1 try is" : `${outcome.triesLeft} tries are`;
  return `That is not the password. ${tries} left before a pause.`;
}
