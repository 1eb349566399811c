import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { MetricId, MetricUnit } from "../../core/metric-value.ts";
import { columnsOf, drawPlot, isDaily, PLOT_HEIGHT, type PlotKind } from "./chart-plot.ts";
import { ChartTable } from "./chart-table.tsx";
import { usePage } from "./context.ts";
import { EN_DASH, type Formats, formatNumber } from "./format.ts";
import { changeView } from "./navigate.ts";
import { type Curve, newestSeen, type Slot, slotsOf } from "./series.ts";
import { currentTheme } from "./theme-choice.ts";
import { METRIC_NAMES } from "./words.ts";

/** Narrowest bar with its gap, CSS px. */
const SLOT_PX = 11;
const DAY_MS = 86_400_000;

interface ChartProps {
  /** Figures to choose from; the first unless the address names another. */
  readonly metrics: readonly MetricId[];
  readonly curveOf: (metric: MetricId) => Curve;
  /** Name of the period, and of what it is compared with; null = nothing is. */
  readonly name: string;
  readonly beforeName: string | null;
  /** What stands beside the figure, such as a switch of the span. */
  readonly hours?: number | null;
  readonly tools?: JSX.Element | null;
}

/** One figure over time, beside the same of the comparison, and a table of both. */
export function Chart(props: ChartProps): JSX.Element {
  const { view, formats, unitOf } = usePage();
  const [isTable, setTable] = useState(false);
  const [point, setPoint] = useState<number | null>(null);
  const [ref, widthPx] = useWidth();
  const metric = props.metrics.find((id) => id === view.chart) ?? props.metrics[0] ?? "entrants";
  const curve = props.curveOf(metric);
  const maxSlots = Math.max(12, Math.floor((widthPx - 60) / SLOT_PX));
  const slots = slotsOf(curve, props.hours ?? null, maxSlots);
  const unit = unitOf(metric);
  const write = (value: number): string => formatNumber(formats, metric, unit, value);
  const spanText = spanTextOf(formats, slots);
  const { name, beforeName } = props;
  return (
    <section class="card chart" aria-labelledby="chart-title">
      <div class="chart-head">
        <h2 id="chart-title" class="visually-hidden">
          Over time
        </h2>
        <FigureChoice metrics={props.metrics} chosen={metric} />
        <div class="chart-tools">
          {props.tools}
          <button
            type="button"
            class="quiet-button"
            aria-expanded={isTable}
            aria-controls="chart-table"
            onClick={() => setTable(!isTable)}
          >
            {isTable ? "Hide table" : "Show as table"}
          </button>
        </div>
      </div>
      <Readout
        slot={(point === null ? null : slots[point]) ?? newestSeen(slots)}
        {...{ name, beforeName, write, spanText }}
      />
      <div ref={ref} class="plots">
        {slots.every((slot) => slot.value === null) && (
          <p class="plot-empty">Nothing has been counted in this span.</p>
        )}
        <Plot {...{ metric, unit, slots, widthPx, write }} onPoint={setPoint} />
      </div>
      <div id="chart-table">
        {isTable && <ChartTable {...{ slots, name, beforeName, spanText, write }} />}
      </div>
    </section>
  );
}

function FigureChoice(props: {
  readonly metrics: readonly MetricId[];
  readonly chosen: MetricId;
}): JSX.Element {
  return (
    <label class="choice">
      <span class="visually-hidden">Figure of the chart</span>
      <select
        value={props.chosen}
        onChange={(event) => changeView({ chart: event.currentTarget.value }, "replace")}
      >
        {props.metrics.map((metric) => (
          <option key={metric} value={metric}>
            {METRIC_NAMES[metric]}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ReadoutProps {
  readonly slot: Slot | null;
  readonly name: string;
  readonly beforeName: string | null;
  readonly write: (value: number) => string;
  readonly spanText: (slot: Slot) => string;
}

/** Key and values in one: the slot under the pointer, else the newest. Its place never changes size. */
function Readout({ slot, name, beforeName, write, spanText }: ReadoutProps): JSX.Element {
  const text = (value: number | null | undefined): string =>
    value === null || value === undefined ? EN_DASH : write(value);
  return (
    <dl class="readout">
      <div>
        <dt>Slot</dt>
        <dd class="slot-span">{slot === null ? EN_DASH : spanText(slot)}</dd>
      </div>
      <div class="key-now">
        <dt>{name}</dt>
        <dd>{text(slot?.value)}</dd>
      </div>
      {beforeName !== null && (
        <div class="key-before">
          <dt>{beforeName}</dt>
          <dd>{text(slot?.before)}</dd>
        </div>
      )}
    </dl>
  );
}

interface PlotProps {
  readonly metric: MetricId;
  readonly unit: MetricUnit;
  readonly slots: readonly Slot[];
  readonly widthPx: number;
  readonly write: (value: number) => string;
  readonly onPoint: (index: number | null) => void;
}

function Plot({ metric, unit, slots, widthPx, write, onPoint }: PlotProps): JSX.Element {
  const { formats, timeZone, themeTick } = usePage();
  const ref = useRef<HTMLDivElement>(null);
  const newest = useRef({ slots, write });
  newest.current = { slots, write };
  const drawn = useRef<ReturnType<typeof drawPlot> | null>(null);
  const kind = kindOf(metric, unit);
  const isDays = isDaily(slots);
  const theme = `${themeTick}${currentTheme()}`;
  useEffect(() => {
    const target = ref.current;
    if (target === null || widthPx === 0) return;
    const plot = drawPlot(target, {
      ...{ kind, unit, widthPx, timeZone, formats, onPoint },
      write: (value) => newest.current.write(value),
      slots: () => newest.current.slots,
    });
    drawn.current = plot;
    return () => {
      drawn.current = null;
      plot.destroy();
    };
  }, [widthPx, theme, formats, kind, unit, isDays, timeZone, onPoint, metric]);
  // The values come anew each second; only changed ones are drawn, in place.
  const content = JSON.stringify(columnsOf(slots));
  useEffect(() => drawn.current?.setData(columnsOf(newest.current.slots)), [content]);
  const label = `${METRIC_NAMES[metric]} over time; the table behind \u201cShow as table\u201d holds the same values`;
  return (
    <div
      ref={ref}
      class="plot"
      role="img"
      aria-label={label}
      style={{ height: `${PLOT_HEIGHT}px` }}
    />
  );
}

function kindOf(metric: MetricId, unit: MetricUnit): PlotKind {
  if (metric === "zone-dwell-total") return "bars";
  const isCount = unit === "count" || unit === "minor" || unit === "people";
  return isCount && metric !== "occupancy" ? "bars" : "line";
}

/** Writes a slot as a time of day, with its day where there are several, or as a day. */
function spanTextOf(formats: Formats, slots: readonly Slot[]): (slot: Slot) => string {
  const [first] = slots;
  const last = slots.at(-1);
  if (first === undefined || last === undefined) return () => EN_DASH;
  if (isDaily(slots)) return (slot) => formats.date(slot.from);
  const start = last.to - first.from > DAY_MS * 1.1 ? formats.dayHour : formats.time;
  return (slot) => `${start(slot.from)} ${EN_DASH} ${formats.time(slot.to)}`;
}

function useWidth(): readonly [{ current: HTMLDivElement | null }, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [widthPx, setWidth] = useState(0);
  useEffect(() => {
    const target = ref.current;
    if (target === null) return;
    const observer = new ResizeObserver(() => setWidth(Math.floor(target.clientWidth)));
    observer.observe(target);
    setWidth(Math.floor(target.clientWidth));
    return () => observer.disconnect();
  }, []);
  return [ref, widthPx];
}
