import { BoundedMap } from "../../core/bounded-map.ts";
import { type EpochMs, epochMs, monoMs, type TagId } from "../../core/brand.ts";
import type { JourneyHead, QueueJoined, QueueLeft, Somebody } from "../../core/events.ts";
import type { Carrier } from "./carrier.ts";
import { marksOf } from "./carriers.ts";
import type { StayMark } from "./marks.ts";
import type { QueueNumbers } from "./numbering.ts";
import { type QueuePlan, type QueueTime, queueTimes } from "./queue-times.ts";
import { QUEUE_RULES, VISIT_LIMITS } from "./rules.ts";
import { spellsOf } from "./spells.ts";

export interface QueueTellerOptions {
  readonly queues: readonly QueuePlan[];
  readonly numbers: QueueNumbers;
  /** Whether an earlier life told whatever is decided now. */
  readonly isSilent: () => boolean;
  readonly onEvent: (event: QueueJoined | QueueLeft) => void;
}

/** Something to tell, and when that is sure. */
interface Saying {
  readonly due: EpochMs;
  readonly what: "joined" | "left";
  readonly time: QueueTime;
}

/** Tells of queues what is sure by now, each thing once. Bounded. */
export class QueueTeller {
  readonly #options: QueueTellerOptions;
  readonly #told = new BoundedMap<string, true>({
    cap: VISIT_LIMITS.origins,
    idleMs: Number.POSITIVE_INFINITY,
  });

  constructor(options: QueueTellerOptions) {
    this.#options = options;
  }

  /** Tells what is due at `asOf` about this person; when something else will be, null when nothing is left. */
  tell(group: readonly Carrier[], asOf: EpochMs): EpochMs | null {
    if (this.#options.queues.length === 0) return null;
    let next: EpochMs | null = null;
    const stays = marksOf(group).filter((mark) => mark.kind === "stay");
    for (const saying of this.#sayings(stays, asOf)) {
      const by = group.find(({ marks }) => marks.all.some((mark) => begins(saying.time, mark)));
      if (by === undefined || this.#told.peek(keyOf(saying, by.who)) === true) continue;
      if (saying.due <= asOf) this.#say(saying, by, stays);
      else if (next === null || saying.due < next) next = saying.due;
    }
    return next;
  }

  /** What was told in an earlier life. */
  restore(event: QueueJoined | QueueLeft): void {
    this.#options.numbers.restore(event);
    const { zoneId, at } = event;
    const isJoin = event.kind === "queue-joined";
    const from = isJoin ? at : epochMs(at - event.waitMs);
    const time: QueueTime = { zoneId, via: zoneId, from, to: null, outcome: null };
    const saying: Saying = { due: at, what: isJoin ? "joined" : "left", time };
    this.#told.set(keyOf(saying, event), true, monoMs(0));
  }

  /** A tag has another name now: what was told of it is told. */
  rename(from: TagId, to: TagId): void {
    const ofTag = ` ${from}`;
    for (const [key] of [...this.#told.entries()]) {
      if (!key.endsWith(ofTag)) continue;
      this.#told.delete(key);
      this.#told.set(`${key.slice(0, -from.length)}${to}`, true, monoMs(0));
    }
  }

  #sayings(stays: readonly StayMark[], asOf: EpochMs): readonly Saying[] {
    const { joinMs, reachMs, lateMs } = QUEUE_RULES;
    const spells = spellsOf(stays);
    const sayings: Saying[] = [];
    const times = this.#options.queues.flatMap((queue) => queueTimes(spells, queue, asOf));
    for (const time of times) {
      const joinedDue = epochMs(time.from + joinMs + lateMs);
      if (time.outcome !== "balked") sayings.push({ due: joinedDue, what: "joined", time });
      if (time.to !== null)
        sayings.push({ due: epochMs(time.to + reachMs + lateMs), what: "left", time });
    }
    return sayings.sort((a, b) => a.due - b.due || (a.time.zoneId < b.time.zoneId ? -1 : 1));
  }

  #say(saying: Saying, by: Carrier, stays: readonly StayMark[]): void {
    const { what, time } = saying;
    const { zoneId, from, to, outcome } = time;
    this.#told.set(keyOf(saying, by.who), true, monoMs(0));
    if (this.#options.isSilent()) return;
    const began = stays.find((mark) => begins(time, mark));
    if (began === undefined) return;
    const at = what === "joined" || to === null ? from : to;
    const { head } = began;
    const common: JourneyHead & Somebody = {
      ...this.#options.numbers.next(head.source, at, saying.due),
      at,
      atMono: monoMs(Math.round(head.atMono + at - began.at)),
      clock: head.clock,
      ...by.who,
    };
    const { onEvent } = this.#options;
    if (what === "joined") onEvent({ ...common, kind: "queue-joined", zoneId });
    else {
      const waitMs = at - from;
      onEvent({ ...common, kind: "queue-left", zoneId, waitMs, outcome: outcome ?? "unknown" });
    }
  }
}

const begins = ({ via, from }: QueueTime, mark: { readonly kind: string }): boolean => {
  const stay = mark as StayMark;
  return stay.kind === "stay" && stay.zoneId === via && stay.at === from;
};

/** A time in a queue is named by who and since when, which its end tells as well. */
function keyOf({ what, time }: Saying, { cameraId, trackId, tagId }: Somebody): string {
  return `${what} ${time.zoneId} ${time.from} ${tagId ?? `${cameraId} ${trackId}`}`;
}
