import type { EpochMs } from "../../core/brand.ts";
import type { StreamName } from "../../wire/cloud-event.ts";
import type { OutboxFile } from "./outbox-file.ts";
import { STAMPS_PER_MS } from "./stream-table.ts";

/** Streams kept until the trading day is over, so that today's figures can be rebuilt after a restart. */
export const DAYBOOK_STREAMS: ReadonlySet<StreamName> = new Set([
  "fresh",
  "journey",
  "zone",
  "health",
]);

/** From when on acknowledged events of a stream are kept: the few that tell how sensors are, longer than the others. Pure. */
export function keptFrom(
  stream: StreamName,
  keep: { readonly from: number; readonly statesFrom: number },
): number {
  if (!DAYBOOK_STREAMS.has(stream)) return Number.MAX_SAFE_INTEGER;
  return stream === "health" ? keep.statesFrom : keep.from;
}

/**
 * Bodies of the day's events recorded in [from, until), in order of recording over the streams. Reads in pages, so
 * that a day never has to fit into memory.
 */
export function* dayEvents(
  file: OutboxFile,
  from: EpochMs,
  until: number,
  names: ReadonlySet<StreamName>,
): Generator<string> {
  const streams = [...names].map((stream) => file.table(stream).since(from));
  const heads = streams.map((stream) => stream.next());
  for (;;) {
    let first = -1;
    heads.forEach((head, index) => {
      if (head.done) return;
      const best = heads[first];
      if (best === undefined || best.done || head.value.stamp < best.value.stamp) first = index;
    });
    const head = heads[first];
    const stream = streams[first];
    if (head === undefined || head.done || stream === undefined) return;
    if (head.value.stamp < until * STAMPS_PER_MS) yield head.value.body;
    heads[first] = stream.next();
  }
}
