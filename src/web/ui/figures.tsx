import type { JSX } from "preact";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { ChangeText } from "./change-text.tsx";
import { keyOf, usePage } from "./context.ts";
import { formatInterval, formatMetric } from "./format.ts";
import type { Values } from "./overview.ts";
import { badgesOf } from "./quality.ts";
import { Sparkline } from "./sparkline.tsx";
import { METRIC_NAMES } from "./words.ts";

interface FiguresProps {
  /** What the figures are about, for readers of the page's outline. */
  readonly title: string;
  readonly metrics: readonly MetricId[];
  readonly tiles: Values;
  readonly before: Values;
  readonly beforeName: string | null;
  /** Name of the zone the figures are of; absent for the shop. */
  readonly scopeName?: string;
  /** The course of a figure; null where none is known. */
  readonly sparkOf?: (metric: MetricId) => readonly (number | null)[] | null;
}

/** A row of large figures, each with its change, its course, and what is off about it. */
export function Figures(props: FiguresProps): JSX.Element | null {
  const shown = props.metrics.flatMap((id) => props.tiles.get(id) ?? []);
  if (shown.length === 0) return null;
  return (
    <section aria-labelledby="figures-title" class="card figures">
      <h2 id="figures-title" class="visually-hidden">
        {props.title}
      </h2>
      <ul class="figure-grid">
        {shown.map((tile) => (
          <Figure
            key={keyOf(tile)}
            metric={tile}
            before={props.before.get(tile.metric)}
            beforeName={props.beforeName}
            scopeName={props.scopeName}
            spark={props.sparkOf?.(tile.metric) ?? null}
          />
        ))}
      </ul>
    </section>
  );
}

interface FigureProps {
  readonly metric: MetricValue;
  readonly before: MetricValue | undefined;
  readonly beforeName: string | null;
  readonly scopeName: string | undefined;
  readonly spark: readonly (number | null)[] | null;
}

/** One figure; pressing it opens what is behind it. */
function Figure({ metric, before, beforeName, scopeName, spark }: FigureProps): JSX.Element {
  const { formats, show } = usePage();
  const isUnknown = metric.value === null;
  return (
    <li>
      <button
        type="button"
        class={`figure${isUnknown ? " is-unknown" : ""}`}
        data-metric={metric.metric}
        aria-haspopup="dialog"
        onClick={() => show(metric, scopeName)}
      >
        <span class="figure-name">{METRIC_NAMES[metric.metric]}</span>
        <span class="figure-row">
          <span class="figure-value">
            {formatMetric(formats, metric)}
            {isUnknown && <span class="visually-hidden"> unknown:</span>}
          </span>
          {!isUnknown && spark !== null && <Sparkline values={spark} />}
        </span>
        <span class="figure-foot">
          <ChangeText now={metric} before={before} beforeName={beforeName} />
          <FigureNote metric={metric} />
        </span>
      </button>
    </li>
  );
}

/** Why there is no value, or badges for what is off; nothing when all is well. */
export function FigureNote(props: {
  readonly metric: MetricValue;
  /** Badges that stand elsewhere already. */
  readonly without?: readonly string[];
}): JSX.Element | null {
  const { formats } = usePage();
  const { metric, without = [] } = props;
  if (metric.value === null) return <span class="figure-note">{reasonText(metric, formats)}</span>;
  const badges = badgesOf(metric, formats).filter((badge) => !without.includes(badge));
  if (badges.length === 0) return null;
  return (
    <span class="figure-note">
      {badges.map((badge) => (
        <span key={badge} class="badge">
          {badge}
        </span>
      ))}
    </span>
  );
}

/** Why a value is unknown, with the interval where at least that can be said. Pure. */
export function reasonText(
  metric: MetricValue,
  formats: ReturnType<typeof usePage>["formats"],
): string {
  const why = metric.reason?.text ?? "not known";
  const interval = formatInterval(formats, metric);
  return interval === null ? why : `${interval}: ${why}`;
}
