import type { FastifyInstance, FastifyReply } from "fastify";
import type { TenantId } from "../../core/brand.ts";
import { ok, type Result } from "../../core/errors.ts";
import { destroyKey, keptKeys } from "../loyalty/key-shelf.ts";
import type { LoyaltyDesk } from "../loyalty/loyalty-desk.ts";
import * as acts from "../loyalty/member-acts.ts";
import { exportOf, profileOf, shownGrant, stateOf } from "../loyalty/member-views.ts";
import { writeOff } from "../loyalty/write-off.ts";
import { type ApiContext, addOperation } from "./api-context.ts";
import type { Access } from "./api-keys.ts";
import { isEverywhere, mayActFor } from "./tenant-access.ts";

const OFF: acts.ActRefusal = {
  ...{ status: 404, error: "LOYALTY_OFF", message: "this centre runs without loyalty" },
};
const FOREIGN: acts.ActRefusal = {
  ...{ status: 403, error: "FORBIDDEN", message: "this key may not act for the tenant" },
};
const NO_PROFILE: acts.ActRefusal = {
  ...{ status: 404, error: "NO_PROFILE", message: "there is no profile: no live consent" },
};

const NO_KEY: acts.ActRefusal = {
  ...{ status: 404, error: "KEY_UNKNOWN", message: "the gateway was never given a key" },
};

type Outcome<T> = Result<T, acts.ActRefusal>;

/** Members, their consents and what is known of them. What is done, and every look, goes into the audit log. */
export function addLoyaltyRoutes(app: FastifyInstance, context: ApiContext): void {
  addOperation(app, "loyaltyState", ({ access }) =>
    stateOf(
      context.loyalty ?? null,
      ({ tenantId }) => mayActFor(context, access, tenantId),
      isEverywhere(access),
    ),
  );
  addRegistration(app, context);
  addRights(app, context);
  addCarried(app, context);
  addTemplateKeys(app, context);
  addWriteOffs(app, context);
  addLooks(app, context);
}

function addRegistration(app: FastifyInstance, context: ApiContext): void {
  addOperation(app, "registerMember", async ({ body, access, reply }) => {
    const loyalty = deskFor(context, access, body.tenantId);
    if (!loyalty.ok) return refuse(reply, loyalty.error);
    const outcome = await acts.register(loyalty.value, body);
    if (!outcome.ok) return refuse(reply, outcome.error);
    const { desk, member, grant } = outcome.value;
    const what = grant?.purpose ?? "agreed at a station";
    await note(context, access, { desk, member }, ["register", what]);
    return {
      member: desk.outsideName(member.subject),
      appKey: member.appKey === null ? null : base64url(member.appKey),
      grant: grant === null ? null : shownGrant(grant),
    };
  });
  addOperation(app, "giveConsent", async ({ body, access, reply }) => {
    const found = find(context, access, body);
    if (!found.ok) return refuse(reply, found.error);
    const loyalty = deskFor(context, access, body.tenantId);
    if (!loyalty.ok) return refuse(reply, loyalty.error);
    const outcome = await acts.giveConsent(loyalty.value, found.value, body.consent);
    if (!outcome.ok) return refuse(reply, outcome.error);
    await note(context, access, found.value, ["consent", outcome.value.purpose]);
    return { member: nameOf(found.value), grant: shownGrant(outcome.value) };
  });
}

function addRights(app: FastifyInstance, context: ApiContext): void {
  addOperation(app, "revokeConsent", async ({ body, access, reply }) => {
    const found = find(context, access, body);
    if (!found.ok) return refuse(reply, found.error);
    const { purposes } = body;
    const how = purposes === undefined ? {} : { purposes };
    const answer = await acts.takeBack(found.value, { ...how, ref: `api-${access.name}` });
    await note(context, access, found.value, ["revoke", answer.ended.join(" ")]);
    return answer;
  });
  addOperation(app, "eraseMember", async ({ body, access, reply }) => {
    const found = find(context, access, body);
    if (!found.ok) return refuse(reply, found.error);
    const answer = await acts.takeBack(found.value, { ref: `api-${access.name}` });
    await note(context, access, found.value, ["erase", answer.ended.join(" ")]);
    return answer;
  });
}

function addCarried(app: FastifyInstance, context: ApiContext): void {
  addOperation(app, "renewAppKey", async ({ body, access, reply }) => {
    const found = find(context, access, body);
    const loyalty = deskFor(context, access, body.tenantId);
    if (!found.ok) return refuse(reply, found.error);
    if (!loyalty.ok) return refuse(reply, loyalty.error);
    const outcome = await acts.renewAppKey(loyalty.value, found.value);
    if (!outcome.ok) return refuse(reply, outcome.error);
    const member = nameOf(found.value);
    await note(context, access, found.value, ["app-key", ""]);
    return { member, appKey: base64url(outcome.value) };
  });
  addOperation(app, "setTags", async ({ body, access, reply }) => {
    const found = find(context, access, body);
    const loyalty = deskFor(context, access, body.tenantId);
    if (!found.ok) return refuse(reply, found.error);
    if (!loyalty.ok) return refuse(reply, loyalty.error);
    const outcome = await acts.setTags(loyalty.value, found.value, body.tags);
    if (!outcome.ok) return refuse(reply, outcome.error);
    const member = nameOf(found.value);
    await note(context, access, found.value, ["tags", String(body.tags.length)]);
    return { member, tags: body.tags.length };
  });
  addOperation(app, "findTagClock", async ({ body, access, reply }) => {
    const found = find(context, access, body);
    const loyalty = deskFor(context, access, body.tenantId);
    if (!found.ok) return refuse(reply, found.error);
    if (!loyalty.ok) return refuse(reply, loyalty.error);
    const shown = { eid: body.eid, backMs: body.backMs, at: context.clock.now() };
    const outcome = await acts.findTagClock(loyalty.value, found.value, shown);
    if (!outcome.ok) return refuse(reply, outcome.error);
    const member = nameOf(found.value);
    await note(context, access, found.value, ["tag-clock", ""]);
    return { member, tags: outcome.value.tags.length };
  });
}

function addTemplateKeys(app: FastifyInstance, context: ApiContext): void {
  addOperation(app, "destroyTemplateKey", async ({ body, access, reply }) => {
    const loyalty = deskFor(context, access, body.tenantId);
    if (!loyalty.ok) return refuse(reply, loyalty.error);
    const { repository, clock } = context;
    const { gatewayId } = body;
    const kept = await keptKeys(repository, body.tenantId);
    if (!kept.some((one) => one.gatewayId === gatewayId)) return refuse(reply, NO_KEY);
    const by = { actor: access.name, at: clock.now() };
    return { gatewayId, isDestroyed: await destroyKey(repository, body, by) };
  });
}

function addWriteOffs(app: FastifyInstance, context: ApiContext): void {
  addOperation(app, "writeOffErasure", async ({ body, access, reply }) => {
    const loyalty = deskFor(context, access, body.tenantId);
    if (!loyalty.ok) return refuse(reply, loyalty.error);
    const outcome = await writeOff(loyalty.value, context.repository, body, {
      ...{ actor: access.name, at: context.clock.now() },
    });
    return outcome.ok ? outcome.value : refuse(reply, outcome.error);
  });
}

/** The look is noted before anything is shown: who cannot be noted sees nothing. */
function addLooks(app: FastifyInstance, context: ApiContext): void {
  addOperation(app, "lookAtProfile", async ({ body, access, reply }) => {
    const found = find(context, access, body);
    const loyalty = deskFor(context, access, body.tenantId);
    if (!loyalty.ok) return refuse(reply, loyalty.error);
    if (!found.ok) return refuse(reply, NO_PROFILE);
    const { desk, member } = found.value;
    if (!desk.consents.mayRecognise(member.subject)) return refuse(reply, NO_PROFILE);
    const look = { ...found.value, action: "profile" } as const;
    if (!(await noteLook(context, loyalty.value, access, look))) return refuse(reply, NO_PROFILE);
    const profile = await profileOf(loyalty.value, found.value);
    return profile ?? refuse(reply, NO_PROFILE);
  });
  addOperation(app, "exportMember", async ({ body, access, reply }) => {
    const found = find(context, access, body);
    const loyalty = deskFor(context, access, body.tenantId);
    if (!loyalty.ok) return refuse(reply, loyalty.error);
    if (!found.ok) return refuse(reply, found.error);
    const look = { ...found.value, action: "export" } as const;
    if (!(await noteLook(context, loyalty.value, access, look))) return refuse(reply, acts.UNKNOWN);
    return await exportOf(loyalty.value, found.value, body.customer, context.clock.now());
  });
}

function deskFor(context: ApiContext, access: Access, tenant: TenantId): Outcome<LoyaltyDesk> {
  const loyalty = context.loyalty ?? null;
  if (loyalty === null) return { ok: false, error: OFF };
  return mayActFor(context, access, tenant) ? ok(loyalty) : { ok: false, error: FOREIGN };
}

function find(context: ApiContext, access: Access, who: acts.Who): Outcome<acts.Found> {
  const loyalty = deskFor(context, access, who.tenantId);
  return loyalty.ok ? acts.memberOf(loyalty.value, who) : loyalty;
}

/**
 * Notes what was done about a member. Nobody is erased while it is written: whoever is erased afterwards is taken out of it,
 * and whoever was erased before is not named by it. @throws STORE_FAILED
 */
function note(
  { repository, clock }: ApiContext,
  { name: actor }: Access,
  { desk, member: { subject } }: acts.Found,
  [action, detail]: readonly [string, string],
): Promise<void> {
  return desk.inTurn(() => {
    const target = desk.auditName(subject);
    const entry = { actor, action: `loyalty:${action}`, target, detail };
    return repository.audit({ at: clock.now(), ...entry });
  });
}

/** Notes a look, if the member is still there; false when not. @throws STORE_FAILED; then nothing is to be shown */
function noteLook(
  { repository, clock }: ApiContext,
  loyalty: LoyaltyDesk,
  { name: actor }: Access,
  { desk, member: { subject }, action }: acts.Found & { readonly action: "profile" | "export" },
): Promise<boolean> {
  return desk.inTurn(async () => {
    if (loyalty.members.bySubject(subject) === null) return false;
    const [at, target] = [clock.now(), desk.outsideName(subject)];
    await repository.audit({ at, actor, action: `loyalty:${action}`, target, detail: "" });
    await loyalty.visits.look(subject, { at, actor, action });
    return true;
  });
}

const nameOf = ({ desk, member }: acts.Found): string => desk.outsideName(member.subject);

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

const refuse = (reply: FastifyReply, { status, error, message }: acts.ActRefusal): FastifyReply =>
  reply.code(status).send({ error, message });
