import { z } from "zod";
import type { JourneyEventKind } from "../core/events.ts";
import { basketSchema } from "./basket-message.ts";
import { cloudEventSchema, cloudEventType, GAP_TYPE } from "./cloud-event.ts";
import { consentNewsSchema, eraseSchema } from "./consent-messages.ts";
import { logHeaderSchema } from "./detections-log.ts";
import { devicesSchema } from "./devices-message.ts";
import { ackSchema, batchSchema, birthSchema, gapDataSchema, liveSchema } from "./envelopes.ts";
import { EVENT_FIELDS } from "./event-fields.ts";
import { commandSchema, desiredSchema, reportedSchema } from "./fleet-messages.ts";
import { healthSchema } from "./health-message.ts";
import { keyAnswerSchema, keyRequestSchema } from "./key-messages.ts";
import {
  loyaltyCatalogueSchema,
  loyaltyPartSchema,
  loyaltyRequestSchema,
} from "./loyalty-messages.ts";
import { posSchema } from "./pos-message.ts";
import { radioSchema } from "./radio-message.ts";
import { trackSchema } from "./track-message.ts";

/** A JSON Schema document (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

const ENVELOPES: Readonly<Record<string, z.ZodType>> = {
  "up/ev": batchSchema,
  "down/ack": ackSchema,
  "up/birth": birthSchema,
  "up/health": healthSchema,
  "up/reported": reportedSchema,
  "down/desired": desiredSchema,
  "down/cmd": commandSchema,
  "down/consent": consentNewsSchema,
  "down/erase": eraseSchema,
  "up/loyalty": loyaltyRequestSchema,
  "down/loyalty": loyaltyCatalogueSchema,
  "down/loyalty-part": loyaltyPartSchema,
  "up/key-request": keyRequestSchema,
  "down/key": keyAnswerSchema,
  "in/pos": posSchema,
  "in/basket": basketSchema,
  "in/track": trackSchema,
  "in/radio": radioSchema,
  live: liveSchema,
  "live/devices": devicesSchema,
  "cloud-event": cloudEventSchema,
  "detections-log": logHeaderSchema,
  [GAP_TYPE]: gapDataSchema,
};

/** Every schema of the wire by name: envelopes by channel, `data` of an event by its type. Built once per call. */
export function wireSchemas(): Readonly<Record<string, z.ZodType>> {
  const kinds = Object.keys(EVENT_FIELDS) as JourneyEventKind[];
  const data = kinds.map((kind) => [cloudEventType(kind), EVENT_FIELDS[kind]] as const);
  return { ...ENVELOPES, ...Object.fromEntries(data) };
}

/** JSON Schemas of all messages, as a sender must write them. Deterministic; for documents and other languages. */
export function wireJsonSchemas(): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(wireSchemas()).map(([name, schema]) => [
      name,
      z.toJSONSchema(schema, { io: "input" }) as JsonSchema,
    ]),
  );
}

/** Short fingerprint of the whole contract, published in the birth so that a centre sees who speaks what. */
export function wireSchemaHash(hash: (text: string) => string): string {
  return hash(JSON.stringify(wireJsonSchemas()));
}
