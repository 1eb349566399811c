import type { JourneyEvent, TransactionRecorded } from "../../core/events.ts";
import {
  type CloudEventContext,
  STREAM_OF,
  toCloudEvent,
  URGENT_KINDS,
} from "../../wire/cloud-event.ts";
import type { OutboxEntry } from "./outbox-contract.ts";

/** Dresses a journey event for the outbox: stream, urgency and the receipt to remember follow from its kind. Pure. */
export function journeyEntry(event: JourneyEvent, context: CloudEventContext): OutboxEntry {
  return {
    stream: STREAM_OF[event.kind],
    body: JSON.stringify(toCloudEvent(event, context)),
    urgent: URGENT_KINDS.has(event.kind),
    receiptId: event.kind === "transacted" ? receiptKey(event) : null,
  };
}

/** What names a receipt: its number alone is not enough, since a refund may repeat its sale's. Pure. */
export const receiptKey = (
  receipt: Pick<TransactionRecorded, "transactionKind" | "receiptId">,
): string => `${receipt.transactionKind} ${receipt.receiptId}`;
