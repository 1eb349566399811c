import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { DaySeries } from "../../metrics/today.ts";
import { columnsOf, drawPlot, PLOT_HEIGHTS, type PlotKind } from "./chart-plot.ts";
import { ChartTable } from "./chart-table.tsx";
import { usePage } from "./context.ts";
import { EN_DASH, type Formats } from "./format.ts";
import { newestSeen, type Slot, slotsOf } from "./series.ts";
import { currentTheme } from "./theme-choice.ts";

const RANGES: readonly (readonly [hours: number, words: string])[] = [
  [3, "3 hours"],
  [8, "8 hours"],
  [24, "Day"],
];
const DEFAULT_HOURS = 8;
/** Narrowest bar with its gap, CSS px. */
const SLOT_PX = 11;

interface ChartProps {
  readonly series: DaySeries;
  readonly timeZone: string;
  /** Changes with the theme, because canvases hold their colours. */
  readonly themeTick: number;
}

/** The last hours: passing traffic and entrants as bars, people in the store as a line, and a table of the same. */
export function Chart({ series, timeZone, themeTick }: ChartProps): JSX.Element {
  const [hours, setHours] = useState(hoursInAddress());
  const [isTable, setTable] = useState(false);
  const [point, setPoint] = useState<number | null>(null);
  const [ref, widthPx] = useWidth();
  const slots = slotsOf(series, hours, Math.max(12, Math.floor((widthPx - 50) / SLOT_PX)));
  const shown = (point === null ? null : slots[point]) ?? newestSeen(slots);
  const choose = (wanted: number): void => {
    setHours(wanted);
    const address = new URL(window.location.href);
    if (wanted === DEFAULT_HOURS) address.searchParams.delete("hours");
    else address.searchParams.set("hours", String(wanted));
    history.replaceState(history.state, "", address);
  };
  const plot = { slots, widthPx, timeZone, themeTick, onPoint: setPoint };
  return (
    <section class="card chart" aria-labelledby="chart-title">
      <div class="chart-head">
        <h2 id="chart-title">Last hours</h2>
        <div class="chart-tools">
          <fieldset class="segments">
            <legend class="visually-hidden">Span of the chart</legend>
            {RANGES.map(([value, words]) => (
              <button
                key={value}
                type="button"
                aria-pressed={value === hours}
                onClick={() => choose(value)}
              >
                {words}
              </button>
            ))}
          </fieldset>
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
      <Readout slot={shown} />
      <div ref={ref} class="plots">
        {shown === null && <p class="plot-empty">Nothing has been counted in this span yet.</p>}
        <Plot kind="flow" label="Passing traffic and entrants over time" {...plot} />
        <p class="plot-caption">People in the store, mean of the slot</p>
        <Plot kind="occupancy" label="People in the store over time" {...plot} />
      </div>
      <div id="chart-table">{isTable && <ChartTable slots={slots} />}</div>
    </section>
  );
}

/** Key and values in one: the slot under the pointer, else the newest. Its place never changes size. */
function Readout({ slot }: { readonly slot: Slot | null }): JSX.Element {
  const { formats } = usePage();
  const span =
    slot === null ? EN_DASH : `${formats.time(slot.from)} ${EN_DASH} ${formats.time(slot.to)}`;
  return (
    <dl class="readout">
      <div>
        <dt>Slot</dt>
        <dd class="slot-span">{span}</dd>
      </div>
      <div class="key-passing">
        <dt>Passing</dt>
        <dd>{orDash(slot?.passing, formats.count)}</dd>
      </div>
      <div class="key-entrants">
        <dt>Entrants</dt>
        <dd>{orDash(slot?.entrants, formats.count)}</dd>
      </div>
      <div class="key-occupancy">
        <dt>In store</dt>
        <dd>{orDash(slot?.occupancy, formats.mean)}</dd>
      </div>
    </dl>
  );
}

function orDash(value: number | null | undefined, format: Formats["count"]): string {
  return value === null || value === undefined ? EN_DASH : format(value);
}

interface PlotProps {
  readonly kind: PlotKind;
  readonly label: string;
  readonly slots: readonly Slot[];
  readonly widthPx: number;
  readonly timeZone: string;
  readonly themeTick: number;
  readonly onPoint: (index: number | null) => void;
}

function Plot(props: PlotProps): JSX.Element {
  const { formats } = usePage();
  const ref = useRef<HTMLDivElement>(null);
  const slots = useRef(props.slots);
  slots.current = props.slots;
  const drawn = useRef<ReturnType<typeof drawPlot> | null>(null);
  const { kind, widthPx, timeZone, onPoint } = props;
  const theme = `${props.themeTick}${currentTheme()}`;
  useEffect(() => {
    const target = ref.current;
    if (target === null || widthPx === 0) return;
    const options = { kind, widthPx, timeZone, formats, onPoint, slots: () => slots.current };
    const plot = drawPlot(target, options);
    drawn.current = plot;
    return () => {
      drawn.current = null;
      plot.destroy();
    };
  }, [widthPx, theme, formats, kind, timeZone, onPoint]);
  // The values come anew each second; only changed ones are drawn, in place.
  const content = JSON.stringify(columnsOf(kind, props.slots));
  useEffect(() => drawn.current?.setData(columnsOf(kind, slots.current)), [content, kind]);
  return (
    <div
      ref={ref}
      class={`plot is-${props.kind}`}
      role="img"
      aria-label={`${props.label}; the table behind \u201cShow as table\u201d holds the same values`}
      style={{ height: `${PLOT_HEIGHTS[props.kind]}px` }}
    />
  );
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

function hoursInAddress(): number {
  const wanted = Number(new URL(window.location.href).searchParams.get("hours"));
  return RANGES.some(([hours]) => hours === wanted) ? wanted : DEFAULT_HOURS;
}
