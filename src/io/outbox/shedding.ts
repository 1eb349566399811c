import type { EpochMs } from "../../core/brand.ts";
import type { StreamName } from "../../wire/cloud-event.ts";
import type { GapReason } from "../../wire/envelopes.ts";
import { byStream, type OutboxFile, type ShedCounts } from "./outbox-file.ts";
import type { Refusal } from "./refusals.ts";

const SHED_ROWS = 256;
/** Lowest class first; events of a journey and the audit trail go last. */
const SHED_ORDER: readonly StreamName[] = ["raw", "zone", "health", "journey", "fresh", "audit"];

/** What shedding has to respect and to tell. */
export interface ShedTerms {
  /** Rows up to these numbers may have reached the centre: they stay. */
  readonly handedOut: Readonly<Record<StreamName, number>>;
  readonly at: EpochMs;
  /** Called after each step that shed something. */
  readonly onShed: () => void;
}

/** Forgets the day's acknowledged events, then sheds, until at most `targetBytes` are used; false when it freed none. */
export function freeBytes(file: OutboxFile, targetBytes: number, terms: ShedTerms): boolean {
  const isOver = (): boolean => file.usedBytes > targetBytes;
  let freed = 0;
  for (const stream of SHED_ORDER)
    freed += repeatedly(isOver, () =>
      file.forget(stream, Number.MAX_SAFE_INTEGER, SHED_ROWS, terms.at),
    );
  for (const stream of SHED_ORDER)
    freed += repeatedly(isOver, () => shedSome(file, stream, "cap", terms));
  return freed > 0;
}

/** Forgets acknowledged events, the day's as well, a part of each stream; returns how many. */
export function forgetAcknowledged(file: OutboxFile, at: EpochMs, shrinkPages: number): number {
  const forgotten = SHED_ORDER.reduce(
    (sum, stream) => sum + file.forget(stream, Number.MAX_SAFE_INTEGER, SHED_ROWS, at),
    0,
  );
  if (forgotten > 0) file.shrink(shrinkPages);
  return forgotten;
}

/** Sheds what was recorded more than `maxAgeMs` of powered time ago; returns how many events. */
export function shedAged(file: OutboxFile, maxAgeMs: number, terms: ShedTerms): number {
  const floors = file.powered.floors(maxAgeMs);
  if (floors === null) return 0;
  return SHED_ORDER.reduce(
    (sum, stream) =>
      sum +
      repeatedly(
        () => true,
        () => shedSome(file, stream, "age", terms, floors[stream] ?? 0),
      ),
    0,
  );
}

/** What was shed by stream and reason, with what is refused now and will be told in a gap. Pure. */
export function withRefused(counts: ShedCounts, refused: readonly Refusal[]): ShedCounts {
  return byStream((name) => {
    const found: Partial<Record<GapReason, number>> = { ...counts[name] };
    for (const { stream, why, events } of refused)
      if (stream === name) found[why] = (found[why] ?? 0) + events;
    return found;
  });
}

function shedSome(
  file: OutboxFile,
  stream: StreamName,
  why: GapReason,
  { handedOut, at, onShed }: ShedTerms,
  end?: number,
): number {
  const events = file.shed(stream, handedOut[stream], SHED_ROWS, why, at, end);
  if (events > 0) onShed();
  return events;
}

/** Adds up steps while they are needed and do something. */
function repeatedly(isNeeded: () => boolean, step: () => number): number {
  let sum = 0;
  while (isNeeded()) {
    const done = step();
    sum += done;
    if (done === 0) break;
  }
  return sum;
}
