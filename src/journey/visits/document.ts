import { epochMs, type LineId, monoMs, type VisitId } from "../../core/brand.ts";
import type {
  JourneyCompleted,
  JourneyHead,
  VisitBasket,
  VisitQueue,
  VisitStay,
} from "../../core/events.ts";
import type { BasketMark, Carrier } from "./carrier.ts";
import { originKey } from "./marks.ts";
import { type QueuePlan, queueTimes } from "./queue-times.ts";
import { VISIT_LIMITS, VISIT_RULES } from "./rules.ts";
import type { Segment } from "./segments.ts";
import { type Spell, spellsOf } from "./spells.ts";

/** What a visit tells, without its place in a source and its revision. */
export type VisitBody = Omit<JourneyCompleted, "kind" | "source" | "seq" | "revision">;

/** What a document is made from besides the visit itself. */
export interface DocumentContext {
  readonly queues: readonly QueuePlan[];
  readonly visitId: VisitId;
  readonly isStaff: boolean;
  /** The door line that somebody with this tag came in or went out by; null when that is not sure. */
  lineNear(segment: Segment, direction: "in" | "out"): LineId | null;
}

/** The document of one visit of one person, who may have been followed under several numbers. Pure. */
export function documentOf(
  segment: Segment,
  group: readonly Carrier[],
  context: DocumentContext,
): VisitBody {
  const { first, enteredAt, exitedAt, endedBy, isEntrySeen, isExitSeen } = segment;
  const [one] = group;
  const isTag = one?.method === "tag";
  const spells = spellsOf(segment.stays);
  const stays = staysOf(segment, spells);
  const { at, atMono, clock } = headOf(segment);
  return {
    at,
    atMono,
    clock,
    visitId: context.visitId,
    isWithdrawn: false,
    method: isTag ? "tag" : "track",
    tagKind: one?.tagKind ?? null,
    tagId: one?.tagIdAt(enteredAt) ?? null,
    enteredAt,
    exitedAt,
    isEntrySeen,
    isExitSeen,
    entryLineId: lineOf(segment, isTag, context, "in"),
    exitLineId: lineOf(segment, isTag, context, "out"),
    endedBy,
    reentries: segment.reentries,
    isStaff: context.isStaff,
    stays: stays.slice(0, VISIT_LIMITS.stays),
    staysDropped: Math.max(0, stays.length - VISIT_LIMITS.stays),
    queues: queuesOf(segment, spells, context.queues),
    basket: basketOf(group.flatMap(({ baskets }) => baskets).filter(isIn(segment))),
    receipts: group
      .flatMap(({ receipts }) => receipts)
      .filter(isIn(segment))
      .map(({ receipt }) => receipt)
      .sort((a, b) => a.paidAt - b.paidAt || (a.receiptId < b.receiptId ? -1 : 1))
      .slice(0, VISIT_LIMITS.documentReceipts),
    began: { source: first.head.source, seq: first.head.seq },
  };
}

/** Nobody goes through a door at the instant of a recognition, whatever a camera counts then. */
function lineOf(
  segment: Segment,
  isTag: boolean,
  { lineNear }: DocumentContext,
  direction: "in" | "out",
): LineId | null {
  const { entry, exit, first, endedBy } = segment;
  if (!isTag) return (direction === "in" ? entry : exit)?.lineId ?? null;
  const isRecognition = direction === "in" ? first.kind === "seen" : endedBy === "lost";
  return isRecognition ? null : lineNear(segment, direction);
}

/** Whether something at an instant belongs to the visit. A receipt may be printed while somebody goes out. */
export function isIn({ enteredAt, exitedAt }: Segment): (one: { readonly at: number }) => boolean {
  const { afterPaymentMs, beforePaymentMs } = VISIT_RULES;
  return ({ at }) => at >= enteredAt - afterPaymentMs && at <= exitedAt + beforePaymentMs;
}

/** Whether one of the crossings of a visit is among those that were found to be staff. */
export function isStaffVisit({ passes }: Segment, isMarked: (key: string) => boolean): boolean {
  return passes.some(({ head, lineId }) => lineId !== null && isMarked(originKey(head)));
}

/** Times on the clocks of the last mark of the visit. */
function headOf({ last, exitedAt }: Segment): Pick<JourneyHead, "at" | "atMono" | "clock"> {
  const { head, at } = last;
  const atMono = monoMs(Math.round(head.atMono + exitedAt - at));
  return { at: exitedAt, atMono, clock: head.clock };
}

/** Cut to the visit: a zone at a door is entered before it and left after it. */
function staysOf(segment: Segment, spells: readonly Spell[]): VisitStay[] {
  const { enteredAt, exitedAt, isExitSeen } = segment;
  const stays: VisitStay[] = [];
  for (const { zoneId, from, to, isCensored } of spells) {
    const start = epochMs(Math.max(from, enteredAt));
    const end = Math.min(to ?? exitedAt, exitedAt);
    // Over before the visit began, or begun after it ended.
    if (end < start) continue;
    const isCutByExit = isExitSeen && (to === null || to >= exitedAt);
    const isEndUnseen = !isCutByExit && (to === null || isCensored);
    stays.push({ zoneId, enteredAt: start, dwellMs: end - start, isCensored: isEndUnseen });
  }
  return stays;
}

function queuesOf(
  { enteredAt, exitedAt }: Segment,
  spells: readonly Spell[],
  queues: readonly QueuePlan[],
): VisitQueue[] {
  return queues
    .flatMap((queue) => queueTimes(spells, queue, exitedAt))
    .sort((a, b) => a.from - b.from || (a.zoneId < b.zoneId ? -1 : 1))
    .slice(0, VISIT_LIMITS.queues)
    .map(({ zoneId, from, to, outcome }) => ({
      zoneId,
      waitMs: Math.max(0, Math.min(to ?? exitedAt, exitedAt) - Math.max(from, enteredAt)),
      outcome: outcome ?? "unknown",
    }));
}

/** null when the basket told nothing. */
function basketOf(changes: readonly BasketMark[]): VisitBasket | null {
  if (changes.length === 0) return null;
  const units = (change: BasketMark["change"]): number =>
    changes.reduce((sum, one) => (one.change === change ? sum + one.units : sum), 0);
  return { added: units("add"), removed: units("remove"), returned: units("return-to-shelf") };
}
