import uPlot from "uplot";
import type { Formats } from "./format.ts";
import type { Slot } from "./series.ts";

/** Which of the two plots: people per slot as bars, or people in the store as a line. */
export type PlotKind = "flow" | "occupancy";

export const PLOT_HEIGHTS: Readonly<Record<PlotKind, number>> = { flow: 210, occupancy: 130 };

const AXIS_FONT = "12px system-ui, sans-serif";
/** Whole people only. */
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

interface PlotOptions {
  readonly kind: PlotKind;
  readonly widthPx: number;
  readonly timeZone: string;
  readonly formats: Formats;
  /** The slots to draw, read again at each drawing. */
  readonly slots: () => readonly Slot[];
  /** Called with the slot under the pointer; null when it leaves. */
  readonly onPoint: (index: number | null) => void;
}

/** The slots as columns for the plot; x is the middle of the slot in seconds. Pure. */
export function columnsOf(kind: PlotKind, slots: readonly Slot[]): uPlot.AlignedData {
  const x = slots.map((slot) => (slot.from + slot.to) / 2_000);
  if (kind === "occupancy") return [x, slots.map((slot) => slot.occupancy)];
  return [x, slots.map((slot) => slot.passing), slots.map((slot) => slot.entrants)];
}

/** Draws one plot into `target`; colours come from the style sheet, so it is made anew when the theme changes. */
export function drawPlot(target: HTMLElement, options: PlotOptions): uPlot {
  const style = getComputedStyle(target);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const grid = { stroke: colour("--line"), width: 1 };
  const axis: uPlot.Axis = {
    stroke: colour("--muted"),
    font: AXIS_FONT,
    grid,
    ticks: { show: false },
  };
  return new uPlot(
    {
      width: options.widthPx,
      height: PLOT_HEIGHTS[options.kind],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), options.timeZone),
      legend: { show: false },
      // Room for half a label of the time axis on the right.
      padding: [8, 32, 0, 0],
      cursor: {
        y: false,
        drag: { x: false, y: false },
        sync: { key: "day" },
        points: { show: false },
      },
      hooks: { setCursor: [(plot) => options.onPoint(plot.cursor.idx ?? null)] },
      scales: {
        x: { time: true, range: (_plot, min, max) => xRange(min, max, options.slots()) },
        y: { range: (_plot, _min, max) => [0, Math.max(5, Math.ceil((max ?? 0) * 1.1))] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 28,
          space: 88,
          values: (_plot, splits) => splits.map((at) => options.formats.time(at * 1_000)),
        },
        {
          ...axis,
          size: 40,
          space: 34,
          incrs: STEPS,
          values: (_plot, splits) => splits.map((value) => options.formats.count(value)),
        },
      ],
      series: [{}, ...seriesOf(options.kind, colour)],
    },
    columnsOf(options.kind, options.slots()),
    target,
  );
}

function seriesOf(kind: PlotKind, colour: (name: string) => string): uPlot.Series[] {
  if (kind === "occupancy") {
    return [{ stroke: colour("--accent"), fill: colour("--accent-wash"), width: 2 }];
  }
  const bars = (share: number, maxPx: number): uPlot.Series.PathBuilder | undefined =>
    uPlot.paths.bars?.({ size: [share, maxPx], radius: 0.12 });
  const bar = (name: string, share: number, maxPx: number): uPlot.Series => {
    const paths = bars(share, maxPx);
    const look = { fill: colour(`--${name}`), stroke: colour(`--${name}-line`), width: 1 };
    return { ...look, points: { show: false }, ...(paths === undefined ? {} : { paths }) };
  };
  return [bar("bar-back", 0.82, 46), bar("bar-front", 0.46, 26)];
}

function xRange(min: number, max: number, slots: readonly Slot[]): [number, number] {
  const first = slots[0];
  const last = slots.at(-1);
  return first === undefined || last === undefined
    ? [min, max]
    : [first.from / 1_000, last.to / 1_000];
}
