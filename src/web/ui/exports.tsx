import type { JSX } from "preact";
import type { MetricId } from "../../core/metric-value.ts";
import { usePage } from "./context.ts";
import { exportPath } from "./period/api-address.ts";

/** Links to the period's figures as tables for a spreadsheet, one per length of a slot. */
export function Exports({ metrics = [] }: { readonly metrics?: readonly MetricId[] }): JSX.Element {
  const { view } = usePage();
  const grains =
    view.period.kind === "day" ? (["quarter", "hour"] as const) : (["hour", "day"] as const);
  return (
    <p class="exports">
      <span class="quiet">Figures of this period for a spreadsheet:</span>
      {grains.map((grain) => (
        <a
          key={grain}
          class="plain-button"
          href={exportPath(view, grain, metrics)}
          download
          aria-label={`Download CSV, ${GRAIN_WORDS[grain]}`}
        >
          CSV, {GRAIN_WORDS[grain]}
        </a>
      ))}
    </p>
  );
}

const GRAIN_WORDS = { quarter: "by 15 min", hour: "by hour", day: "by day" } as const;
