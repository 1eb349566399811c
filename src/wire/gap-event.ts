import type { EpochMs } from "../core/brand.ts";
import { type InputFault, ok, type Result } from "../core/errors.ts";
import { faultsOf } from "../core/input-faults.ts";
import {
  type CloudEvent,
  type CloudEventContext,
  cloudEventSchema,
  eventId,
  GAP_TYPE,
  isoTime,
  sourcePath,
} from "./cloud-event.ts";
import { type GapData, gapDataSchema } from "./envelopes.ts";

/** Builds the record that stands in a stream for shed events. `at` is when the youngest of them was shed. Pure. */
export function toGapEvent(
  gap: GapData,
  context: CloudEventContext & { readonly epoch: string; readonly at: EpochMs },
): CloudEvent {
  const origin = `outbox:${context.epoch}:${gap.stream}`;
  return {
    specversion: "1.0",
    id: eventId(context, `${origin}:${gap.to}`, gap.from, GAP_TYPE),
    source: sourcePath(context, origin),
    type: GAP_TYPE,
    time: isoTime(context.at),
    datacontenttype: "application/json",
    recordedtime: isoTime(context.recordedAt),
    clock: "holdover",
    boot: context.boot,
    monoMs: "0",
    sourceseq: gap.from,
    data: { ...gap },
  };
}

/** Reads a gap record; null when the value is no gap record at all, faults when it is a malformed one. Pure. */
export function readGapEvent(
  value: Readonly<Record<string, unknown>>,
): Result<GapData, readonly InputFault[]> | null {
  if (value["type"] !== GAP_TYPE) return null;
  const envelope = cloudEventSchema.safeParse(value);
  if (!envelope.success) return { ok: false, error: faultsOf(envelope.error.issues, value) };
  const data = gapDataSchema.safeParse(envelope.data.data);
  if (!data.success) return { ok: false, error: faultsOf(data.error.issues, envelope.data.data) };
  return ok(data.data);
}
