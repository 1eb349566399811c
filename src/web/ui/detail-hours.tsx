import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { MetricValue } from "../../core/metric-value.ts";
import type { TodayView } from "../../metrics/reports/today.ts";
import type { FigureView } from "../reports-view.ts";
import { useAnswer } from "./answers.ts";
import { usePage } from "./context.ts";
import { EN_DASH, formatNumber } from "./format.ts";
import { figurePath } from "./period/api-address.ts";

/** A figure behind which nothing lies in time: a pair of zones is known for the whole period only. */
const isWhole = ({ scope }: MetricValue): boolean => scope.kind === "zone-pair";

/** How well each hour, or each day of a long period, was seen, and the figure of each; asked when the panel opens. */
export function DetailHours({ metric }: { readonly metric: MetricValue }): JSX.Element | null {
  const { store } = usePage();
  // As of the moment of opening: a live figure grows each second, and nobody waits for that.
  const [path] = useState(isWhole(metric) ? null : pathOf(metric, store.state().today));
  const answer = useAnswer<FigureView>(path);
  if (path === null) return null;
  const { body, fault } = answer;
  // Some figures are only told for whole days: then there are no hours to show.
  if (fault?.status === 400) return null;
  if (fault !== null) {
    return <p class="quiet hours-wait">The hours could not be loaded. {fault.hint}</p>;
  }
  if (body === null) return <p class="quiet hours-wait">Loading the hours…</p>;
  return <Hours view={body} />;
}

/** The gateway cuts what is still to come, so the day that goes on is asked for as a whole. */
function pathOf(metric: MetricValue, today: TodayView | null): string | null {
  const isOpen = today !== null && metric.to > today.dayStart;
  const to = isOpen ? today.dayEnd : metric.to;
  return to > metric.from ? figurePath(metric.metric, metric.scope, metric.from, to) : null;
}

function Hours({ view }: { readonly view: FigureView }): JSX.Element | null {
  const [isTable, setTable] = useState(false);
  const { formats } = usePage();
  const { byHour, grain } = view;
  const first = byHour.findIndex(({ coverage, value }) => coverage > 0 || (value ?? 0) > 0);
  const parts = first < 0 ? byHour : byHour.slice(first);
  if (parts.length === 0) return null;
  const unit = grain === "day" ? "day" : "hour";
  const worst = Math.min(...parts.map(({ coverage }) => coverage));
  return (
    <section class="hours" aria-labelledby="hours-title">
      <div class="chart-head">
        <h3 id="hours-title">Coverage by {unit}</h3>
        <button
          type="button"
          class="quiet-button"
          aria-expanded={isTable}
          onClick={() => setTable(!isTable)}
        >
          {isTable ? "Hide table" : "Show as table"}
        </button>
      </div>
      <div
        class="hour-bars"
        role="img"
        aria-label={`Coverage by ${unit}, at worst ${formats.percent(worst, 0)}; the table holds the same`}
      >
        {parts.map(({ from, coverage }) => (
          <span key={from} class={coverage < 0.95 ? "is-low" : ""}>
            <span style={{ height: `${Math.max(2, coverage * 100)}%` }} />
          </span>
        ))}
      </div>
      <p class="hour-ends quiet" aria-hidden="true">
        <span>{endText(parts[0]?.from, grain, formats)}</span>
        <span>{endText(parts.at(-1)?.to, grain, formats)}</span>
      </p>
      {isTable && <HourTable view={{ ...view, byHour: parts }} />}
    </section>
  );
}

function HourTable({ view }: { readonly view: FigureView }): JSX.Element {
  const { formats } = usePage();
  const { metric, unit } = view.value;
  const start = view.grain === "day" ? formats.date : formats.dayHour;
  return (
    <table class="slots">
      <caption class="visually-hidden">Coverage and value of each part</caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">Seen</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {view.byHour.map(({ from, coverage, value }) => (
          <tr key={from}>
            <th scope="row">{start(from)}</th>
            <td>{formats.percent(Math.floor(coverage * 100) / 100, 0)}</td>
            <td>{value === null ? EN_DASH : formatNumber(formats, metric, unit, value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function endText(
  at: number | undefined,
  grain: FigureView["grain"],
  formats: ReturnType<typeof usePage>["formats"],
): string {
  if (at === undefined) return "";
  return grain === "day" ? formats.date(at) : formats.time(at);
}
