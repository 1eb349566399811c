import { z } from "zod";
import { epochMs, grantId, subjectRef, tenantId } from "../core/brand.ts";
import { JURISDICTIONS, PURPOSES } from "../core/consent.ts";
import { ERASURE_OUTCOMES, REVOKERS } from "../core/consent-ledger.ts";
import { count, levelText } from "./vocabulary.ts";

const positive = z.number().int("a whole number").positive("a number from 1");
const instantMs = z.number().int("whole milliseconds").transform(epochMs);
const instant = z.iso
  .datetime({ error: "an RFC 3339 time in UTC" })
  .transform((text) => epochMs(Date.parse(text)));
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
/** 128 random bits as base64url: a grant, a member, a request to erase. */
const randomId = z.string().regex(/^[A-Za-z0-9_-]{22}$/, "22 characters of base64url");
/** What a person writes: a name with a role, a reason. */
const printable = z.string().regex(/^[^\p{C}]{1,128}$/u, "1 to 128 printable characters");
const grantIdText = randomId.transform(grantId);
const subject = randomId.transform(subjectRef).meta({
  description: "A member: random, says nothing about the person, means nothing elsewhere",
});
const tenant = levelText.transform(tenantId);
/** Who may be asked for one erasure. */
export const CONSUMERS_CAP = 10_000;
const purposes = z.array(z.enum(PURPOSES)).min(1).max(PURPOSES.length).readonly();

const grant = z.strictObject({
  grantId: grantIdText,
  tenantId: tenant,
  subjectRef: subject,
  purpose: z.enum(PURPOSES),
  jurisdiction: z.enum(JURISDICTIONS),
  notice: z.strictObject({
    id: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "1 to 64 letters, digits, ., - or _"),
    version: positive,
    language: z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, "a language such as da"),
    sha256,
  }),
  proof: z.strictObject({
    kind: z.enum(["signature", "screen", "operator", "device"]),
    ref: z.string().regex(/^[!-~]{1,128}$/, "1 to 128 printable characters without blanks"),
  }),
  grantedAt: instantMs,
  expiresAt: instantMs,
});

const head = {
  v: z.literal(1),
  ledgerId: z.string().regex(/^[0-9a-f]{32}$/, "32 hexadecimal digits"),
  seq: positive,
  previous: sha256,
  at: instantMs,
  isTimeSure: z.boolean(),
};

/** One entry of a consent ledger, as it rests and as it is told. */
export const ledgerEntrySchema = z.discriminatedUnion("kind", [
  z.strictObject({ ...head, kind: z.literal("granted"), grant }),
  z.strictObject({
    ...{ ...head, kind: z.literal("extended"), grantId: grantIdText },
    expiresAt: instantMs,
  }),
  z.strictObject({
    ...{ ...head, kind: z.literal("revoked"), grantId: grantIdText },
    by: z.enum(REVOKERS),
    ref: z.string().regex(/^[!-~]{1,128}$/, "1 to 128 printable characters without blanks"),
  }),
  z.strictObject({ ...head, kind: z.literal("expired"), grantId: grantIdText }),
  z.strictObject({
    ...{ ...head, kind: z.literal("erasure-asked"), erasureId: randomId },
    ...{ tenantId: tenant, subjectRef: subject, purposes },
    consumers: z.array(levelText).min(1).max(CONSUMERS_CAP).readonly(),
  }),
  z.strictObject({
    ...{ ...head, kind: z.literal("erasure-answered"), erasureId: randomId },
    ...{ consumer: levelText, outcome: z.enum(ERASURE_OUTCOMES) },
  }),
  z.strictObject({
    ...{ ...head, kind: z.literal("erasure-written-off"), erasureId: randomId },
    ...{ consumer: levelText, by: printable, reason: printable },
  }),
  z.strictObject({ ...head, kind: z.literal("erasure-closed"), erasureId: randomId }),
  z.strictObject({
    ...{ ...head, kind: z.literal("switched"), jurisdiction: z.enum(JURISDICTIONS) },
    by: printable,
  }),
]);

/** Fields of the events by which a gateway tells of consents; all of them are audit. */
export const CONSENT_EVENT_FIELDS = {
  "consent-recorded": z.strictObject({
    sha256: sha256.meta({ description: "Of the entry's canonical text; the next one names it" }),
    entry: ledgerEntrySchema,
  }),
  "consent-applied": z.strictObject({ register: levelText, applied: count }),
  "erasure-answered": z.strictObject({
    erasureId: randomId,
    consumer: levelText,
    outcome: z.enum(ERASURE_OUTCOMES),
    erased: z
      .record(levelText, count)
      .refine((counts) => Object.keys(counts).length <= 16, "at most sixteen counts")
      .meta({ description: "How many of what, such as templates; never whose" }),
  }),
} as const;

/** How a grant of the centre's register stands after a change. */
export const centreChangeSchema = z.strictObject({
  ...{ seq: positive, state: z.enum(["granted", "revoked", "expired"]) },
  grant,
});

/** Most changes in one message: with their notices and proofs they stay below 64 KiB. */
export const CHANGES_CAP = 64;

/**
 * `down/consent`, at every change and every 15 seconds: what the centre's register says, and so the lease on it. Which
 * changes a gateway has, it tells by `vitrine.consent-applied` and in its health.
 */
export const consentNewsSchema = z
  .strictObject({
    v: z.literal(1),
    register: levelText.meta({
      description: "Names the register; of another one nothing that was told before holds",
    }),
    from: count,
    to: count.meta({
      description: "Everything with from < seq <= to that concerns this gateway stands here",
    }),
    upTo: count.meta({
      description: "The newest number of the register; above `to`: more follows",
    }),
    issuedAt: instant.meta({ description: "The lease runs from here" }),
    changes: z.array(centreChangeSchema).max(CHANGES_CAP).readonly(),
  })
  .superRefine(({ from, to, upTo, changes }, context) => {
    const issue = (path: string, message: string): void =>
      void context.addIssue({ code: "custom", path: [path], message });
    if (to < from) issue("to", "a number of at least `from`");
    if (upTo < to) issue("upTo", "a number of at least `to`");
    const ends = [from, ...changes.map(({ seq }) => seq)];
    const isRising = ends.every((seq, index) => index === 0 || seq > (ends[index - 1] ?? 0));
    if (!isRising || (ends.at(-1) ?? 0) > to)
      issue("changes", "changes above from, in rising order, none above to");
  });
export type ConsentNewsMessage = z.output<typeof consentNewsSchema>;

/** `down/erase`: a gateway is asked to erase what it holds; repeated until its `vitrine.erasure-answered` came. */
export const eraseSchema = z.strictObject({
  v: z.literal(1),
  erasureId: randomId,
  tenantId: tenant,
  subjectRef: subject,
  aliases: z.array(levelText).max(16).readonly().meta({
    description: "Pseudonyms under which visits of this store may name the member",
  }),
  purposes,
  askedAt: instant,
});
export type EraseMessage = z.output<typeof eraseSchema>;
