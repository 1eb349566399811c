import type { JSX } from "preact";
import { usePage } from "../context.ts";
import { changeView } from "../navigate.ts";
import { comparedWith } from "../period/api-address.ts";
import { addDays, type DaySpan, daysBetween, isIsoDate, spanOf } from "../period/dates.ts";
import type { View } from "../period/view-address.ts";

/** Longest span that the gateway reports on, days. */
const LONGEST_DAYS = 366;

/** The two periods of a comparison, each with its first and last day. */
export function SpanChoice({ view }: { readonly view: View }): JSX.Element {
  const { today } = usePage();
  const span = spanOf(view.period, today);
  const chosen = comparedWith(view);
  const length = daysBetween(span.first, span.last) + 1;
  const before = { first: addDays(span.first, -length), last: addDays(span.first, -1) };
  const other = chosen.kind === "custom" ? { first: chosen.first, last: chosen.last } : before;
  const setCompare = (kind: string): void => {
    if (kind === "custom") changeView({ compare: { kind: "custom", ...other } });
    if (kind === "previous" || kind === "same-weekday") changeView({ compare: { kind } });
  };
  return (
    <div class="card span-choice">
      <Span
        title="This"
        span={span}
        onPick={(picked) => changeView({ period: { kind: "custom", ...picked } })}
      />
      <div class="span-side">
        <label class="choice">
          <span class="choice-label">beside</span>
          <select value={chosen.kind} onChange={(event) => setCompare(event.currentTarget.value)}>
            <option value="same-weekday">the same weekdays before</option>
            <option value="previous">the period before</option>
            <option value="custom">any other days</option>
          </select>
        </label>
        {chosen.kind === "custom" && (
          <Span
            title="Other"
            span={other}
            onPick={(picked) => changeView({ compare: { kind: "custom", ...picked } })}
          />
        )}
      </div>
    </div>
  );
}

interface SpanProps {
  readonly title: string;
  readonly span: DaySpan;
  readonly onPick: (span: DaySpan) => void;
}

/** First and last day; picking one beyond the other moves both. */
function Span({ title, span, onPick }: SpanProps): JSX.Element {
  const { today } = usePage();
  const pick = (end: "first" | "last", date: string): void => {
    if (!isIsoDate(date) || date > today) return;
    const next = { ...span, [end]: date };
    const isOrdered = next.first <= next.last;
    const isShort = isOrdered && daysBetween(next.first, next.last) < LONGEST_DAYS;
    onPick(isShort ? next : { first: date, last: date });
  };
  return (
    <fieldset class="span-fields">
      <legend class="visually-hidden">{title} period</legend>
      {(["first", "last"] as const).map((end) => (
        <label key={end} class="date-choice">
          <span>{end === "first" ? "from" : "to"}</span>
          <input
            type="date"
            value={span[end] > today ? today : span[end]}
            max={today}
            onChange={(event) => pick(end, event.currentTarget.value)}
          />
        </label>
      ))}
    </fieldset>
  );
}
