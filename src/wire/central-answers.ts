import { z } from "zod";

const time = z.number().int().meta({ description: "Milliseconds since 1970" });
const text = z.string();
const known = z.number().nullable().meta({ description: "null: not known" });
const share = z.number().min(0).max(1);
const amount = z.number().nonnegative();
const open = z.record(z.string(), z.unknown());

const attention = z.strictObject({
  code: z.enum([
    ...["offline", "damaged", "disk", "blind", "clock", "certificate", "late", "gaps"],
    ...["incomplete", "drifting", "no-gateway", "no-plan", "erasure"],
  ] as const),
  text: text.meta({ description: "A sentence for people" }),
});

/** One shop in the list of the chain. */
export const storeTileSchema = z.strictObject({
  ...{ storeId: text, name: text.nullable(), timeZone: text.nullable(), currency: text.nullable() },
  ...{ events: amount, firstAt: time.nullable(), lastAt: time.nullable() },
  lastSeenAt: time.nullable().meta({ description: "When any of its gateways was last heard" }),
  freshness: z.enum(["fresh", "late", "silent", "never"]),
  ...{ gateways: amount, online: amount, blindSensors: amount },
  shed: amount.meta({ description: "Events of the last day (24 h) that will never come" }),
  completeness: share.nullable().meta({ description: "Of the present trading day" }),
  driftingDoors: amount,
  attention: z.array(attention).meta({ description: "Worst first; empty when all is well" }),
  today: z
    .strictObject({
      ...{ from: time, entrants: known, shopfrontConversion: known, salesConversion: known },
      ...{ transactions: known, netSales: known },
      entrantsSoFar: known.meta({ description: "Up to the last whole quarter of an hour" }),
      entrantsBefore: known.meta({ description: "The same weekday a week ago, up to then" }),
    })
    .nullable()
    .meta({ description: "null without a site plan" }),
});
export type StoreTile = z.output<typeof storeTileSchema>;
export type Attention = z.output<typeof attention>;

export const storesAnswer = z.strictObject({ now: time, stores: z.array(storeTileSchema) });

const account = z.strictObject({
  ...{ epoch: text, stream: text, seq: amount, stored: amount, known: amount },
  ...{ shed: amount, quarantined: amount, updatedAt: time, lastAt: time.nullable() },
});
const gap = z.strictObject({
  ...{ epoch: text, stream: text, from: amount, to: amount, n: amount, why: text },
  ...{ firstAt: time.nullable(), lastAt: time.nullable(), receivedAt: time },
});
const gateway = z.strictObject({
  ...{ gatewayId: text, storeId: text.nullable(), online: z.boolean(), session: text.nullable() },
  versions: z.record(z.string(), text),
  sensors: z.array(z.unknown()),
  ...{ lastSeenAt: time, lastSeenAgeMs: amount },
  ...{ streams: z.array(account), gaps: z.array(gap) },
  totals: z.strictObject({
    ...{ stored: amount, known: amount, shed: amount, quarantined: amount },
  }),
});
export const gatewaysAnswer = z.strictObject({ gateways: z.array(gateway) });

const gatewayNow = z.strictObject({
  ...{ gatewayId: text, isOnline: z.boolean(), freshness: text, healthAgeMs: known },
  lastSeenAgeMs: amount,
  sensors: z.array(z.strictObject({ id: text, state: text, code: text.nullable() })),
  gaps: z.array(gap),
});
const named = z.strictObject({ id: text, name: text });
export const storeAnswer = z.strictObject({
  now: time,
  store: storeTileSchema,
  gateways: z.array(gatewayNow),
  ...{ zones: z.array(named), doors: z.array(named) },
});

const definition = z.strictObject({ id: text, version: z.number(), parameters: open });
const slot = z.strictObject({
  ...{ from: time, to: time, scope: text, value: known, unit: text, method: text },
  until: time.meta({ description: "The value goes up to here: `to` when all of it is told" }),
  reason: z.strictObject({ code: text, text }).nullable(),
  ...{ definition, coverage: z.number(), imputedShare: z.number(), n: z.number() },
  effectiveN: known,
  ci95: z.array(z.number()).length(2).nullable(),
  ...{ completeness: share, finalAt: time, revision: amount },
});
export type MetricSlot = z.output<typeof slot>;
export const metricsAnswer = z.strictObject({
  ...{ storeId: text, metric: text, grain: z.enum(["quarter", "day"]) },
  values: z.array(slot),
});

const compared = z.strictObject({
  ...{ storeId: text, name: text.nullable(), value: known, sum: known, mean: known },
  slots: amount.meta({
    description: "Trading days with a row; of a rate, those on which both of its counts are known",
  }),
  days: amount.meta({ description: "Trading days that began in the interval so far" }),
  completeness: share.meta({ description: "Of all those days; one without a figure is nothing" }),
});
export type ComparedStore = z.output<typeof compared>;
export const compareAnswer = z.strictObject({
  ...{ metric: text, unit: text, from: time, to: time },
  how: z.enum(["sum", "ratio-of-sums", "mean-of-days"]).meta({
    description: "How `value` is made of the trading days that begin in the interval",
  }),
  stores: z.array(compared),
});

const visit = z.strictObject({
  visit: text.meta({ description: "Pseudonym; another key gets another one" }),
  customer: text.nullable().meta({ description: "Loyalty card; only with scope `loyalty`" }),
  ...{ revision: amount, isWithdrawn: z.boolean(), method: text, endedBy: text },
  ...{ enteredAt: time, exitedAt: time, isEntrySeen: z.boolean(), isExitSeen: z.boolean() },
  ...{ reentries: amount, staysDropped: amount },
  stays: z.array(
    z.strictObject({ zoneId: text, enteredAt: time, dwellMs: amount, isCensored: z.boolean() }),
  ),
  queues: z.array(z.strictObject({ zoneId: text, waitMs: amount, outcome: text })),
  basket: open.nullable(),
  receipts: z.array(
    z.strictObject({ kind: text, paidAt: time, netMinor: z.number(), units: amount }),
  ),
});
export type VisitAnswer = z.output<typeof visit>;
export const journeysAnswer = z.strictObject({ visits: z.array(visit), next: text.nullable() });
export const eventsAnswer = z.strictObject({ events: z.array(open), next: text.nullable() });

export const gapsAnswer = z.strictObject({
  gaps: z.array(z.strictObject({ gatewayId: text, storeId: text.nullable(), ...gap.shape })),
});
export const quarantineAnswer = z.strictObject({
  rows: z.array(
    z.strictObject({
      ...{ n: amount, gatewayId: text, epoch: text.nullable(), stream: text.nullable() },
      ...{ seq: known, reason: text, receivedAt: time, times: amount, lastReceivedAt: time },
      body: text.nullable().meta({
        description:
          "As it came, at most 64 KiB; only with scope `loyalty`, since it may name persons",
      }),
    }),
  ),
  next: known,
  lost: z.array(z.strictObject({ gatewayId: text, dropped: amount })).meta({
    description: "How much of what was set aside is no longer kept, by gateway",
  }),
});
export const auditAnswer = z.strictObject({
  entries: z.array(
    z.strictObject({ n: amount, at: time, actor: text, action: text, target: text, detail: text }),
  ),
  next: known,
});
export const fleetAnswer = z.strictObject({
  ...{ gatewayId: text, desired: open.nullable(), reported: open.nullable() },
  ...{ health: open.nullable(), healthAt: time.nullable() },
});
export const desiredAnswer = z.strictObject({ version: amount, hash: text });
export const commandAnswer = z.strictObject({ id: text });
export const keyAnswer = z.strictObject({ name: text, scopes: z.array(text) });
export const definitionsAnswer = z.strictObject({ definitions: z.array(open) });
export const todayAnswer = open.meta({ description: "As `/api/today` of a gateway (docs/api.md)" });
export const reportAnswer = open.meta({
  description: "As `/api/report` of a gateway (docs/api.md)",
});
export const documentAnswer = open.meta({ description: "This document" });

/** What a refusal holds, whatever its status. */
export const refusalSchema = z.object({
  ...{ error: text, message: text },
  hint: text.optional(),
  faults: z
    .array(z.strictObject({ path: text, found: text, expected: text }))
    .optional()
    .meta({ description: "Each field that was refused" }),
});
