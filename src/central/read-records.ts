import type { EpochMs, GatewayId } from "../core/brand.ts";
import type { InputFault } from "../core/errors.ts";
import { readCloudEvent } from "../wire/cloud-event.ts";
import type { BatchMessage } from "../wire/envelopes.ts";
import { readGapEvent } from "../wire/gap-event.ts";
import { storableText } from "./kept-text.ts";
import type { BatchRecord } from "./repository.ts";

/** An event further ahead of the centre's clock than this is set aside: the gateway's clock is wrong. */
export const MOST_AHEAD_MS = 300_000;

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
  if (gap?.ok) return { kind: "gap", from: gap.value.from, to: gap.value.to, why: gap.value.why };
  const body = JSON.stringify(value);
  const aside = (reason: string): BatchRecord => ({ kind: "quarantined", reason, body });
  if (gap !== null) return aside(faultText(gap.error));
  const reading = readCloudEvent(value);
  if (reading.kind === "invalid") return aside(faultText(reading.faults));
  const { storeId, at, id, type } = reading.head;
  if (reading.kind === "unknown") return aside(`type ${type} is not known here`);
  if (reading.head.gatewayId !== gatewayId) return aside("source names another gateway");
  if (storableText(id) !== id) return aside("id: expected text without control characters");
  const aheadMs = at - receivedAt;
  if (aheadMs > MOST_AHEAD_MS) return aside(`time is ${Math.round(aheadMs / 1000)} s ahead`);
  return { kind: "event", storeId, at, id, type, body };
}

/** The first of some faults as a sentence. Pure. */
export function faultText(faults: readonly InputFault[]): string {
  const first = faults[0];
  return first === undefined
    ? "invalid"
    : `${first.path}: expected ${first.expected}, found ${first.found}`;
}
