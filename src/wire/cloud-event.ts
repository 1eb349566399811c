import { z } from "zod";
import { type EpochMs, epochMs, type GatewayId, monoMs, type StoreId } from "../core/brand.ts";
import { fail, type InputFault, ok, type Result } from "../core/errors.ts";
import type { JourneyEvent, JourneyEventKind } from "../core/events.ts";
import { faultsOf } from "../core/input-faults.ts";
import { EVENT_FIELDS } from "./event-fields.ts";
import { levelText } from "./vocabulary.ts";

/**
 * Classes of events. Each is a stream with its own contiguous sequence numbers; the order is the order of sending.
 * `fresh` is no class of its own: it carries events of the others past their backlog while that is brought in.
 */
export const STREAMS = ["fresh", "journey", "audit", "zone", "health", "raw"] as const;
export type StreamName = (typeof STREAMS)[number];

/** Which stream carries which kind of event. */
export const STREAM_OF: Readonly<Record<JourneyEventKind, StreamName>> = {
  entered: "journey",
  exited: "journey",
  passed: "journey",
  "group-crossed": "journey",
  transacted: "journey",
  "zone-approached": "zone",
  "zone-entered": "zone",
  "zone-exited": "zone",
  "tag-presence": "zone",
  "tag-zone-entered": "zone",
  "tag-zone-exited": "zone",
  "tag-moved": "journey",
  "track-renamed": "zone",
  "queue-joined": "zone",
  "queue-left": "zone",
  "basket-changed": "journey",
  completed: "journey",
  "staff-crossed": "journey",
  "staff-unseen": "health",
  audited: "audit",
  "time-fix": "audit",
  "shopper-recognised": "journey",
  "identifier-anomaly": "audit",
  "consent-recorded": "audit",
  "consent-applied": "audit",
  "erasure-answered": "audit",
  "sensor-changed": "health",
  "sensor-condition": "health",
};

/** Kinds that close a journey, and the audit: they are committed at once instead of with the next group. */
export const URGENT_KINDS: ReadonlySet<JourneyEventKind> = new Set([
  "exited",
  "transacted",
  "completed",
  "audited",
  "time-fix",
  "shopper-recognised",
  "consent-recorded",
  "consent-applied",
  "erasure-answered",
]);

/** Kinds that are between gateway and centre: no mirror of them is published to the shop. */
export const UNMIRRORED_KINDS: ReadonlySet<JourneyEventKind> = new Set([
  "shopper-recognised",
  "identifier-anomaly",
  "consent-recorded",
  "consent-applied",
  "erasure-answered",
]);

const TYPE_PREFIX = "vitrine.";
/** Type of the record that stands in a stream for events that were shed. */
export const GAP_TYPE = "vitrine.gap";

/** A journey event as it travels and rests: CloudEvents 1.0 in JSON with our extension attributes. */
export interface CloudEvent {
  readonly specversion: "1.0";
  /** Deterministic: a hash of gateway, source, source sequence and type. */
  readonly id: string;
  /** `/stores/<store>/gateways/<gateway>/<origin>`, the origin percent-encoded. */
  readonly source: string;
  readonly type: string;
  /** When it happened, RFC 3339. */
  readonly time: string;
  readonly subject?: string;
  readonly datacontenttype: "application/json";
  /** When the gateway recorded it, RFC 3339. */
  readonly recordedtime: string;
  /** How well the wall clock was known. */
  readonly clock: "synced" | "holdover" | "unsynced";
  /** Which life of the gateway `monoMs` belongs to. */
  readonly boot: string;
  /** Monotonic time of the event as decimal text: CloudEvents integers have 32 bits only. */
  readonly monoMs: string;
  /** Sequence number within the origin, from 0. */
  readonly sourceseq: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What an event does not know about itself. `hash` maps text to a short id of topic-safe characters. */
export interface CloudEventContext {
  readonly gatewayId: GatewayId;
  readonly storeId: StoreId;
  readonly boot: string;
  readonly recordedAt: EpochMs;
  hash(text: string): string;
}

/** Names the CloudEvents type of a kind, e.g. `vitrine.entered`. Pure. */
export const cloudEventType = (kind: JourneyEventKind): string => TYPE_PREFIX + kind;

/** Dresses a journey event for the wire; `fromCloudEvent` undoes it exactly. Times are whole milliseconds. Pure. */
export function toCloudEvent(event: JourneyEvent, context: CloudEventContext): CloudEvent {
  const { kind, at, atMono, clock, source, seq, ...data } = event;
  const type = cloudEventType(kind);
  return {
    specversion: "1.0",
    id: eventId(context, source, seq, type),
    source: sourcePath(context, source),
    type,
    time: isoTime(at),
    subject: subjectOf(event),
    datacontenttype: "application/json",
    recordedtime: isoTime(context.recordedAt),
    clock,
    boot: context.boot,
    monoMs: String(atMono),
    sourceseq: seq,
    data,
  };
}

/** Builds the deterministic id of an event. Pure. */
export function eventId(
  context: Pick<CloudEventContext, "gatewayId" | "hash">,
  source: string,
  seq: number,
  type: string,
): string {
  return context.hash(JSON.stringify([context.gatewayId, source, seq, type]));
}

/** Builds the CloudEvents `source` of an origin of this gateway. Pure. */
export function sourcePath(
  context: Pick<CloudEventContext, "gatewayId" | "storeId">,
  origin: string,
): string {
  return `/stores/${context.storeId}/gateways/${context.gatewayId}/${encodeURIComponent(origin)}`;
}

/** Writes an instant as RFC 3339 with milliseconds. Pure. */
export const isoTime = (at: EpochMs): string => new Date(at).toISOString();

function subjectOf(event: JourneyEvent): string {
  switch (event.kind) {
    case "entered":
    case "exited":
    case "passed":
    case "group-crossed":
      return `line/${event.lineId}`;
    case "zone-entered":
    case "zone-exited":
    case "zone-approached":
    case "queue-joined":
    case "queue-left":
      return `zone/${event.zoneId}`;
    case "tag-zone-entered":
    case "tag-zone-exited":
    case "tag-moved":
    case "identifier-anomaly":
    case "basket-changed":
    case "tag-presence":
      return `tag/${event.tagId}`;
    case "shopper-recognised":
      return `station/${event.stationId}`;
    case "track-renamed":
      return `camera/${event.cameraId}`;
    case "completed":
      return `visit/${event.visitId}`;
    case "staff-crossed":
      return `line/${event.lineId}`;
    case "staff-unseen":
      return "staff";
    case "audited":
      return `${event.action}/${event.subjectId}`;
    case "time-fix":
      return `boot/${event.boot}`;
    case "consent-recorded":
      return `consent/${event.entry.kind}`;
    case "consent-applied":
      return `register/${event.register}`;
    case "erasure-answered":
      return `erasure/${event.erasureId}`;
    case "transacted":
      return `receipt/${event.receiptId}`;
    case "sensor-changed":
    case "sensor-condition":
      return `sensor/${event.sensorId}`;
  }
}

const instant = z.iso.datetime({ offset: true, error: "an RFC 3339 time" });
const SOURCE = /^\/stores\/([A-Za-z0-9_-]+)\/gateways\/([A-Za-z0-9_-]+)\/([^/?#\s]+)$/;
const EXTENSION_NAME = /^[a-z0-9]{1,20}$/;

/**
 * Schema of the CloudEvents attributes; `data` is judged by type afterwards. Extension attributes of other senders
 * are let through when their names are legal in CloudEvents; everything else unknown is refused.
 */
export const cloudEventSchema = z
  .object({
    specversion: z.literal("1.0"),
    id: z.string().min(1).max(128),
    source: z
      .string()
      .max(512)
      .regex(SOURCE, "/stores/<store>/gateways/<gateway>/<origin>")
      .refine(isDecodable, "a percent-encoded origin"),
    type: z
      .string()
      .regex(/^vitrine\.[a-z][a-z0-9-]{0,63}$/, "vitrine.<kind>")
      .meta({ description: "vitrine.<kind of event>" }),
    time: instant,
    subject: z.string().min(1).max(256).exactOptional(),
    datacontenttype: z.literal("application/json"),
    recordedtime: instant,
    clock: z.enum(["synced", "holdover", "unsynced"]),
    boot: levelText,
    monoMs: z.union([
      z.number(),
      z.string().regex(/^-?\d{1,16}(\.\d{1,20})?(e-\d{1,3})?$/, "milliseconds as decimal text"),
    ]),
    sourceseq: z.number().int().nonnegative(),
    data: z.record(z.string(), z.unknown()),
  })
  .catchall(z.union([z.string(), z.number(), z.boolean()]))
  .superRefine((event, ctx) => {
    for (const key of Object.keys(event)) {
      if (key !== "monoMs" && !EXTENSION_NAME.test(key)) {
        ctx.addIssue({ code: "unrecognized_keys", keys: [key], input: event });
      }
    }
  });

function isDecodable(source: string): boolean {
  try {
    return decodeURIComponent(source).length > 0;
  } catch {
    // decodeURIComponent reports bad escapes only by throwing a URIError; that is the answer, not a fault.
    return false;
  }
}

/** What a record in a stream turned out to be. `unknown`: well formed, but of a type this version does not know. */
export type CloudEventReading =
  | { readonly kind: "journey"; readonly head: CloudEventHead; readonly event: JourneyEvent }
  | { readonly kind: "unknown"; readonly head: CloudEventHead }
  | { readonly kind: "invalid"; readonly faults: readonly InputFault[] };

/** The attributes that say whose event it is and when it happened. */
export interface CloudEventHead {
  readonly id: string;
  readonly type: string;
  readonly storeId: string;
  readonly gatewayId: string;
  readonly at: EpochMs;
}

/** Reads one parsed CloudEvent. Never throws, whatever the value is. Pure. */
export function readCloudEvent(value: unknown): CloudEventReading {
  const outcome = cloudEventSchema.safeParse(value);
  if (!outcome.success) return { kind: "invalid", faults: faultsOf(outcome.error.issues, value) };
  const envelope = outcome.data;
  const head = headOf(envelope);
  const kind = knownKind(envelope.type);
  if (kind === null) return { kind: "unknown", head };
  const data = EVENT_FIELDS[kind].safeParse(envelope.data);
  if (!data.success) {
    const faults = faultsOf(data.error.issues, envelope.data);
    return { kind: "invalid", faults: faults.map((f) => ({ ...f, path: joinPath(f.path) })) };
  }
  const event = {
    ...data.data,
    kind,
    at: head.at,
    atMono: monoMs(Number(envelope.monoMs)),
    clock: envelope.clock,
    source: decodeURIComponent(SOURCE.exec(envelope.source)?.[3] ?? ""),
    seq: envelope.sourceseq,
    // The table pairs each kind with the schema of its fields; the compiler cannot follow that through the union.
  } as JourneyEvent;
  return { kind: "journey", head, event };
}

/**
 * Undoes `toCloudEvent`. An event of a type this version does not know is refused with one fault at `type`; use
 * `readCloudEvent` to tell that case from a malformed one. Never throws. Pure.
 */
export function fromCloudEvent(value: unknown): Result<JourneyEvent, readonly InputFault[]> {
  const reading = readCloudEvent(value);
  switch (reading.kind) {
    case "journey":
      return ok(reading.event);
    case "invalid":
      return fail(reading.faults);
    case "unknown":
      return fail([
        { path: "type", found: reading.head.type, expected: "a type known to this version" },
      ]);
  }
}

/** Reads the head off a sound envelope. Pure. */
export function headOf(
  envelope: Readonly<Record<"id" | "type" | "source" | "time", string>>,
): CloudEventHead {
  const [, storeId = "", gatewayId = ""] = SOURCE.exec(envelope.source) ?? [];
  const { id, type, time } = envelope;
  return { id, type, storeId, gatewayId, at: epochMs(Date.parse(time)) };
}

/** Names the kind of a CloudEvents type; null for one this version does not know. Pure. */
export function knownKind(type: string): JourneyEventKind | null {
  const kind = type.slice(TYPE_PREFIX.length);
  return Object.hasOwn(EVENT_FIELDS, kind) ? (kind as JourneyEventKind) : null;
}

const joinPath = (path: string): string => (path === "" ? "data" : `data.${path}`);
