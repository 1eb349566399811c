import type { JSX } from "preact";
import type { MetricValue } from "../../core/metric-value.ts";
import { changeOf } from "./change.ts";
import { usePage } from "./context.ts";

const ARROWS = { up: "\u2191", down: "\u2193", same: "" } as const;

interface ChangeProps {
  readonly now: MetricValue;
  readonly before: MetricValue | null | undefined;
  /** Named for those who cannot see what stands beside it. */
  readonly beforeName: string | null;
}

/** How a value differs from the comparison: an arrow, a sign and a number; empty when nothing can be said. */
export function ChangeText({ now, before, beforeName }: ChangeProps): JSX.Element | null {
  const { formats } = usePage();
  const change = changeOf(formats, now, before);
  if (change === null) return null;
  const { direction, text, tone, words } = change;
  return (
    <span class={`change is-${tone}`}>
      <span aria-hidden="true">
        {ARROWS[direction]}
        {ARROWS[direction] !== "" && "\u2009"}
        {text}
      </span>
      <span class="visually-hidden">
        {` ${words}${beforeName === null ? "" : `, compared with ${beforeName}`}`}
      </span>
    </span>
  );
}
