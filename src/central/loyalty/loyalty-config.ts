import { z } from "zod";
import { tenantId } from "../../core/brand.ts";
import { JURISDICTIONS } from "../../core/consent.ts";
import { fail, type InputFault, ok, type Result } from "../../core/errors.ts";
import { faultsOf } from "../../core/input-faults.ts";
import { levelText } from "../../wire/vocabulary.ts";

/** Events that a webhook may be sent. */
export const HOOK_EVENTS = ["shopper.recognised", "visit.completed"] as const;
export type WishedEvent = (typeof HOOK_EVENTS)[number];
/** What webhooks are sent: what they asked for, and to each of them that a member is to be erased. */
export type HookEvent = WishedEvent | "member.erased";
/** Receivers of one tenant. */
export const HOOKS_CAP = 16;
/** So that its name fits where it is noted who has erased. */
const HOOK_ID = 56;

const store = z.strictObject({
  storeId: levelText,
  latitude: z.number().min(-90).max(90).exactOptional(),
  longitude: z.number().min(-180).max(180).exactOptional(),
});

const webhook = z.strictObject({
  id: levelText.max(HOOK_ID, "at most 56 characters"),
  url: z.url({ protocol: /^https?$/, error: "an http or https URL" }).max(2048),
  keyId: levelText.meta({ description: "Sent with each signature, so that keys can be changed" }),
  secretFile: z.string().min(1).meta({ description: "File with the secret, 32 to 256 characters" }),
  events: z
    .array(z.enum(HOOK_EVENTS))
    .min(1)
    .default([...HOOK_EVENTS]),
  allowPrivate: z.boolean().default(false).meta({
    description: "May be http and lead to a private address: a receiver in the same network",
  }),
});

const tenant = z.strictObject({
  tenantId: levelText.transform(tenantId),
  jurisdiction: z.enum(JURISDICTIONS).default("off"),
  switchedOnBy: z.string().min(1).max(128).exactOptional(),
  apiKeys: z.array(z.string().min(1).max(32)).max(64).default([]).meta({
    description:
      "Names of API keys that may act for this tenant; a key with full access always may",
  }),
  groups: z
    .array(z.strictObject({ storeGroup: levelText, stores: z.array(store).min(1).max(20_000) }))
    .min(1)
    .max(16, "at most sixteen groups"),
  webhooks: z.array(webhook).max(HOOKS_CAP).default([]),
});

/** The loyalty file of a centre (docs/loyalty.md). */
export const centralLoyaltySchema = z.strictObject({
  v: z.literal(1),
  stateDir: z.string().min(1).meta({ description: "Where ledgers and the queue of webhooks are" }),
  keyFile: z.string().min(1).exactOptional().meta({
    description: "File with the master key, 32 bytes as base64; absent: VITRINE_LOYALTY_KEY",
  }),
  tenants: z.array(tenant).min(1).max(64),
});

/** The loyalty file with its defaults. */
export type CentralLoyaltyConfig = z.output<typeof centralLoyaltySchema>;
export type TenantConfig = CentralLoyaltyConfig["tenants"][number];

/** Checks a loyalty file; every fault at once. Pure. */
export function parseCentralLoyalty(
  input: unknown,
): Result<CentralLoyaltyConfig, readonly InputFault[]> {
  const outcome = centralLoyaltySchema.safeParse(input);
  if (!outcome.success) return fail(faultsOf(outcome.error.issues, input));
  const faults = [...doubled(outcome.data), ...outcome.data.tenants.flatMap(tenantFaults)];
  return faults.length === 0 ? ok(outcome.data) : fail(faults);
}

/** A store, a group and a name belong to one tenant: else one would hear of another's members. */
function doubled({ tenants }: CentralLoyaltyConfig): readonly InputFault[] {
  const named = (path: string, names: readonly string[]): InputFault[] =>
    names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((found) => ({ path, found, expected: "a name that is used once" }));
  const groups = tenants.flatMap(({ groups: own }) => own);
  return [
    ...named(
      "tenants.tenantId",
      tenants.map(({ tenantId: id }) => id),
    ),
    ...named(
      "tenants.groups.storeGroup",
      groups.map(({ storeGroup }) => storeGroup),
    ),
    ...doubledStores(groups),
  ];
}

function doubledStores(groups: readonly TenantConfig["groups"][number][]): readonly InputFault[] {
  const seen = new Set<string>();
  const faults: InputFault[] = [];
  for (const { storeId } of groups.flatMap(({ stores }) => stores)) {
    if (seen.has(storeId))
      faults.push({ path: "tenants.groups.stores", found: storeId, expected: "a store once" });
    seen.add(storeId);
  }
  return faults;
}

function tenantFaults(of: TenantConfig): readonly InputFault[] {
  const faults: InputFault[] = [];
  if (of.jurisdiction !== "off" && of.switchedOnBy === undefined)
    faults.push({
      path: `tenants.${of.tenantId}.switchedOnBy`,
      found: "nothing",
      expected: `name and role of who answers for ${of.jurisdiction}`,
    });
  const ids = of.webhooks.map(({ id }) => id);
  for (const [index, { id, url, allowPrivate }] of of.webhooks.entries()) {
    const path = `tenants.${of.tenantId}.webhooks.${id}`;
    if (ids.indexOf(id) !== index) faults.push({ path, found: id, expected: "a name of its own" });
    if (url.startsWith("http:") && !allowPrivate)
      faults.push({ path, found: "http", expected: "https, or allowPrivate" });
    if (new URL(url).username !== "")
      faults.push({ path, found: "credentials", expected: "an address without credentials" });
  }
  return faults;
}
