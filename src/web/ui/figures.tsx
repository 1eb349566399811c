import type { JSX } from "preact";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { keyOf, usePage } from "./context.ts";
import { formatInterval, formatMetric } from "./format.ts";
import { badgesOf } from "./quality.ts";
import { HEADLINE, METRIC_NAMES } from "./words.ts";

/** The row of figures: six large ones, then the rest in the order the gateway gives. */
export function Figures({ tiles }: { readonly tiles: readonly MetricValue[] }): JSX.Element {
  const byId = new Map<MetricId, MetricValue>(tiles.map((tile) => [tile.metric, tile]));
  const large = HEADLINE.flatMap((id) => byId.get(id) ?? []);
  const small = tiles.filter((tile) => !HEADLINE.includes(tile.metric));
  return (
    <section aria-labelledby="figures-title" class="card figures">
      <h2 id="figures-title" class="visually-hidden">
        Today so far
      </h2>
      <ul class="figure-grid is-large">
        {large.map((tile) => (
          <Figure key={keyOf(tile)} metric={tile} />
        ))}
      </ul>
      {small.length > 0 && (
        <ul class="figure-grid is-small">
          {small.map((tile) => (
            <Figure key={keyOf(tile)} metric={tile} />
          ))}
        </ul>
      )}
    </section>
  );
}

/** One figure; pressing it opens what is behind it. */
function Figure({ metric }: { readonly metric: MetricValue }): JSX.Element {
  const { formats, show } = usePage();
  const text = formatMetric(formats, metric);
  return (
    <li>
      <button
        type="button"
        class={`figure${metric.value === null ? " is-unknown" : ""}`}
        data-metric={metric.metric}
        aria-haspopup="dialog"
        onClick={() => show(metric)}
      >
        <span class="figure-name">{METRIC_NAMES[metric.metric]}</span>
        <span class="figure-value">
          {text}
          {metric.value === null && <span class="visually-hidden"> unknown:</span>}
        </span>
        <Note metric={metric} />
      </button>
    </li>
  );
}

/** The line below a value: why there is none, what is off, or the interval of a rate. Its space is always kept. */
function Note({ metric }: { readonly metric: MetricValue }): JSX.Element {
  const { formats } = usePage();
  const interval = formatInterval(formats, metric);
  if (metric.value === null) {
    const why = metric.reason?.text ?? "not known";
    return <span class="figure-note">{interval === null ? why : `${interval}: ${why}`}</span>;
  }
  const badges = badgesOf(metric, formats);
  if (badges.length > 0) {
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
  return <span class="figure-note">{(metric.unit === "ratio" ? interval : null) ?? "\u00a0"}</span>;
}
