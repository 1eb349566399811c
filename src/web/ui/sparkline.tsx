import type { JSX } from "preact";

const WIDTH = 72;
const HEIGHT = 26;
/** Room for the line's own width, so that peaks are not cut. */
const MARGIN = 2;

/** The course of a figure as a small line, gaps left open; decoration, the chart and its table say it in full. */
export function Sparkline({
  values,
}: {
  readonly values: readonly (number | null)[];
}): JSX.Element {
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      aria-hidden="true"
    >
      <path d={sparkPath(values)} />
    </svg>
  );
}

/** Path of the line in a box of 72 x 26, from zero up; empty where nothing is known. Pure. */
export function sparkPath(values: readonly (number | null)[]): string {
  const top = Math.max(0, ...values.map((value) => value ?? 0));
  if (top === 0 || values.length < 2) return "";
  let path = "";
  let isDown = false;
  for (const [i, value] of values.entries()) {
    if (value === null) {
      isDown = false;
      continue;
    }
    const x = MARGIN + (i / (values.length - 1)) * (WIDTH - 2 * MARGIN);
    const y = HEIGHT - MARGIN - (value / top) * (HEIGHT - 2 * MARGIN);
    path += `${isDown ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
  }
  return path;
}
