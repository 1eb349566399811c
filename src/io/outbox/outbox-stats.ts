import { STREAMS } from "../../wire/cloud-event.ts";
import type { OutboxStats } from "./outbox-contract.ts";
import { byStream, type OutboxFile } from "./outbox-file.ts";
import type { Refusals } from "./refusals.ts";
import { withRefused } from "./shedding.ts";

/** What is not in the file: events in memory, events refused since the last commit, and the cap. */
interface Beside {
  readonly pending: number;
  readonly refused: Refusals;
  readonly capBytes: number;
}

/** What the outbox holds, on the disk and in memory. Reads only. */
export function statsOf(file: OutboxFile, { pending, refused, capBytes }: Beside): OutboxStats {
  const streams = byStream((stream) => ({ ...file.position(stream) }));
  const oldest = STREAMS.flatMap((stream) =>
    file
      .table(stream)
      .rows(streams[stream].acked, 1)
      .map((row) => row.recordedAt),
  ).sort((a, b) => a - b)[0];
  return {
    epoch: file.epoch,
    waiting: STREAMS.reduce((sum, stream) => {
      const { next, acked } = streams[stream];
      return sum + next - 1 - acked - file.table(stream).gapSpan(acked);
    }, 0),
    pending,
    bytes: file.usedBytes,
    capBytes,
    oldestRecordedAt: oldest ?? null,
    shed: STREAMS.reduce((sum, stream) => sum + streams[stream].shed, 0),
    shedBy: withRefused(file.shedCounts, refused.all),
    refused: refused.events,
    receipts: file.receipts,
    streams,
  };
}
