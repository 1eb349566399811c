import { type EpochMs, epochMs, type ZoneId } from "../../core/brand.ts";
import type { QueueOutcome } from "../../core/events.ts";
import { QUEUE_RULES } from "./rules.ts";
import type { Spell } from "./spells.ts";

/** A queue of the plan. */
export interface QueuePlan {
  readonly zoneId: ZoneId;
  /** Where people of this queue are served. */
  readonly service: ReadonlySet<ZoneId>;
  /** Where one comes through before joining; null when the plan names none. */
  readonly approach: ZoneId | null;
}

/** One time somebody was in a queue, or turned back before it. */
export interface QueueTime {
  readonly zoneId: ZoneId;
  /** The zone in which it was spent: the queue, or its approach when balked. */
  readonly via: ZoneId;
  readonly from: EpochMs;
  /** null while in the queue. */
  readonly to: EpochMs | null;
  /** null while in the queue. */
  readonly outcome: QueueOutcome | null;
}

/**
 * The times of one person in one queue, in order, as far as they are known at `asOf`. `spells` are all of this person's,
 * of every zone. Pure.
 *
 * Joined: five seconds in the queue zone; less is walking through. Served: at the service point when leaving or within
 * fifteen seconds, or meanwhile. Unknown: the end was not seen. Abandoned: every other end.
 *
 * Balked: five seconds in the approach, neither queued nor at the service point within fifteen seconds of it, and no stop
 * elsewhere within fifteen seconds after it, but for where they had come from. Whoever stops in another zone was walking
 * through; zones crossed on the way back, or out of the shop, are no stops. Whoever comes from the queue or the service
 * point is leaving.
 */
export function queueTimes(
  spells: readonly Spell[],
  queue: QueuePlan,
  asOf: EpochMs,
): readonly QueueTime[] {
  const times: QueueTime[] = [];
  for (const spell of spells) {
    if (spell.zoneId === queue.zoneId && !isPassing(spell)) {
      const outcome = spell.to === null ? null : outcomeOf(spell, spells, queue);
      times.push(timeOf(spell, queue, outcome));
    } else if (spell.zoneId === queue.approach && hasBalked(spell, spells, queue, asOf))
      times.push(timeOf(spell, queue, "balked"));
  }
  return times;
}

const timeOf = (
  { zoneId: via, from, to }: Spell,
  { zoneId }: QueuePlan,
  outcome: QueueOutcome | null,
): QueueTime => ({ zoneId, via, from, to, outcome });

const isPassing = ({ from, to }: Omit<Spell, "zoneId" | "isCensored">): boolean =>
  to !== null && to - from < QUEUE_RULES.joinMs;

function outcomeOf(spell: Spell, spells: readonly Spell[], { service }: QueuePlan): QueueOutcome {
  const { from, isCensored } = spell;
  const to = spell.to ?? from;
  const isServed = spells.some(
    (other) =>
      service.has(other.zoneId) &&
      other.from <= to + QUEUE_RULES.reachMs &&
      (other.from >= from || isIn(other, to)),
  );
  if (isServed) return "served";
  return isCensored ? "unknown" : "abandoned";
}

function hasBalked(
  spell: Spell,
  spells: readonly Spell[],
  queue: QueuePlan,
  asOf: EpochMs,
): boolean {
  const { from, to, isCensored } = spell;
  if (to === null || isCensored || isPassing(spell)) return false;
  const others = spells.filter((other) => other !== spell);
  // Who cuts a corner of the queue zone on the way has not queued.
  const isQueue = (other: Spell): boolean =>
    (other.zoneId === queue.zoneId && !isPassing(other)) || queue.service.has(other.zoneId);
  const near = others.filter((other) => isNear(other, spell));
  if (near.some(isQueue)) return false;
  const origins = near.filter((other) => other.from < from).map(({ zoneId }) => zoneId);
  return !near.some(
    (other) =>
      other.from > from &&
      (other.to ?? to) >= to &&
      !isPassing({ from: other.from, to: other.to ?? asOf }) &&
      !origins.includes(other.zoneId),
  );
}

/** Whether a time is less than the reach before or after another, or overlaps it. */
function isNear(other: Spell, { from, to }: Spell): boolean {
  const { reachMs } = QUEUE_RULES;
  const isAfterwards = other.from > epochMs((to ?? from) + reachMs);
  return !isAfterwards && (other.to === null || other.to >= from - reachMs);
}

const isIn = ({ from, to }: Spell, at: EpochMs): boolean => from <= at && (to === null || to >= at);
