import type { JSX } from "preact";
import type { MetricId } from "../../core/metric-value.ts";
import { Chart } from "./chart.tsx";
import { usePage } from "./context.ts";
import { HEADLINE } from "./figure-groups.ts";
import { FigureLists } from "./figure-list.tsx";
import { Figures } from "./figures.tsx";
import { hasBefore, type Overview } from "./overview.ts";
import { comparedName } from "./period/period-words.ts";
import { ZoneFocus } from "./zone-focus.tsx";
import { Queues, Zones } from "./zones.tsx";

interface PartsProps {
  readonly overview: Overview;
  /** Whether it is the day that is going on; a past one has nobody in the store now. */
  readonly isLive: boolean;
  /** Name of the period in the chart's key. */
  readonly name: string;
  readonly tools?: JSX.Element;
}

/** The figures, their course, the zones and the queues of a period, or of one zone when the address names it. */
export function OverviewParts({ overview, isLive, name, tools }: PartsProps): JSX.Element {
  const page = usePage();
  const { view } = page;
  const { compared } = overview;
  const beforeName =
    compared === null || !hasBefore(overview) ? null : comparedName(page, compared);
  if (view.zone !== null) {
    return <ZoneFocus overview={overview} isLive={isLive} beforeName={beforeName} name={name} />;
  }
  const headline: readonly MetricId[] = isLive
    ? HEADLINE
    : HEADLINE.map((metric) => (metric === "occupancy" ? "occupancy-peak" : metric));
  const hidden: readonly MetricId[] = isLive ? [] : ["occupancy"];
  return (
    <>
      <Figures
        title={isLive ? "Today so far" : name}
        metrics={headline}
        tiles={overview.tiles}
        before={overview.before}
        beforeName={beforeName}
        sparkOf={(metric) => sparkOf(overview, metric)}
      />
      <Chart
        metrics={overview.charts}
        curveOf={overview.curveOf}
        name={name}
        beforeName={beforeName}
        hours={isLive ? view.hours : null}
        tools={tools ?? null}
      />
      <FigureLists overview={overview} without={[...headline, ...hidden]} beforeName={beforeName} />
      <Zones zones={overview.zones} isLive={isLive} />
      <Queues zones={overview.zones} isLive={isLive} />
    </>
  );
}

/** The used part of a figure's curve, for its small line. */
function sparkOf(overview: Overview, metric: MetricId): readonly (number | null)[] | null {
  if (!overview.charts.includes(metric)) return null;
  const { values } = overview.curveOf(metric);
  const first = values.findIndex((value) => (value ?? 0) > 0);
  const last = values.findLastIndex((value) => value !== null);
  return first < 0 ? null : values.slice(first, last + 1);
}
