import uPlot from "uplot";
import type { MetricUnit } from "../../core/metric-value.ts";
import type { Formats } from "./format.ts";
import type { Slot } from "./series.ts";

/** How the figure is drawn: counts as bars, levels and rates as a line. What it is compared with is a dashed line. */
export type PlotKind = "bars" | "line";

/** Height of the plot, CSS px. */
export const PLOT_HEIGHT = 260;

const AXIS_FONT = "12px system-ui, sans-serif";
/** Whole things only. */
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000];
/** Round durations only, ms. */
const DURATION_STEPS = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 18_000, 36_000].map(
  (seconds) => seconds * 1_000,
);
/** Smallest top of a scale, in the unit. */
const LEAST_TOPS: Readonly<Record<MetricUnit, number>> = {
  people: 5,
  count: 5,
  "per-hour": 5,
  "per-transaction": 5,
  days: 5,
  ratio: 0.1,
  ms: 60_000,
  minor: 1_000,
};
const DAY_S = 86_400;
const SHORTEST_DAY_MS = 23 * 3_600_000;
/** Room of a label of the time axis, CSS px. */
const LABEL_PX = 88;
/** Room of the value axis and the padding at the other side, CSS px. */
const AXES_PX = 108;

interface PlotOptions {
  readonly kind: PlotKind;
  readonly unit: MetricUnit;
  readonly widthPx: number;
  readonly timeZone: string;
  readonly formats: Formats;
  /** A value on the axis. */
  readonly write: (value: number) => string;
  /** The slots to draw, read again at each drawing. */
  readonly slots: () => readonly Slot[];
  /** Called with the slot under the pointer; null when it leaves. */
  readonly onPoint: (index: number | null) => void;
}

/** The slots as columns for the plot; x is the middle of the slot in seconds. Pure. */
export function columnsOf(slots: readonly Slot[]): uPlot.AlignedData {
  return [
    slots.map((slot) => (slot.from + slot.to) / 2_000),
    slots.map((slot) => slot.value),
    slots.map((slot) => slot.before),
  ];
}

/** Draws the plot into `target`; colours come from the style sheet, so it is made anew when the theme changes. */
export function drawPlot(target: HTMLElement, options: PlotOptions): uPlot {
  const style = getComputedStyle(target);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return new uPlot(
    {
      width: options.widthPx,
      height: PLOT_HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), options.timeZone),
      legend: { show: false },
      // Room for half a label of the time axis on the right.
      padding: [8, 32, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      hooks: { setCursor: [(plot) => options.onPoint(plot.cursor.idx ?? null)] },
      scales: {
        x: { time: true, range: (_plot, min, max) => xRange(min, max, options.slots()) },
        y: { range: (_plot, _min, max) => [0, topOf(options.unit, max)] },
      },
      axes: axesOf(options, colour),
      series: [{}, valueSeries(options.kind, colour), beforeSeries(colour)],
    },
    columnsOf(options.slots()),
    target,
  );
}

function axesOf(options: PlotOptions, colour: (name: string) => string): uPlot.Axis[] {
  const axis: uPlot.Axis = {
    stroke: colour("--muted"),
    font: AXIS_FONT,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const { formats } = options;
  const label = (at: number, everyS: number): string =>
    everyS >= DAY_S ? formats.date(at * 1_000) : formats.time(at * 1_000);
  const isDays = isDaily(options.slots());
  const x: uPlot.Axis = {
    ...axis,
    grid: { show: false },
    size: 28,
    space: LABEL_PX,
    // A day is labelled below its own bar: trading days do not begin at midnight.
    ...(isDays ? { splits: () => middlesOf(options.slots(), options.widthPx) } : {}),
    values: (_plot, splits, _axis, _space, everyS) =>
      splits.map((at) => (isDays ? dayLabel(at, options) : label(at, everyS))),
  };
  const y: uPlot.Axis = {
    ...axis,
    size: options.unit === "ms" ? 76 : 56,
    space: 34,
    ...stepsOf(options.unit),
    values: (_plot, splits) => splits.map(options.write),
  };
  return [x, y];
}

function topOf(unit: MetricUnit, max: number | null): number {
  const wanted = (max ?? 0) * 1.1;
  const isWhole = unit === "people" || unit === "count";
  return isWhole ? Math.max(LEAST_TOPS[unit], Math.ceil(wanted)) : wanted || LEAST_TOPS[unit];
}

function stepsOf(unit: MetricUnit): Pick<uPlot.Axis, "incrs"> {
  if (unit === "people" || unit === "count") return { incrs: WHOLE_STEPS };
  return unit === "ms" ? { incrs: DURATION_STEPS } : {};
}

/** Whether slots are days; a trading day has 23 hours at least. Pure. */
export function isDaily(slots: readonly Slot[]): boolean {
  const [first] = slots;
  return first !== undefined && first.to - first.from >= SHORTEST_DAY_MS;
}

/** Middles of as many days as have room for a label, in seconds. */
function middlesOf(slots: readonly Slot[], widthPx: number): number[] {
  const room = Math.max(1, widthPx - AXES_PX);
  const every = Math.max(1, Math.ceil((slots.length * LABEL_PX) / room));
  return slots.filter((_, i) => i % every === 0).map(({ from, to }) => (from + to) / 2_000);
}

function dayLabel(at: number, { slots, formats }: PlotOptions): string {
  const slot = slots().find(({ from, to }) => from <= at * 1_000 && at * 1_000 < to);
  return slot === undefined ? "" : formats.date(slot.from);
}

function valueSeries(kind: PlotKind, colour: (name: string) => string): uPlot.Series {
  if (kind === "line") {
    return { stroke: colour("--accent"), fill: colour("--accent-wash"), width: 2 };
  }
  const paths = uPlot.paths.bars?.({ size: [0.72, 46], radius: 0.12 });
  const look = { fill: colour("--bar-front"), stroke: colour("--bar-front-line"), width: 1 };
  return { ...look, points: { show: false }, ...(paths === undefined ? {} : { paths }) };
}

function beforeSeries(colour: (name: string) => string): uPlot.Series {
  return { stroke: colour("--before"), width: 2, dash: [5, 4], points: { show: false } };
}

function xRange(min: number, max: number, slots: readonly Slot[]): [number, number] {
  const first = slots[0];
  const last = slots.at(-1);
  return first === undefined || last === undefined
    ? [min, max]
    : [first.from / 1_000, last.to / 1_000];
}
