import type { InputFault } from "../core/errors.ts";
import type { JourneyEventKind } from "../core/events.ts";
import {
  type CloudEvent,
  type CloudEventHead,
  cloudEventSchema,
  headOf,
  knownKind,
  readCloudEvent,
} from "./cloud-event.ts";
import { EVENT_FIELDS } from "./event-fields.ts";
import { compileCheck, type QuickCheck } from "./quick-check.ts";

/** What a record turned out to be, as `CloudEventReading`, without the event. */
export type HeadReading =
  | { readonly kind: "journey" | "unknown"; readonly head: CloudEventHead }
  | { readonly kind: "invalid"; readonly faults: readonly InputFault[] };

interface Checks {
  readonly envelope: QuickCheck;
  readonly data: Map<JourneyEventKind, QuickCheck>;
}

let checks: Checks | null = null;

/** Reads whose event a parsed record is, and checks all of it as `readCloudEvent` does, which it asks in doubt. Pure. */
export function readEventHead(value: unknown): HeadReading {
  return quickHead(value) ?? readCloudEvent(value);
}

/** The head of an event that is sound beyond doubt; else null. Pure. */
export function quickHead(
  value: unknown,
): Extract<HeadReading, { kind: "journey" | "unknown" }> | null {
  checks ??= { envelope: compileCheck(cloudEventSchema).accepts, data: new Map() };
  if (!checks.envelope(value)) return null;
  const event = value as CloudEvent;
  const kind = knownKind(event.type);
  if (kind === null) return { kind: "unknown", head: headOf(event) };
  let isSound = checks.data.get(kind);
  if (isSound === undefined) {
    isSound = compileCheck(EVENT_FIELDS[kind]).accepts;
    checks.data.set(kind, isSound);
  }
  return isSound(event.data) ? { kind: "journey", head: headOf(event) } : null;
}
