import { type EpochMs, epochMs, type ZoneId } from "../../core/brand.ts";
import type { Mark, MoveMark, PassMark, StayMark } from "./marks.ts";
import { VISIT_RULES } from "./rules.ts";
import type { VisitSite } from "./visit-site.ts";

/** What reading the way of a basket needs to know besides its marks. */
export interface CarriedContext {
  readonly site: Pick<VisitSite, "hasStack" | "isStack" | "isPaying" | "isInside">;
  /** Since when the tag is known to tell that it is taken up and set down; null = never did. */
  readonly moverSince: EpochMs | null;
  readonly reentryGapMs: number;
}

/** Somebody had the basket, from taking it until it was last set down. */
interface Carry {
  readonly taken: MoveMark;
  /** null while it is in somebody's hands. */
  readonly put: MoveMark | null;
  /** It was brought back, or left where people pay: the next who takes it is somebody else. */
  readonly isBack: boolean;
}

/**
 * The marks of a basket or a cart while somebody had it, with a coming in when it was taken and a going out when it was
 * brought back: what a visit is cut from. Set down on the floor for less than the re-entry gap it is still the same
 * shopper's. What staff carry back to the stack is nobody's visit. A tag that tells no movements is taken when it leaves
 * the stack. Where the plan names no stack either, presence alone is known: the marks are told as they are. Pure.
 */
export function carriedMarks(marks: readonly Mark[], context: CarriedContext): readonly Mark[] {
  const { site, moverSince } = context;
  if (!site.hasStack && moverSince === null) return marks;
  const since = moverSince ?? Number.POSITIVE_INFINITY;
  const before = marks.filter(({ at }) => at < since);
  const stays = staysOf(marks);
  const told = marks.filter((mark): mark is MoveMark => isMove(mark));
  const moves = [...(site.hasStack ? movesOf(before, context) : []), ...told];
  const carries = carriesOf(moves, stays, context).filter((one) => isVisit(one, stays, context));
  const carried = carries.flatMap((carry) => marksDuring(carry, marks, context));
  return site.hasStack ? carried : [...untilGone(before), ...carried];
}

const staysOf = (marks: readonly Mark[]): StayMark[] =>
  marks.filter((mark): mark is StayMark => mark.kind === "stay");

const isMove = ({ kind }: Mark): boolean => kind === "taken" || kind === "put";

/** Leaving the stack and coming back to it, of a tag that tells nothing else. */
function movesOf(marks: readonly Mark[], { site }: CarriedContext): MoveMark[] {
  const moves: MoveMark[] = [];
  let stack: StayMark | null = null;
  let isTaken = false;
  for (const mark of marks) {
    if (mark.kind !== "stay") continue;
    const { at, head, zoneId } = mark;
    if (site.isStack(zoneId)) {
      stack = mark;
      // Who only comes past the stack has not brought it back.
      const isResting = mark.to === null || mark.to - at >= VISIT_RULES.carryMs;
      if (isTaken && isResting) moves.push({ kind: "put", at, head, zoneId });
      isTaken &&= !isResting;
    } else if (stack !== null && !isTaken && site.isInside(zoneId)) {
      isTaken = true;
      const from = epochMs(Math.min(stack.to ?? at, at));
      moves.push({ kind: "taken", at: from, head, zoneId: stack.zoneId });
    }
  }
  return moves;
}

function carriesOf(
  moves: readonly MoveMark[],
  stays: readonly StayMark[],
  context: CarriedContext,
): readonly Carry[] {
  const carries: Carry[] = [];
  for (const move of moves) {
    const last = carries.at(-1) ?? null;
    if (move.kind === "put") {
      if (last === null || last.put !== null) continue;
      const isBack = isBackAt(move, last.taken, stays, context);
      carries[carries.length - 1] = { ...last, put: move, isBack };
    } else if (last !== null && isTakenOn(last, move, context))
      carries[carries.length - 1] = { ...last, put: null };
    else carries.push({ taken: move, put: null, isBack: false });
  }
  return carries;
}

function isBackAt(
  put: MoveMark,
  taken: MoveMark,
  stays: readonly StayMark[],
  { site }: CarriedContext,
): boolean {
  const zone = placeOf(put, stays);
  const isPlace = zone !== null && (site.isStack(zone) || site.isPaying(zone));
  if (isPlace || (zone !== null && !site.isInside(zone))) return true;
  return hasPaid(taken.at, put.at, stays, site);
}

/** Soon after it was set down on the floor: by whoever set it down. */
const isTakenOn = (
  { put, isBack }: Carry,
  taken: MoveMark,
  { reentryGapMs }: CarriedContext,
): boolean => put === null || (!isBack && taken.at <= put.at + reentryGapMs);

/** Whether a customer had it, as far as anything says. */
function isVisit(
  { taken, put, isBack }: Carry,
  stays: readonly StayMark[],
  { site }: CarriedContext,
): boolean {
  if (put === null) return true;
  const lengthMs = put.at - taken.at;
  if (lengthMs < VISIT_RULES.carryMs) return false;
  const [from, to] = [placeOf(taken, stays), placeOf(put, stays)];
  const isFromElsewhere = from !== null && !site.isStack(from);
  if (!isBack || !isFromElsewhere || to === null || !site.isStack(to)) return true;
  if (site.isPaying(from))
    return elsewhereMs(taken.at, put.at, stays, site) >= VISIT_RULES.collectMs;
  return lengthMs >= VISIT_RULES.collectMs || hasPaid(taken.at, put.at, stays, site);
}

/** The zone that a movement was in: as it told, else the one that the tag was in then. */
function placeOf({ zoneId, at }: MoveMark, stays: readonly StayMark[]): ZoneId | null {
  if (zoneId !== null) return zoneId;
  return stays.findLast((stay) => stay.at <= at && (stay.to ?? at) >= at)?.zoneId ?? null;
}

const hasPaid = (
  from: EpochMs,
  to: EpochMs,
  stays: readonly StayMark[],
  site: CarriedContext["site"],
): boolean =>
  stays.some((stay) => stay.at <= to && (stay.to ?? to) >= from && site.isPaying(stay.zoneId));

/** Time in zones of the shop where baskets are neither stacked nor paid for: there somebody shops. */
function elsewhereMs(
  from: EpochMs,
  to: EpochMs,
  stays: readonly StayMark[],
  site: CarriedContext["site"],
): number {
  let sum = 0;
  for (const { zoneId, at, to: until } of stays) {
    const isElsewhere = !site.isStack(zoneId) && !site.isPaying(zoneId) && site.isInside(zoneId);
    if (isElsewhere) sum += Math.max(0, Math.min(until ?? to, to) - Math.max(at, from));
  }
  return sum;
}

/** Everything known of one carry, from its beginning to its end. */
function marksDuring(carry: Carry, marks: readonly Mark[], context: CarriedContext): Mark[] {
  const { taken, put, isBack } = carry;
  const { site } = context;
  const zone = placeOf(taken, staysOf(marks));
  const until = put?.at ?? Number.POSITIVE_INFINITY;
  const kept = marks.filter((mark) => isWithin(mark, taken.at, until));
  // Taken outside of the shop it is in the shop from when it is heard there.
  const isOutside = zone !== null && !site.isInside(zone);
  const entry = isOutside ? kept.find((mark) => mark.kind === "in") : passOf(taken, "in");
  if (entry === undefined) return [];
  const way = kept.flatMap((mark): Mark[] => {
    if (mark === entry || (mark.kind !== "stay" && mark.at < entry.at)) return [];
    if (mark.kind !== "stay" || mark.at >= entry.at) return [mark];
    const isOver = mark.to !== null && mark.to <= entry.at;
    return isOver || site.isStack(mark.zoneId) ? [] : [{ ...mark, at: entry.at }];
  });
  if (put === null) return [entry, ...way];
  const last = way.findLast((mark) => mark.kind === "in" || mark.kind === "out");
  if (last?.kind !== "out") return [entry, ...way, passOf(put, "out", isBack)];
  return [entry, ...way.map((mark) => (mark === last ? { ...last, isFinal: isBack } : mark))];
}

/** Whether a mark says something about the time of a carry: a stay may have begun before it. */
function isWithin(mark: Mark, from: EpochMs, until: number): boolean {
  if (isMove(mark) || mark.at > until) return false;
  return mark.at >= from || (mark.kind === "stay" && (mark.to === null || mark.to > from));
}

/** Left standing on the floor, nobody knows when who had it went: not heard of any more, as of a tag that is silent. */
const passOf = ({ at, head }: MoveMark, kind: PassMark["kind"], isFinal = false): PassMark => ({
  kind,
  at,
  head,
  lineId: null,
  isSilence: kind === "out" && !isFinal,
  isFinal,
});

/** Visits by presence that were over before the tag told its first movement. */
function untilGone(marks: readonly Mark[]): readonly Mark[] {
  const last = marks.findLastIndex(({ kind }) => kind === "out" || kind === "gone");
  return marks.slice(0, last + 1);
}
