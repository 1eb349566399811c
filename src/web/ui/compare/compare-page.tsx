import type { JSX } from "preact";
import type { MetricId } from "../../../core/metric-value.ts";
import type { PeriodReport } from "../../../metrics/reports/reports.ts";
import { useAnswer } from "../answers.ts";
import { Chart } from "../chart.tsx";
import { usePage } from "../context.ts";
import { Exports } from "../exports.tsx";
import { changeView } from "../navigate.ts";
import { isForgotten, type Overview, overviewOf, type Part } from "../overview.ts";
import { comparedWith, reportPath } from "../period/api-address.ts";
import { holdsToday } from "../period/dates.ts";
import { PeriodBar } from "../period/period-bar.tsx";
import { comparedName, comparedWords, periodTitle } from "../period/period-words.ts";
import type { View } from "../period/view-address.ts";
import { Forgotten } from "../period-page.tsx";
import { Answered } from "../states.tsx";
import { METRIC_NAMES } from "../words.ts";
import { CompareFigures, CompareParts } from "./compare-tables.tsx";
import { SpanChoice } from "./span-choice.tsx";

/** A period that holds today moves on. */
const REFRESH_MS = 60_000;

/** Two periods side by side: figures, their course, zones and doors. */
export function ComparePage(): JSX.Element {
  const page = usePage();
  // This page compares in any case: with nothing chosen, as it would by itself.
  const view: View =
    comparedWith(page.view).kind === "none"
      ? { ...page.view, compare: { kind: "auto" } }
      : page.view;
  const { today, formats } = page;
  const refresh = holdsToday(view.period, today) ? REFRESH_MS : null;
  const answer = useAnswer<PeriodReport>(reportPath(view), refresh);
  const title = periodTitle(formats, view.period, today);
  return (
    <>
      <PeriodBar title="Compare" hasCompare={false}>
        {title}
      </PeriodBar>
      <SpanChoice view={view} />
      <Answered what="The comparison" answer={answer} timeText={(at) => formats.time(at)}>
        {(report) => <Compared report={report} name={title} />}
      </Answered>
      <Exports />
    </>
  );
}

function Compared(props: { readonly report: PeriodReport; readonly name: string }): JSX.Element {
  const page = usePage();
  const overview = overviewOf(props.report);
  if (isForgotten(overview)) return <Forgotten overview={overview} />;
  const { compared } = overview;
  const beforeName = compared === null ? "" : comparedName(page, compared);
  const names = [props.name, beforeName] as const;
  return (
    <>
      {compared !== null && (
        <p class="quiet compare-words">
          {props.name} beside {comparedWords(page, compared)}
        </p>
      )}
      {isBeforeForgotten(overview) && (
        <p class="card stale-note">
          {[...overview.before.values()][0]?.reason?.text} Choose another period to compare with.
        </p>
      )}
      <CompareFigures overview={overview} names={names} />
      <Chart
        metrics={overview.charts}
        curveOf={overview.curveOf}
        name={props.name}
        beforeName={beforeName}
      />
      <div class="columns">
        <PartsBy title="Zones" parts={overview.zones} names={names} metrics={ZONE_METRICS} />
        <PartsBy title="Doors" parts={overview.doors} names={names} metrics={DOOR_METRICS} />
      </div>
    </>
  );
}

const ZONE_METRICS: readonly MetricId[] = [
  "zone-visits",
  "zone-dwell-median",
  "zone-engagement",
  "zone-draw",
  "zone-dwell-total",
  "zone-seconds-per-entrant",
  "zone-conversion",
  "zone-holding-power",
];
const DOOR_METRICS: readonly MetricId[] = ["entrants", "exits", "door-drift"];

interface PartsProps {
  readonly title: string;
  readonly parts: readonly Part[];
  readonly names: readonly [now: string, before: string];
  readonly metrics: readonly MetricId[];
}

/** Zones or doors side by side, by one figure at a time. */
function PartsBy({ title, parts, names, metrics }: PartsProps): JSX.Element | null {
  const { view } = usePage();
  const offered = metrics.filter((metric) => parts.some(({ values }) => values.has(metric)));
  const metric = offered.find((id) => id === view.by) ?? offered[0];
  if (metric === undefined) return null;
  return (
    <section class="card" aria-label={title}>
      <div class="chart-head">
        <h2>{title}</h2>
        <label class="choice">
          <span class="choice-label">by</span>
          <select
            aria-label={`Figure by which ${title.toLowerCase()} are compared`}
            value={metric}
            onChange={(event) => changeView({ by: event.currentTarget.value }, "replace")}
          >
            {offered.map((id) => (
              <option key={id} value={id}>
                {METRIC_NAMES[id]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <CompareParts parts={parts} metric={metric} names={names} heading={title.slice(0, -1)} />
    </section>
  );
}

function isBeforeForgotten({ before }: Overview): boolean {
  const values = [...before.values()];
  return values.length > 0 && values.every(({ reason }) => reason?.code === "not-kept");
}
