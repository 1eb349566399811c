import { z } from "zod";
import { canonicalText } from "../core/canonical-text.ts";
import { count, levelText } from "./vocabulary.ts";

const positive = z.number().int("a whole number").positive("a number from 1");
const instant = z.iso.datetime({ error: "an RFC 3339 time in UTC" });
const json = z.record(z.string(), z.unknown());

/** What became of a desired configuration. `pending`: it runs on probation. */
export const CONFIG_STATUSES = ["applied", "reverted", "rejected", "pending"] as const;
export type ConfigStatus = (typeof CONFIG_STATUSES)[number];

/** Why a desired configuration was left unread. */
export const IGNORED_REASONS = ["expired", "older", "unreadable"] as const;
export type IgnoredReason = (typeof IGNORED_REASONS)[number];

/** What became of a command. */
export const COMMAND_STATUSES = ["done", "refused", "expired", "failed"] as const;
export type CommandStatus = (typeof COMMAND_STATUSES)[number];

const nothing = z.strictObject({});
const order = <Name extends string, Arguments extends z.ZodType>(
  name: Name,
  args: Arguments,
): z.ZodObject<{ name: z.ZodLiteral<Name>; arguments: Arguments }, z.core.$strict> =>
  z.strictObject({ name: z.literal(name), arguments: args });

/** Commands that this version knows, with their arguments; others are refused by the gateway, not by the schema. */
export const orderSchema = z.discriminatedUnion("name", [
  order("announce", nothing),
  order(
    "log-level",
    z.strictObject({
      level: z.enum(["error", "warn", "info", "debug"]),
      minutes: z.number().int("a whole number").min(1).max(1440).default(60),
    }),
  ),
  order("restart", nothing),
  order("restart-sensor", z.strictObject({ sensorId: levelText })),
  order("resend-reported", nothing),
  order("resend-health", nothing),
  order("support-summary", nothing),
]);
export type Order = z.output<typeof orderSchema>;

/** Most answers that one `up/reported` carries; older ones fall out. */
export const REPORTED_COMMANDS_CAP = 16;
/** Most faults of a refused configuration that are told. */
export const REPORTED_FAULTS_CAP = 64;

/**
 * `down/desired`, retained: what the centre wants a gateway to run with. The document is the whole wish, not a change
 * of the wish before: what it leaves out is as the gateway's own file says. `hash` names the document: the gateway
 * does nothing twice for the same hash.
 */
export const desiredSchema = z.strictObject({
  v: z.literal(1),
  version: positive.meta({ description: "Grows with every wish for this gateway" }),
  hash: levelText.meta({
    description:
      "First 32 hexadecimal digits of the SHA-256 of the document's canonical text (keys sorted, no blanks)",
  }),
  notAfter: instant.nullable().meta({ description: "Do not begin with it later than this" }),
  document: z.strictObject({
    gateway: json.exactOptional().meta({
      description: "Settings of the gateway file that may be changed from afar; docs/fleet.md",
    }),
    site: json.exactOptional().meta({ description: "A whole site plan; its tags may be left out" }),
  }),
});
export type DesiredMessage = z.output<typeof desiredSchema>;
export type DesiredDocument = DesiredMessage["document"];

const commandReply = z.strictObject({
  id: levelText,
  command: levelText,
  status: z.enum(COMMAND_STATUSES),
  at: instant,
  detail: z.string().max(512),
  result: json.exactOptional(),
});
export type CommandReply = z.output<typeof commandReply>;

const fault = z.strictObject({
  path: z.string().max(256),
  found: z.string().max(256),
  expected: z.string().max(512),
});
const named = z.strictObject({ version: positive, hash: levelText });

/** `up/reported`, retained: what a gateway runs with, what became of the last wish and of the last commands. */
export const reportedSchema = z.strictObject({
  v: z.literal(1),
  at: instant,
  storeId: levelText,
  version: positive.nullable().meta({ description: "The last wish that was read; null: none yet" }),
  hash: levelText.nullable(),
  status: z.enum(CONFIG_STATUSES).nullable(),
  errors: z.array(fault).max(REPORTED_FAULTS_CAP),
  inForce: named.nullable().meta({
    description: "The wish that the gateway runs with; null: its own files",
  }),
  ignored: z
    .strictObject({
      version: count.nullable(),
      hash: levelText.nullable(),
      why: z.enum(IGNORED_REASONS),
      at: instant,
    })
    .nullable(),
  configHash: levelText.meta({
    description: "Of everything the gateway runs with, secrets cut out",
  }),
  sitePlanHash: levelText,
  site: json.nullable().meta({
    description: "The site plan without tags and survey; null when the message would be too large",
  }),
  commands: z.array(commandReply).max(REPORTED_COMMANDS_CAP),
});
export type ReportedMessage = z.output<typeof reportedSchema>;

/** `down/cmd`, not retained: one thing to do, once, before it expires. */
export const commandSchema = z.strictObject({
  v: z.literal(1),
  id: levelText,
  at: instant,
  expiresAt: instant,
  command: levelText,
  arguments: json,
});
export type CommandMessage = z.output<typeof commandSchema>;

/** The hash that names a document, by the given hash of texts (32 hexadecimal digits of SHA-256 on the wire). Pure. */
export const documentHash = (document: unknown, hash: (text: string) => string): string =>
  hash(canonicalText(document));
