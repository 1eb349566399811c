import { z } from "zod";
import { epochMs, gatewayId, subjectRef, tenantId } from "../core/brand.ts";
import { PURPOSES } from "../core/consent.ts";
import { levelText } from "./vocabulary.ts";

/** Bodies of the loyalty addresses. A customer is named in the body, never in an address, which others may log. */
const who = {
  tenantId: levelText.transform(tenantId).meta({ description: "Whose programme it is" }),
  customer: z
    .string()
    .regex(/^[^\p{C}]{1,256}$/u, "1 to 256 printable characters")
    .meta({ description: "What the tenant calls the customer; kept apart and sealed" }),
};
const randomId = z.string().regex(/^[A-Za-z0-9_-]{22}$/, "22 characters of base64url");
const bytes16 = randomId
  .transform((text) => Buffer.from(text, "base64url"))
  .refine((bytes) => bytes.length === 16, "16 bytes as base64url");
const instant = z.iso
  .datetime({ offset: true, error: "an RFC 3339 time" })
  .transform((text) => epochMs(Date.parse(text)));

/** One purpose, on the ground of one notice; two purposes are two requests. */
const consent = z.strictObject({
  purpose: z.enum(PURPOSES),
  notice: z.strictObject({
    id: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "1 to 64 letters, digits, ., - or _"),
    version: z.number().int().positive(),
    language: z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, "a language such as da"),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
  }),
  proof: z.strictObject({
    kind: z.enum(["signature", "screen", "operator", "device"]),
    ref: z.string().regex(/^[!-~]{1,128}$/, "1 to 128 printable characters without blanks"),
  }),
  isMinor: z
    .boolean()
    .meta({ description: "Whether the person said to be below the age of consent" }),
});

const tag = z.strictObject({
  key: bytes16.meta({ description: "Identity key of the Eddystone-EID tag or card, 16 bytes" }),
  rotation: z.number().int().min(0).max(15).meta({ description: "Changes every 2^rotation s" }),
  counter: z.number().min(0).max(0xffff_ffff).meta({ description: "Seconds its clock showed" }),
  counterAt: instant.meta({ description: "When its clock showed that" }),
  lostMs: z.number().int().min(0).max(86_400_000).default(0),
});

/** Body of `POST /api/v1/loyalty/members`. */
export const registerBody = z
  .strictObject({
    ...who,
    withApp: z.boolean().default(false).meta({ description: "Make a key for the member's app" }),
    subjectRef: randomId.transform(subjectRef).nullable().default(null).meta({
      description: "Of somebody who agreed at a station and is now given a customer's name",
    }),
    consent: consent.nullable().default(null),
  })
  .refine(
    ({ consent: given, subjectRef: known }) => given !== null || known !== null,
    "a consent, or the subjectRef of somebody who gave one at a station",
  );

/** Body of `POST /api/v1/loyalty/consents`. */
export const consentBody = z.strictObject({ ...who, consent });

/** Body of `POST /api/v1/loyalty/revocations`. */
export const revocationBody = z.strictObject({
  ...who,
  purposes: z.array(z.enum(PURPOSES)).min(1).max(PURPOSES.length).exactOptional().meta({
    description: "Absent: all",
  }),
});

/** Body of `PUT /api/v1/loyalty/tags`: all tags and cards that the member carries from now on. */
export const tagsBody = z.strictObject({ ...who, tags: z.array(tag).max(4, "at most four") });

/** Body of `POST /api/v1/loyalty/tag-clock`: a tag that is shown now, whose clock is to be found again. */
export const tagClockBody = z.strictObject({
  ...who,
  eid: z
    .string()
    .regex(/^[0-9a-f]{16}$/, "16 hexadecimal digits")
    .transform((text) => Buffer.from(text, "hex"))
    .meta({ description: "What it sends, 8 bytes" }),
  backMs: z.number().int().min(0).max(1_209_600_000).default(86_400_000).meta({
    description: "How far its clock may be behind, at most two weeks",
  }),
});

/** Body of the addresses that need to know no more than who it is about. */
export const customerBody = z.strictObject(who);

/** Body of `POST /api/v1/loyalty/destroyed-keys`: whose key of templates is destroyed. */
export const destroyedKeyBody = z.strictObject({
  tenantId: who.tenantId,
  gatewayId: levelText.transform(gatewayId).meta({ description: "Such as one that was stolen" }),
});

/** What a person writes: a name with a role, a reason. Noted in a ledger that is kept. */
const sentence = z.string().regex(/^[^\p{C}]{3,128}$/u, "3 to 128 printable characters");

/** Body of `POST /api/v1/loyalty/write-offs`: who is not waited for any more to erase, and who answers for that. */
export const writeOffBody = z.strictObject({
  tenantId: who.tenantId,
  consumer: levelText.meta({ description: "As in `waiting`: a gateway, or `webhook-` and its id" }),
  erasureId: randomId.exactOptional().meta({ description: "Absent: every open request" }),
  by: sentence.meta({ description: "Name and role of a person" }),
  reason: sentence.meta({
    description: "Such as: stolen, its key was destroyed; not who a member is",
  }),
  isRetired: z.boolean().default(false).meta({
    description:
      "A gateway that is gone for good: it is not asked any more, and its key is destroyed",
  }),
});
