import type { JSX } from "preact";
import type { CameraPlan, LinePlan, ZonePlan } from "../../core/site.ts";
import { type DrawingSize, labelPoint, layOutLine, pointsAttribute } from "./plan-geometry.ts";
import { ROLE_WORDS } from "./words.ts";

/** Below this width names are written smaller, so that they cover less of each other. */
const SMALL_PX = 420;

/** Lines, zones and exclusions of a camera over its picture, in the size the picture has on the screen. */
export function CameraDrawing(props: {
  readonly camera: CameraPlan;
  readonly size: DrawingSize;
}): JSX.Element {
  const { camera, size } = props;
  return (
    <svg
      class={`drawing${size.width < SMALL_PX ? " is-small" : ""}`}
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="img"
      aria-label={`Drawn on ${camera.name}: ${partsOf(camera)}`}
    >
      {camera.exclusions.map((polygon) => (
        <polygon
          key={pointsAttribute(polygon, size)}
          class="drawn-exclusion"
          points={pointsAttribute(polygon, size)}
        />
      ))}
      {camera.zones.map((zone) => (
        <DrawnZone key={zone.id} zone={zone} size={size} />
      ))}
      {camera.lines.map((line) => (
        <DrawnLine key={line.id} line={line} size={size} />
      ))}
    </svg>
  );
}

function DrawnZone(props: { readonly zone: ZonePlan; readonly size: DrawingSize }): JSX.Element {
  const { zone, size } = props;
  const at = labelPoint(zone.polygon, size);
  return (
    <g>
      <polygon class="drawn-zone" points={pointsAttribute(zone.polygon, size)} />
      <text class="drawn-label" x={at.x} y={at.y} text-anchor="middle">
        {zone.name}
      </text>
    </g>
  );
}

/** Light on dark, so that it can be seen on any picture; the arrow shows the direction that counts as `in`. */
function DrawnLine(props: { readonly line: LinePlan; readonly size: DrawingSize }): JSX.Element {
  const { line, size } = props;
  const d = layOutLine(line.a, line.b, size);
  const angle = Math.atan2(d.arrowTo.y - d.arrowFrom.y, d.arrowTo.x - d.arrowFrom.x);
  const head = `translate(${d.arrowTo.x} ${d.arrowTo.y}) rotate(${(angle * 180) / Math.PI})`;
  const bar = { x1: d.a.x, y1: d.a.y, x2: d.b.x, y2: d.b.y };
  const shaft = { x1: d.arrowFrom.x, y1: d.arrowFrom.y, x2: d.arrowTo.x, y2: d.arrowTo.y };
  return (
    <g class={`drawn-line is-${line.role}`}>
      <line class="casing" {...bar} />
      <line class="casing" {...shaft} />
      <line class="core bar" {...bar} />
      <line class="core" {...shaft} />
      <path class="head" d="M7 0 L-5 -6 L-5 6 Z" transform={head} />
      <text class="drawn-label" x={d.label.x} y={d.label.y} text-anchor={anchorOf(d.label.x, size)}>
        {line.name}
      </text>
    </g>
  );
}

function partsOf(camera: CameraPlan): string {
  const parts = [
    ...camera.lines.map((line) => `${ROLE_WORDS[line.role]} line ${line.name}`),
    ...camera.zones.map((zone) => `zone ${zone.name}`),
    ...(camera.exclusions.length > 0 ? [`${camera.exclusions.length} exclusion(s)`] : []),
  ];
  return parts.length === 0 ? "nothing yet" : parts.join(", ");
}

/** Names near an edge grow inwards. */
function anchorOf(x: number, size: DrawingSize): "start" | "middle" | "end" {
  if (x < 70) return "start";
  return x > size.width - 70 ? "end" : "middle";
}
