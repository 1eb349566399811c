import type { LineId } from "../../core/brand.ts";
import type { MetricReason } from "../../core/metric-value.ts";
import type { LineRole } from "../../core/site.ts";
import type { TimeSpan } from "../calendar/shop-hours.ts";
import type { SlotRange } from "../calendar/slots.ts";
import type { Day, DayPart } from "../days/day-book.ts";
import { joinedReasons, reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import { camerasOfLines, linesOf, type Sources, sightOf } from "../sources.ts";
import { overLines } from "./door-count.ts";
import { isLopsided, isSilent, PLAUSIBLE } from "./plausibility.ts";

/** What speaks against a count over some lines of one role: too many a minute, or one of them silent; null when nothing. */
export function lineDoubts(
  sources: Sources,
  question: TimeSpan,
  lines: readonly LineId[],
): MetricReason | null {
  const parts = sources.book.parts(question.from, question.to);
  return joinedReasons(impossibleRate(parts, lines), silentLine(sources, parts, lines));
}

/** What speaks against entries and exits of the doors together; null when nothing does. */
export function flowDoubt(sources: Sources, question: TimeSpan): MetricReason | null {
  const doors = linesOf(sources.site, "door");
  const odd = sources.book.parts(question.from, question.to).filter((part) => {
    const isFromStart = part.range.from === 0;
    return (
      isFromStart &&
      isLopsided(flowOf(part, doors), part.isWhole) &&
      isSeen(sources, part.day, doors)
    );
  });
  const [first] = odd;
  if (first === undefined) return null;
  const { ins, outs } = flowOf(first, doors);
  const text =
    odd.length === 1
      ? `${ins} came in but ${outs} left in a day: a door miscounts.`
      : `On ${odd.length} days entries and exits differ by more than a tenth: a door miscounts.`;
  return reason("counts-lopsided", text);
}

const flowOf = (part: DayPart, doors: readonly LineId[]): { ins: number; outs: number } => ({
  ins: overLines(part, doors, (line, { range }) => line.in.count(range)),
  outs: overLines(part, doors, (line, { range }) => line.out.count(range)),
});

function isSeen(sources: Sources, { span }: Day, lines: readonly LineId[]): boolean {
  const cameras = camerasOfLines(sources.site, lines);
  return sightOf(sources, cameras, span.start, span.end).share >= RULES.goodCoverageRatio;
}

function impossibleRate(parts: readonly DayPart[], lines: readonly LineId[]): MetricReason | null {
  let most = 0;
  for (const { day, range } of parts) {
    for (const id of lines) {
      const line = day.lines.get(id);
      if (line !== undefined) most = Math.max(most, line.in.most(range), line.out.most(range));
    }
  }
  if (most <= PLAUSIBLE.mostPerMinute) return null;
  return reason(
    "impossible-rate",
    `${most} people in one minute over one line: the counter is wrong.`,
  );
}

function silentLine(
  sources: Sources,
  parts: readonly DayPart[],
  asked: readonly LineId[],
): MetricReason | null {
  for (const part of parts) {
    for (const id of asked) {
      const line = sources.site.cameras.flatMap((camera) => camera.lines).find((l) => l.id === id);
      if (line !== undefined && isSilentOn(sources, part, id, line.role))
        return reason(
          "silent-line",
          `${line.name} counted nobody while the lines beside it counted many.`,
        );
    }
  }
  return null;
}

function isSilentOn(sources: Sources, part: DayPart, id: LineId, role: LineRole): boolean {
  const others = linesOf(sources.site, role).filter((other) => other !== id);
  const own = bothWays(part, [id]);
  const beside = own > 0 ? 0 : bothWays(part, others);
  if (beside < PLAUSIBLE.leastExpected) return false;
  const usual = { own: 0, all: 0, days: 0 };
  for (const day of sources.book.days) {
    if (day.span.start >= part.day.span.start) continue;
    const whole = { day, range: wholeOf(day), isWhole: true };
    usual.own += bothWays(whole, [id]);
    usual.all += bothWays(whole, [id, ...others]);
    usual.days += 1;
  }
  return isSilent(own, beside, usual) && isSeen(sources, part.day, [id]);
}

const wholeOf = (day: Day): SlotRange => ({ from: 0, to: day.slots });

const bothWays = (part: DayPart, lines: readonly LineId[]): number =>
  overLines(part, lines, (line, { range }) => line.in.count(range) + line.out.count(range));
