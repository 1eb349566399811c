import { type EpochMs, epochMs, type GatewayId } from "../core/brand.ts";
import type { InputFault } from "../core/errors.ts";
import { type CloudEvent, cloudEventType } from "../wire/cloud-event.ts";
import type { BatchMessage } from "../wire/envelopes.ts";
import { readEventHead } from "../wire/event-head.ts";
import { readGapEvent } from "../wire/gap-event.ts";
import { timeFixOf } from "../wire/time-fix.ts";
import { isTopicLevel } from "../wire/topics.ts";
import { storableText } from "./kept-text.ts";
import type { BatchRecord } from "./repository.ts";

/** An event further ahead of the centre's clock than this is set aside: the gateway's clock is wrong. */
export const MOST_AHEAD_MS = 300_000;

const TIME_FIX = cloudEventType("time-fix");

/** Who sent a batch and when it came. */
export interface BatchOrigin {
  readonly gatewayId: GatewayId;
  readonly receivedAt: EpochMs;
}

/**
 * Reads the records of a batch; those that cannot be stored are set aside one by one, with a reason. Null when a gap
 * record does not stand at its number: then no number in the batch can be trusted. Pure.
 */
export function readRecords(
  batch: BatchMessage,
  origin: BatchOrigin,
): readonly BatchRecord[] | null {
  let seq = batch.first;
  const records: BatchRecord[] = [];
  for (const value of batch.ev) {
    const record = readRecord(value, origin);
    if (record.kind === "gap" && record.from !== seq) return null;
    seq = record.kind === "gap" ? record.to + 1 : seq + 1;
    records.push(record);
  }
  return records;
}

/**
 * Sets each record of a faulty envelope aside; gaps stay gaps, since they say how the numbers go on. Null when a gap does
 * not stand at its number. Pure.
 */
export function refusedRecords(
  first: number,
  ev: readonly unknown[],
  reason: string,
): readonly BatchRecord[] | null {
  let seq = first;
  const records: BatchRecord[] = [];
  for (const value of ev) {
    const gap = isRecord(value) ? readGapEvent(value) : null;
    if (gap?.ok) {
      const { from, to, why } = gap.value;
      if (from !== seq) return null;
      records.push({ kind: "gap", from, to, why });
      seq = to + 1;
    } else {
      records.push({ kind: "quarantined", reason, body: JSON.stringify(value) });
      seq += 1;
    }
  }
  return records;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Sets events aside that name another store than the one their gateway is registered for. Pure. */
export function ownRecords(
  records: readonly BatchRecord[],
  storeId: string,
): readonly BatchRecord[] {
  if (records.every((record) => record.kind !== "event" || record.storeId === storeId))
    return records;
  return records.map((record) =>
    record.kind !== "event" || record.storeId === storeId
      ? record
      : { kind: "quarantined", reason: "source names another store", body: record.body },
  );
}

function readRecord(
  value: Readonly<Record<string, unknown>>,
  { gatewayId, receivedAt }: BatchOrigin,
): BatchRecord {
  const gap = readGapEvent(value);
  if (gap?.ok) {
    const { from, to, why } = gap.value;
    return { kind: "gap", from, to, why, shedAt: epochMs(Date.parse(String(value["time"]))) };
  }
  const body = JSON.stringify(value);
  const aside = (reason: string): BatchRecord => ({ kind: "quarantined", reason, body });
  if (gap !== null) return aside(faultText(gap.error));
  const reading = readEventHead(value);
  if (reading.kind === "invalid") return aside(faultText(reading.faults));
  const { storeId, at, id, type } = reading.head;
  if (reading.kind === "unknown") return aside(`type ${type} is not known here`);
  if (reading.head.gatewayId !== gatewayId) return aside("source names another gateway");
  if (!isTopicLevel(storeId)) return aside("source: the store's id has more than 64 characters");
  if (storableText(id) !== id) return aside("id: expected text without control characters");
  const aheadMs = at - receivedAt;
  const unsynced = value["clock"] === "unsynced" ? { unsyncedBoot: String(value["boot"]) } : {};
  if (aheadMs > MOST_AHEAD_MS) {
    const reason = `time is ${Math.round(aheadMs / 1000)} s ahead`;
    return { kind: "quarantined", reason, body, ...unsynced };
  }
  const fix = type === TIME_FIX ? timeFixOf(value as unknown as CloudEvent) : null;
  return { kind: "event", storeId, at, id, type, body, ...unsynced, ...(fix && { fix }) };
}

/** The first of some faults as a sentence. Pure. */
export function faultText(faults: readonly InputFault[]): string {
  const first = faults[0];
  return first === undefined
    ? "invalid"
    : `${first.path}: expected ${first.expected}, found ${first.found}`;
}
