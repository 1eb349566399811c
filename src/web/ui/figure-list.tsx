import type { JSX } from "preact";
import type { MetricValue } from "../../core/metric-value.ts";
import { ChangeText } from "./change-text.tsx";
import { keyOf, usePage } from "./context.ts";
import { type FigureGroup, groupsOf, STORE_GROUPS } from "./figure-groups.ts";
import { FigureNote, reasonText } from "./figures.tsx";
import { type Formats, formatMetric } from "./format.ts";
import type { Overview } from "./overview.ts";
import { badgesOf } from "./quality.ts";
import { METRIC_NAMES } from "./words.ts";

/** The figures that are not in the large row, by what they are about. */
export function FigureLists(props: {
  readonly overview: Overview;
  readonly without: readonly MetricValue["metric"][];
  readonly beforeName: string | null;
}): JSX.Element | null {
  const { overview, without, beforeName } = props;
  const { formats } = usePage();
  const groups = groupsOf(STORE_GROUPS, overview.tiles.keys(), without);
  if (groups.length === 0) return null;
  const listed = groups.flatMap(({ metrics }) =>
    metrics.flatMap((id) => overview.tiles.get(id) ?? []),
  );
  const common = commonBadges(listed, formats);
  return (
    <section class="card figure-lists" aria-labelledby="lists-title">
      <h2 id="lists-title">More figures</h2>
      {common.length > 0 && (
        <p class="quiet common-note">
          Most of these: {common.join(", ")}. Each says so when it is opened.
        </p>
      )}
      <div class="list-columns">
        {groups.map((group) => (
          <List key={group.id} {...{ group, overview, beforeName, common }} />
        ))}
      </div>
    </section>
  );
}

function List(props: {
  readonly group: FigureGroup;
  readonly overview: Overview;
  readonly beforeName: string | null;
  readonly common: readonly string[];
}): JSX.Element {
  const { group, overview, beforeName, common } = props;
  const metrics = group.metrics.flatMap((id) => overview.tiles.get(id) ?? []);
  return (
    <div class="figure-list">
      <h3>{group.name}</h3>
      <ul>
        {metrics.map((metric, i) => (
          <Row
            key={keyOf(metric)}
            metric={metric}
            before={overview.before.get(metric.metric)}
            beforeName={beforeName}
            common={common}
            isReasonNext={isSameReason(metric, metrics[i + 1])}
          />
        ))}
      </ul>
    </div>
  );
}

interface RowProps {
  readonly metric: MetricValue;
  readonly before: MetricValue | undefined;
  readonly beforeName: string | null;
  /** What is said of most rows above all of them. */
  readonly common: readonly string[];
  /** The next row is unknown for the same reason, and says it for both. */
  readonly isReasonNext: boolean;
}

function Row({ metric, before, beforeName, common, isReasonNext }: RowProps): JSX.Element {
  const { formats, show } = usePage();
  const isUnknown = metric.value === null;
  return (
    <li>
      <button
        type="button"
        class={`figure-line${isUnknown ? " is-unknown" : ""}`}
        data-metric={metric.metric}
        aria-haspopup="dialog"
        onClick={() => show(metric)}
      >
        <span class="figure-name">
          {METRIC_NAMES[metric.metric]}
          {!isUnknown && <FigureNote metric={metric} without={common} />}
        </span>
        <ChangeText now={metric} before={before} beforeName={beforeName} />
        <span class="figure-value">{formatMetric(formats, metric)}</span>
        {isUnknown && <Why metric={metric} isReasonNext={isReasonNext} />}
      </button>
    </li>
  );
}

function Why(props: { readonly metric: MetricValue; readonly isReasonNext: boolean }): JSX.Element {
  const { formats } = usePage();
  return props.isReasonNext ? (
    <span class="visually-hidden"> unknown: {reasonText(props.metric, formats)}</span>
  ) : (
    <FigureNote metric={props.metric} />
  );
}

/** What is off about more than half of the known figures, so that it is said once. */
function commonBadges(metrics: readonly MetricValue[], formats: Formats): readonly string[] {
  const known = metrics.filter(({ value }) => value !== null);
  const counts = new Map<string, number>();
  for (const badge of known.flatMap((metric) => badgesOf(metric, formats))) {
    if (badge !== "see note") counts.set(badge, (counts.get(badge) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count * 2 > known.length).map(([badge]) => badge);
}

function isSameReason(metric: MetricValue, next: MetricValue | undefined): boolean {
  return (
    metric.value === null &&
    next?.value === null &&
    metric.ci95 === null &&
    metric.reason?.text === next.reason?.text
  );
}
