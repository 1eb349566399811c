import type { JSX } from "preact";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import type { TodayView } from "../../metrics/reports/today.ts";
import type { FigureView } from "../reports-view.ts";
import { useAnswer } from "./answers.ts";
import { Chart } from "./chart.tsx";
import { usePage } from "./context.ts";
import { QUEUE_FIGURES, ZONE_FIGURES } from "./figure-groups.ts";
import { Figures } from "./figures.tsx";
import { changeView } from "./navigate.ts";
import type { Overview, Part } from "./overview.ts";
import { figurePath } from "./period/api-address.ts";
import { searchOf } from "./period/view-address.ts";
import type { Curve } from "./series.ts";
import { Empty } from "./states.tsx";
import { ZONE_WORDS } from "./words.ts";

/** Figures of a zone that have a course, hour by hour. */
const CHARTS: readonly MetricId[] = ["zone-visits", "zone-dwell-total"];
const HOUR_MS = 3_600_000;
/** A day that goes on is asked for again so often. */
const REFRESH_MS = 60_000;

interface FocusProps {
  readonly overview: Overview;
  readonly isLive: boolean;
  readonly name: string;
  readonly beforeName: string | null;
}

/** All figures of one zone, in place of those of the shop. */
export function ZoneFocus(props: FocusProps): JSX.Element {
  const { view } = usePage();
  const part = props.overview.zones.find((zone) => zone.id === view.zone);
  if (part === undefined) return <NoZone id={view.zone ?? ""} />;
  const metrics = [...ZONE_FIGURES, ...QUEUE_FIGURES].filter(
    (metric) => props.isLive || !NOW_FIGURES.includes(metric),
  );
  return (
    <>
      <FocusBar part={part} />
      <Figures
        title={part.name}
        scopeName={part.name}
        metrics={metrics}
        tiles={part.values}
        before={part.before}
        beforeName={props.beforeName}
      />
      <ZoneChart part={part} name={props.name} />
    </>
  );
}

/** Figures of the very moment; a past period has none. */
const NOW_FIGURES: readonly MetricId[] = ["zone-people-now"];

function FocusBar({ part }: { readonly part: Part }): JSX.Element {
  const { view } = usePage();
  return (
    <div class="focus-bar">
      <p>
        <strong>{part.name}</strong>
        {part.kind !== "door" && <span class="zone-kind">{ZONE_WORDS[part.kind]}</span>}
      </p>
      <a class="plain-button" href={`/journeys${searchOf(view)}`} data-link>
        Where people go from here
      </a>
      <button type="button" class="plain-button" onClick={() => changeView({ zone: null })}>
        Show the whole shop
      </button>
    </div>
  );
}

function NoZone({ id }: { readonly id: string }): JSX.Element {
  return (
    <Empty title="No such zone">
      <p>
        The gateway has no figures of a zone <code>{id}</code> in this period. It may have been
        renamed or taken out of the site plan.
      </p>
      <button type="button" class="button" onClick={() => changeView({ zone: null })}>
        Show the whole shop
      </button>
    </Empty>
  );
}

function ZoneChart(props: { readonly part: Part; readonly name: string }): JSX.Element | null {
  const { view, store } = usePage();
  const charts = CHARTS.filter((metric) => props.part.values.has(metric));
  const metric = charts.find((id) => id === view.chart) ?? charts[0];
  const value = metric === undefined ? undefined : props.part.values.get(metric);
  const answer = useAnswer<FigureView>(
    value === undefined ? null : hoursPath(value, store.state().today),
    REFRESH_MS,
  );
  if (value === undefined || answer.body === null) return null;
  const curve = partCurve(answer.body);
  return <Chart metrics={charts} curveOf={() => curve} name={props.name} beforeName={null} />;
}

/** The gateway cuts what is still to come, so the day that goes on is asked for as a whole. */
function hoursPath({ metric, scope, from, to }: MetricValue, today: TodayView | null): string {
  const isOpen = today !== null && to > today.dayStart;
  return figurePath(metric, scope, from, isOpen ? today.dayEnd : Math.max(from + HOUR_MS, to));
}

function partCurve({ byHour, grain }: FigureView): Curve {
  return {
    from: byHour[0]?.from ?? 0,
    stepMs: grain === "hour" ? HOUR_MS : null,
    slots: byHour,
    values: byHour.map((part) => part.value),
    before: [],
    merge: grain === "hour" ? "sum" : null,
  };
}
