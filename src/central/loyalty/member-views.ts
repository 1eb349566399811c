import type { EpochMs, TenantId } from "../../core/brand.ts";
import type { Grant } from "../../core/consent.ts";
import type { ExportAnswer, LoyaltyState, ProfileAnswer } from "../../wire/loyalty-answers.ts";
import type { LoyaltyDesk } from "./loyalty-desk.ts";
import type { Found } from "./member-acts.ts";
import type { Member } from "./member-book.ts";
import type { TenantDesk } from "./tenant-desk.ts";
import type { MemberVisit } from "./visit-book.ts";

/** Of one group of stores; what is beyond is told to be missing. */
const EXPORTED_EVENTS = 10_000;

/**
 * The profile of a member: visits on which recognising was consented to. Null while no consent to be recognised is live:
 * then there is no profile, whatever was known before. @throws STORE_FAILED
 */
export async function profileOf(
  loyalty: LoyaltyDesk,
  { desk, member }: Found,
): Promise<ProfileAnswer | null> {
  const { subject } = member;
  if (!desk.consents.mayRecognise(subject)) return null;
  const journeys = await loyalty.visits.of(subject);
  const stores = new Map<string, number>();
  for (const { storeId } of journeys) stores.set(storeId, (stores.get(storeId) ?? 0) + 1);
  return {
    member: desk.outsideName(subject),
    ...{ registeredAt: member.registeredAt, carried: carriedBy(member), visits: seenOf(member) },
    grants: desk.consents.register.liveOf(subject).map(shownGrant),
    stores: [...stores].map(([storeId, visits]) => ({ storeId, visits })),
    journeys: journeys.map(shownVisit),
  };
}

/** Everything that is kept about a customer, for the customer. @throws STORE_FAILED */
export async function exportOf(
  loyalty: LoyaltyDesk,
  { desk, member }: Found,
  customer: string,
  now: EpochMs,
): Promise<ExportAnswer> {
  const { subject, registeredAt } = member;
  return {
    ...{ customer, member: desk.outsideName(subject), subjectRef: subject, exportedAt: now },
    ...{ registeredAt, carried: carriedBy(member), visits: seenOf(member) },
    journeys: (await loyalty.visits.of(subject)).map(shownVisit),
    grants: desk.consents.register
      .of(subject)
      .map(({ grant, state }) => ({ ...shownGrant(grant), state })),
    decisions: [],
    looks: (await loyalty.visits.looksOf(subject)).map((look) => ({ ...look })),
    receivers: desk.config.webhooks.map(({ id, events }) => ({ id, events: [...events] })),
    told: loyalty.queue.toldOf(subject).map((row) => ({ ...row })),
    ...(await eventsOf(loyalty, desk, member)),
  };
}

/** Events that name a member, by what the stores of each group call them. @throws STORE_FAILED */
async function eventsOf(
  loyalty: LoyaltyDesk,
  desk: TenantDesk,
  { subject }: Member,
): Promise<Pick<ExportAnswer, "events" | "areAllEvents">> {
  const events: Record<string, unknown>[] = [];
  let areAllEvents = true;
  for (const { name, storeIds } of desk.namesOf(subject)) {
    const found = await loyalty.namedEvents(storeIds, name, EXPORTED_EVENTS);
    areAllEvents &&= found.length < EXPORTED_EVENTS;
    for (const { body } of found) events.push(JSON.parse(body) as Record<string, unknown>);
  }
  return { events, areAllEvents };
}

/**
 * How loyalty stands, for the tenants that may be seen; names nobody. What belongs to no tenant is for who may act for all
 * of them.
 */
export function stateOf(
  loyalty: LoyaltyDesk | null,
  maySee: (desk: TenantDesk) => boolean,
  isEverywhere: boolean,
): LoyaltyState {
  if (loyalty === null) return NOTHING;
  const desks = [...loyalty.desks()].filter(maySee);
  const { recognitions } = loyalty;
  const stores = (desk: TenantDesk): readonly string[] =>
    desk.config.groups.flatMap((group) => group.stores.map(({ storeId }) => storeId));
  const own = new Set(desks.flatMap(stores));
  return {
    isOn: true,
    tenants: desks.map((desk) => tenantState(loyalty, desk)),
    webhooks: sum(
      NO_WEBHOOKS,
      desks.map(({ tenantId }) => webhooksOf(loyalty, tenantId)),
    ),
    anomalies: recognitions.anomalies
      .filter((one) => one.stores.every((id) => own.has(id)))
      .map((one) => ({ ...one, stores: [...one.stores] })),
    anomaliesUntold: desks.reduce((all, { tenantId }) => all + recognitions.untoldOf(tenantId), 0),
    templateKeys: sum(NO_KEYS, [
      ...desks.map(({ tenantId }) => loyalty.templateKeys.countsOf(tenantId)),
      ...(isEverywhere ? [loyalty.templateKeys.countsOf(null)] : []),
    ]),
    goneNames: isEverywhere
      ? { remembered: loyalty.gone.size, forgotten: loyalty.gone.forgotten }
      : null,
  };
}

type Webhooks = LoyaltyState["webhooks"];
type TemplateKeys = LoyaltyState["templateKeys"];

const NO_WEBHOOKS: Webhooks = {
  ...{ waiting: 0, added: 0, known: 0, full: 0 },
  ...{ told: 0, failed: 0, withdrawn: 0, stale: 0, faults: 0 },
};
const NO_KEYS: TemplateKeys = {
  ...{ handed: 0, unreadable: 0, foreign: 0, destroyed: 0, repeated: 0, flooded: 0, failed: 0 },
};
const NOTHING: LoyaltyState = {
  ...{ isOn: false, tenants: [], anomalies: [], anomaliesUntold: 0, goneNames: null },
  ...{ webhooks: NO_WEBHOOKS, templateKeys: NO_KEYS },
};

const webhooksOf = ({ queue, sender }: LoyaltyDesk, tenantId: TenantId): Webhooks => ({
  ...queue.countsOf(tenantId),
  ...sender.countsOf(tenantId),
});

/** Counts of the same names, added up. */
function sum<Name extends string>(
  none: Readonly<Record<Name, number>>,
  all: readonly Readonly<Record<Name, number>>[],
): Record<Name, number> {
  const names = Object.keys(none) as Name[];
  const of = (name: Name): number => all.reduce((total, one) => total + one[name], 0);
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, number>;
}

function tenantState(loyalty: LoyaltyDesk, desk: TenantDesk): LoyaltyState["tenants"][number] {
  const { consents, tenantId, config } = desk;
  const { register, ledger } = consents;
  const { name, seq, counts } = register;
  const behind = (applied: number | null): number | null =>
    applied === null ? null : Math.max(0, seq - applied);
  const tables = config.groups.map(({ storeGroup }) => loyalty.tables.tagsLeftOut(storeGroup));
  return {
    ...{ tenantId, gatewaysAsked: consents.gateways.size },
    members: [...loyalty.members.of(tenantId)].length,
    tagsLeftOut: tables.reduce((sum, count) => sum + count, 0),
    register: { name, seq, ...counts },
    ledger: { ...ledger.head, isBroken: ledger.isBroken, owed: ledger.owed },
    chains: { ...consents.chains.counts },
    gateways: [...loyalty.homes.gatewaysOf(tenantId)].map((gatewayId) => {
      const applied = desk.news.appliedOf(gatewayId);
      return { gatewayId, applied, behind: behind(applied) };
    }),
    openErasures: desk.erasures
      .shown(loyalty.now())
      .map((one) => ({ ...one, purposes: [...one.purposes] }))
      .map((one) => ({ ...one, waiting: [...one.waiting], failed: [...one.failed] })),
  };
}

const carriedBy = ({ appKey, tags }: Member): ProfileAnswer["carried"] => ({
  app: appKey !== null,
  tags: tags.length,
});

const seenOf = ({ visits, firstVisitAt, lastVisitAt }: Member): ProfileAnswer["visits"] => ({
  ...{ count: visits, firstAt: firstVisitAt, lastAt: lastVisitAt },
});

/** A consent without whose it is: that stands beside it. Pure. */
export function shownGrant(grant: Grant): ProfileAnswer["grants"][number] {
  const { grantId, purpose, jurisdiction, notice, proof, grantedAt, expiresAt } = grant;
  return {
    ...{ grantId, purpose, jurisdiction, grantedAt, expiresAt },
    ...{ notice: { ...notice }, proof: { ...proof } },
  };
}

const shownVisit = (visit: MemberVisit): ProfileAnswer["journeys"][number] => {
  const { storeId, enteredAt, exitedAt, stays, basket, receipts } = visit;
  return {
    ...{ storeId, enteredAt, exitedAt, basket },
    stays: stays.map((stay) => ({ ...stay })),
    receipts: receipts.map((receipt) => ({ ...receipt })),
  };
};
