import type { PlannedEvent } from "../plan-commit.ts";
import type { CommitBatch } from "../repository.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** Four searches for one character each are several times faster than one for any of them. */
const isPlain = (text: string): boolean =>
  !text.includes("\\") && !text.includes("\n") && !text.includes("\r") && !text.includes("\t");

function escaped(text: string): string {
  return isPlain(text) ? text : text.replace(/[\\\n\r\t]/g, (found) => ESCAPES[found] ?? found);
}

/** Columns of the event table in the order of the lines. */
export const EVENT_COLUMNS =
  "store_id, at, id, gateway, epoch, stream, seq, type, body, received" as const;

/** Writes events of a batch as lines of PostgreSQL's text format, one each with its line end. Pure. */
export function eventLines(batch: CommitBatch, events: readonly PlannedEvent[]): string {
  const origin = [batch.gatewayId, batch.epoch, batch.stream].map(escaped).join("\t");
  let lines = "";
  for (const { seq, record } of events) {
    const { storeId, at, id, type, body } = record;
    lines += `${escaped(storeId)}\t${at}\t${escaped(id)}\t${origin}\t${seq}\t${escaped(type)}\t${escaped(body)}\t${batch.receivedAt}\n`;
  }
  return lines;
}
