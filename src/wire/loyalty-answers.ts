import { z } from "zod";
import { PURPOSES } from "../core/consent.ts";

const text = z.string();
const time = z.number().int().meta({ description: "Milliseconds since 1970" });
const amount = z.number().nonnegative();
const member = text.meta({
  description: "A pseudonym of this tenant, the same in webhooks; another tenant has another one",
});
const purpose = z.enum(PURPOSES);
const notice = z.strictObject({ id: text, version: amount, language: text, sha256: text });
const grant = z.strictObject({
  ...{ grantId: text, purpose, jurisdiction: text, notice, grantedAt: time, expiresAt: time },
  proof: z.strictObject({ kind: text, ref: text }),
});
const visit = z.strictObject({
  ...{ storeId: text, enteredAt: time, exitedAt: time },
  stays: z.array(z.strictObject({ zoneId: text, dwellMs: amount })),
  basket: z.strictObject({ added: amount, removed: amount, returned: amount }).nullable(),
  receipts: z.array(
    z.strictObject({ kind: text, paidAt: time, netMinor: z.number(), units: z.number() }),
  ),
});
const seen = z.strictObject({
  ...{ count: amount, firstAt: time.nullable(), lastAt: time.nullable() },
});
const carried = z.strictObject({ app: z.boolean(), tags: amount });

export const registeredAnswer = z.strictObject({
  member,
  appKey: text.nullable().meta({ description: "16 bytes as base64url; shown this once" }),
  grant: grant.nullable(),
});
export const consentAnswer = z.strictObject({ member, grant });
export const revokedAnswer = z.strictObject({
  ended: z.array(purpose).meta({ description: "Consents that ended with this request" }),
  isForgotten: z.boolean().meta({ description: "Nothing about the customer is kept any more" }),
  openErasures: amount.meta({ description: "Requests to erase that others have not answered yet" }),
});
export const appKeyAnswer = z.strictObject({ member, appKey: text });
export const tagsAnswer = z.strictObject({ member, tags: amount });

export const destroyedKeyAnswer = z.strictObject({
  gatewayId: text,
  isDestroyed: z.boolean().meta({ description: "By this request; false: it was before" }),
});

export const writtenOffAnswer = z.strictObject({
  consumer: text,
  writtenOff: amount.meta({ description: "Requests that do not wait for it any more" }),
  closed: amount.meta({ description: "Of them, those that waited for nobody else" }),
  isRetired: z.boolean(),
});

/** What is known of a member who agreed to be recognised. */
export const profileAnswer = z.strictObject({
  ...{ member, registeredAt: time, carried, visits: seen },
  grants: z.array(grant),
  stores: z.array(z.strictObject({ storeId: text, visits: amount })),
  journeys: z.array(visit).meta({ description: "Of the last ninety days, newest first" }),
});

/** Everything that is kept about a customer. */
export const exportAnswer = z.strictObject({
  ...{ customer: text, member, subjectRef: text, exportedAt: time, registeredAt: time },
  ...{ carried, visits: seen, journeys: z.array(visit) },
  grants: z.array(
    z.strictObject({ ...grant.shape, state: z.enum(["granted", "revoked", "expired"]) }),
  ),
  decisions: z.array(z.record(text, z.unknown())).meta({
    description: "Decisions that a program made about the member; none are made here",
  }),
  looks: z.array(z.strictObject({ at: time, actor: text, action: text })),
  receivers: z.array(z.strictObject({ id: text, events: z.array(text) })),
  told: z
    .array(
      z.strictObject({ receiver: text, event: text, count: amount, firstAt: time, lastAt: time }),
    )
    .meta({ description: "What receivers of webhooks were told" }),
  events: z.array(z.record(text, z.unknown())).meta({
    description: "Events of shops that name the member, as they are stored; at most 10,000 a group",
  }),
  areAllEvents: z.boolean(),
});

const tenantState = z.strictObject({
  ...{ tenantId: text, members: amount, gatewaysAsked: amount, tagsLeftOut: amount },
  register: z.strictObject({
    ...{ name: text, seq: amount, live: amount, ended: amount, refused: amount },
  }),
  ledger: z.strictObject({ seq: amount, sha256: text, isBroken: z.boolean(), owed: amount }),
  chains: z.record(text, amount).meta({ description: "Entries of gateways' ledgers by verdict" }),
  gateways: z.array(
    z.strictObject({ gatewayId: text, applied: amount.nullable(), behind: amount.nullable() }),
  ),
  openErasures: z.array(
    z.strictObject({
      ...{ erasureId: text, ageMs: amount, purposes: z.array(text) },
      ...{ waiting: z.array(text), failed: z.array(text) },
      isOverdue: z.boolean().meta({ description: "Open for more than 24 hours" }),
    }),
  ),
});
export const loyaltyStateAnswer = z.strictObject({
  isOn: z.boolean(),
  tenants: z.array(tenantState).meta({ description: "Those that the key may act for" }),
  webhooks: z.strictObject({
    ...{ waiting: amount, added: amount, known: amount, full: amount },
    ...{ told: amount, failed: amount, withdrawn: amount, stale: amount, faults: amount },
  }),
  anomalies: z.array(
    z.strictObject({
      ...{ at: time, member, stores: z.array(text), apartM: amount, withinMs: amount },
    }),
  ),
  anomaliesUntold: amount,
  templateKeys: z
    .strictObject({
      ...{ handed: amount, unreadable: amount, foreign: amount, destroyed: amount },
      ...{ repeated: amount, flooded: amount, failed: amount },
    })
    .meta({ description: "Requests of gateways for the key of their templates, by outcome" }),
  goneNames: z.strictObject({ remembered: amount, forgotten: amount }).nullable().meta({
    description:
      "Names of erased members that are taken out of late events, and those forgotten too early; null for a key of one tenant",
  }),
});
export type LoyaltyState = z.output<typeof loyaltyStateAnswer>;
export type ProfileAnswer = z.output<typeof profileAnswer>;
export type ExportAnswer = z.output<typeof exportAnswer>;
export type RevokedAnswer = z.output<typeof revokedAnswer>;
