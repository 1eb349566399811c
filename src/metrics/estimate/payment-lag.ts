import type { EpochMs } from "../../core/brand.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import type { Day } from "../days/day-book.ts";
import { isLopsided } from "../figures/plausibility.ts";
import { doorFlow, type Sources } from "../sources.ts";

/** Closed days looked back on, and crossings that a day must have to tell how long visits last. */
const MAX_DAYS = 14;
const LEAST_CROSSINGS = 50;

/**
 * How long after coming in people usually pay: about the mean visit of the closed days before an instant, in whole
 * minutes so that entries and payments are moved by whole slots. null while no day tells.
 */
export function paymentLagMs(sources: Sources, at: EpochMs): number | null {
  const visits: number[] = [];
  for (const day of [...sources.book.days].reverse()) {
    const meanMs = day.span.end <= at ? meanVisitMs(sources, day) : null;
    if (meanMs !== null) visits.push(meanMs);
    if (visits.length === MAX_DAYS) break;
  }
  visits.sort((a, b) => a - b);
  const middle = visits[visits.length >> 1];
  return middle === undefined ? null : Math.max(1, Math.round(middle / SLOT_MS)) * SLOT_MS;
}

/** Mean exit less mean entry of one closed day; null when its counts cannot both be right. */
function meanVisitMs(sources: Sources, day: Day): number | null {
  const flow = doorFlow(sources.site, day);
  const came = timeSum(flow.ins, flow.inOffsetsMs);
  const left = timeSum(flow.outs, flow.outOffsetsMs);
  if (Math.min(came.people, left.people) < LEAST_CROSSINGS) return null;
  if (isLopsided({ ins: came.people, outs: left.people }, true)) return null;
  const meanMs = left.sumMs / left.people - came.sumMs / came.people;
  return meanMs > 0 ? meanMs : null;
}

function timeSum(
  counts: Float64Array,
  offsetsMs: Float64Array,
): { readonly people: number; readonly sumMs: number } {
  let people = 0;
  let sumMs = 0;
  for (let slot = 0; slot < counts.length; slot += 1) {
    const n = counts[slot] ?? 0;
    people += n;
    sumMs += n * slot * SLOT_MS + (offsetsMs[slot] ?? 0);
  }
  return { people, sumMs };
}
