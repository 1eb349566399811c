import { z } from "zod";
import {
  cameraId,
  epochMs,
  lineId,
  receiverId,
  tagId,
  trackId,
  visitId,
  zoneId,
} from "../core/brand.ts";
import { FAULTS, type FaultCode } from "../core/errors.ts";
import type { JourneyEvent, JourneyEventKind, JourneyHead } from "../core/events.ts";
import { AUDIT_OUTCOMES, RECOGNITION_METHODS } from "../core/vocabulary.ts";
import { CONSENT_EVENT_FIELDS } from "./consent-messages.ts";
import {
  count,
  levelText,
  receiptDetails,
  receiptText,
  tagKind,
  transactionKind,
} from "./vocabulary.ts";

const camera = levelText.transform(cameraId);
const zone = levelText.transform(zoneId);
const receiver = levelText.transform(receiverId);
const track = count.transform(trackId);
const tagState = z.enum(["outside", "passing", "inside"]);

const tag = {
  tagId: levelText.transform(tagId),
  tagKind,
};

const isFaultCode = (code: string): code is FaultCode => Object.hasOwn(FAULTS, code);
const faultCode = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{1,63}$/, "a fault code")
  .transform((code): FaultCode | null => (isFaultCode(code) ? code : null))
  .meta({ description: "A code of docs/errors.md; one of a later version is read as null" });

const share = z.number().min(0).max(1);
const role = z.enum(["door", "passing", "internal"]);
const direction = z.enum(["in", "out"]);

const path = z
  .array(z.tuple([z.number().min(-600_000).max(600_000), share, share]).readonly())
  .max(16)
  .readonly()
  .default([])
  .meta({
    description:
      "Foot path of the two seconds up to the decision: [ms against the crossing, x, y], x and y 0..1 of the picture. A gateway of an earlier version sends none.",
  });

const crossing = z.strictObject({
  cameraId: camera,
  lineId: levelText.transform(lineId),
  role,
  trackId: track,
  direction,
  confidence: share,
  path,
  isChild: z.boolean().exactOptional(),
});

const origin = z.strictObject({ source: z.string().min(1).max(256), seq: count });
const instant = z.number().int("whole milliseconds").transform(epochMs);
const queueOutcome = z.enum(["served", "abandoned", "balked", "unknown"]);

/** Exactly one of track (with its camera) and tag is set. */
const somebody = {
  cameraId: camera.nullable(),
  trackId: track.nullable(),
  tagId: levelText.transform(tagId).nullable(),
};

const completed = z.strictObject({
  visitId: levelText.transform(visitId),
  revision: count,
  isWithdrawn: z.boolean(),
  method: z.enum(["track", "tag"]),
  tagKind: tagKind.nullable(),
  tagId: levelText.transform(tagId).nullable(),
  enteredAt: instant,
  exitedAt: instant,
  isEntrySeen: z.boolean(),
  isExitSeen: z.boolean(),
  entryLineId: levelText.transform(lineId).nullable(),
  exitLineId: levelText.transform(lineId).nullable(),
  endedBy: z.enum(["exit", "silence", "lost", "closing", "day-end", "sensor"]),
  reentries: count,
  isStaff: z.boolean(),
  stays: z
    .array(
      z.strictObject({
        zoneId: zone,
        enteredAt: instant,
        dwellMs: z.number().nonnegative(),
        isCensored: z.boolean(),
      }),
    )
    .max(128)
    .readonly(),
  staysDropped: count,
  queues: z
    .array(
      z.strictObject({ zoneId: zone, waitMs: z.number().nonnegative(), outcome: queueOutcome }),
    )
    .max(16)
    .readonly(),
  basket: z.strictObject({ added: count, removed: count, returned: count }).nullable(),
  receipts: z
    .array(
      z.strictObject({
        receiptId: receiptText,
        transactionKind,
        paidAt: instant,
        netMinor: z.number().int("a whole number of minor units"),
        units: count,
      }),
    )
    .max(16)
    .readonly(),
  began: origin,
});

type DataOf<Kind, Event = JourneyEvent> = Event extends { readonly kind: infer Kinds }
  ? Kind extends Kinds
    ? Omit<Event, keyof JourneyHead | "kind">
    : never
  : never;

/** Schema of `data` for each kind of event: the fields of the core event beyond its head. */
export const EVENT_FIELDS = {
  entered: crossing,
  exited: crossing,
  passed: crossing,
  "group-crossed": z.strictObject({
    cameraId: camera,
    lineId: levelText.transform(lineId),
    role,
    direction,
    trackIds: z.array(track).min(2).max(16).readonly(),
  }),
  "zone-approached": z.strictObject({
    cameraId: camera,
    zoneId: zone,
    trackId: track,
    probability: share,
    leadMs: z.number().nonnegative(),
    horizonMs: z.number().positive(),
  }),
  "zone-entered": z.strictObject({ cameraId: camera, zoneId: zone, trackId: track }),
  "zone-exited": z.strictObject({
    cameraId: camera,
    zoneId: zone,
    trackId: track,
    dwellMs: z.number().nonnegative(),
    censored: z.boolean(),
  }),
  "tag-presence": z.strictObject({ ...tag, state: tagState, previous: tagState }),
  "tag-zone-entered": z.strictObject({ ...tag, zoneId: zone, confidence: share }),
  "tag-zone-exited": z.strictObject({
    ...tag,
    zoneId: zone,
    dwellMs: z.number().nonnegative(),
    confidence: share,
    censored: z.boolean(),
  }),
  "tag-moved": z.strictObject({
    ...tag,
    movement: z.enum(["picked-up", "moved", "put-back"]),
    zoneId: zone.nullable(),
  }),
  "track-renamed": z.strictObject({
    cameraId: camera,
    from: track,
    to: track,
    isUndone: z.boolean(),
  }),
  "queue-joined": z.strictObject({ ...somebody, zoneId: zone }),
  "queue-left": z.strictObject({
    ...somebody,
    zoneId: zone,
    waitMs: z.number().nonnegative(),
    outcome: queueOutcome,
  }),
  "basket-changed": z.strictObject({
    tagId: tag.tagId,
    change: z.enum(["add", "remove", "return-to-shelf"]),
    sku: z.string().min(1).max(64).nullable(),
    units: count,
    zoneId: zone.nullable(),
    changeId: z.string().min(1).max(64).optional(),
  }),
  completed,
  "identifier-anomaly": z.strictObject({
    tagId: tag.tagId,
    receivers: z.tuple([receiver, receiver]).readonly(),
    apartM: z.number().nonnegative(),
    withinMs: z.number().nonnegative(),
  }),
  "shopper-recognised": z.strictObject({
    pseudonym: levelText.transform(tagId),
    method: z.enum(RECOGNITION_METHODS),
    stationId: levelText,
  }),
  "staff-crossed": z.strictObject({
    tagId: tag.tagId,
    lineId: levelText.transform(lineId),
    direction,
    crossing: origin,
    probability: share,
  }),
  "staff-unseen": z.strictObject({
    isPresent: z.boolean(),
    unseenMs: z.number().nonnegative(),
  }),
  transacted: z.strictObject({
    ...receiptDetails,
    clockAheadMs: z.number().exactOptional(),
    timeSource: z.enum(["till", "till-corrected", "arrival"]).meta({
      description:
        "Whose clock `time` is: the till's, or the gateway's when the till's lies in the future",
    }),
    receiptId: receiptText,
    transactionKind,
    netMinor: z.number().int("a whole number of minor units"),
    units: count,
  }),
  audited: z.strictObject({
    action: z.enum(["config", "command", "outbox"]),
    subjectId: levelText,
    name: levelText,
    version: count.nullable(),
    outcome: z.enum(AUDIT_OUTCOMES),
    detail: z.string().max(512),
  }),
  ...CONSENT_EVENT_FIELDS,
  "time-fix": z.strictObject({ boot: levelText, offsetMs: z.number().int("whole milliseconds") }),
  "sensor-changed": z.strictObject({
    sensorId: levelText,
    sensorKind: z.enum(["camera", "radio"]),
    state: z.enum(["starting", "seeing", "blind", "stopped"]),
    code: faultCode.nullable(),
  }),
  "sensor-condition": z.strictObject({
    sensorId: levelText,
    sensorKind: z.enum(["camera", "radio"]),
    condition: z.enum(["moved", "low-light", "slow", "unstable"]),
    isPresent: z.boolean(),
    measured: z
      .record(levelText, z.number())
      .refine((figures) => Object.keys(figures).length <= 8, "at most eight figures")
      .meta({ description: "The measured figures behind it, units in the names" }),
  }),
} as const satisfies {
  readonly [Kind in JourneyEventKind]: z.ZodType<DataOf<Kind>>;
};
