import type { ComponentChildren, JSX } from "preact";
import { usePage } from "../context.ts";
import { changeView } from "../navigate.ts";
import { comparedWith } from "./api-address.ts";
import { choiceAt, holdsToday, isIsoDate, type PeriodChoice, spanOf, step } from "./dates.ts";
import type { CompareChoice, View } from "./view-address.ts";

const KINDS = [
  ["day", "Day"],
  ["week", "Week"],
  ["month", "Month"],
] as const;

const COMPARISONS: readonly (readonly [CompareChoice["kind"], string])[] = [
  ["same-weekday", "the same weekday"],
  ["previous", "the period before"],
  ["none", "nothing"],
];

interface BarProps {
  /** What the page is, above the period. */
  readonly title: string;
  /** Offers what to compare with; the Compare page has its own choice. */
  readonly hasCompare: boolean;
  /** What stands below the title, e.g. with what it is compared. */
  readonly children?: ComponentChildren;
}

/** The page's title and the choice of its period; all of it is in the address. */
export function PeriodBar({ title, hasCompare, children }: BarProps): JSX.Element {
  const { view, today } = usePage();
  return (
    <div class="period-bar">
      <div class="period-title">
        <h1>{title}</h1>
        <p class={view.period.kind === "day" ? "quiet" : "quiet is-long"}>{children}</p>
      </div>
      <div class="period-tools">
        <KindChoice view={view} today={today} />
        <Steps view={view} today={today} />
        {hasCompare && <CompareSelect view={view} today={today} />}
      </div>
    </div>
  );
}

interface ChoiceProps {
  readonly view: View;
  readonly today: string;
}

function KindChoice({ view, today }: ChoiceProps): JSX.Element {
  const { first, last } = spanOf(view.period, today);
  // From a long span one comes to its newest part.
  const anchor = last > today ? (first > today ? first : today) : last;
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">Length of the period</legend>
      {KINDS.map(([kind, words]) => (
        <button
          key={kind}
          type="button"
          aria-pressed={view.period.kind === kind}
          onClick={() => changeView({ period: choiceAt(kind, anchor, today) })}
        >
          {words}
        </button>
      ))}
    </fieldset>
  );
}

function Steps({ view, today }: ChoiceProps): JSX.Element {
  const { formats } = usePage();
  const { period } = view;
  const [before, after] = [step(period, today, -1), step(period, today, 1)];
  const go = (choice: PeriodChoice | null): void => {
    if (choice !== null) changeView({ period: choice });
  };
  const pick = (date: string): void => {
    if (!isIsoDate(date) || date > today) return;
    changeView({ period: choiceAt(period.kind === "custom" ? "day" : period.kind, date, today) });
  };
  const kind = period.kind === "custom" ? "period" : period.kind;
  return (
    <div class="steps-bar">
      <button
        type="button"
        class="step-button"
        aria-label={`Previous ${kind}`}
        onClick={() => go(before)}
      >
        <span aria-hidden="true">{"\u2039"}</span>
      </button>
      <label class="date-choice">
        <span class="visually-hidden">
          {`Go to the ${kind} that holds a date; now ${formats.days(spanOf(period, today), today)}`}
        </span>
        <input
          type="date"
          value={dateOf(period, today)}
          max={today}
          onChange={(event) => pick(event.currentTarget.value)}
        />
      </label>
      <button
        type="button"
        class="step-button"
        aria-label={`Next ${kind}`}
        aria-disabled={after === null}
        onClick={() => go(after)}
      >
        <span aria-hidden="true">{"\u203a"}</span>
      </button>
    </div>
  );
}

function dateOf(period: PeriodChoice, today: string): string {
  if (period.kind === "custom") return period.first;
  return period.date ?? (holdsToday(period, today) ? today : spanOf(period, today).first);
}

function CompareSelect({ view, today }: ChoiceProps): JSX.Element {
  const { formats } = usePage();
  const chosen = comparedWith(view);
  const choose = (kind: string): void => {
    const known = COMPARISONS.find(([one]) => one === kind)?.[0];
    if (known === undefined || known === "custom") return;
    const auto = comparedWith({ ...view, compare: { kind: "auto" } }).kind;
    changeView({ compare: { kind: known === auto ? "auto" : known } });
  };
  return (
    <label class="choice">
      <span class="choice-label">Compared with</span>
      <select value={chosen.kind} onChange={(event) => choose(event.currentTarget.value)}>
        {COMPARISONS.map(([kind, words]) => (
          <option key={kind} value={kind}>
            {kind === "same-weekday" && view.period.kind !== "day" ? "the week before" : words}
          </option>
        ))}
        {chosen.kind === "custom" && <option value="custom">{formats.days(chosen, today)}</option>}
      </select>
    </label>
  );
}
