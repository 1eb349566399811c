import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CameraPlan, LinePlan, ZonePlan } from "../../core/site.ts";
import type { ZoneToday } from "../../metrics/reports/today.ts";
import type { SensorStatus } from "../dashboard-source.ts";
import type { PeopleView } from "../views.ts";
import { summaryOf } from "./attention.ts";
import { useNow, usePage } from "./context.ts";
import { formatMetric } from "./format.ts";
import {
  labelPoint,
  layOutLine,
  onPlan,
  PLAN_HEIGHT,
  PLAN_WIDTH,
  pointsAttribute,
} from "./plan-geometry.ts";
import { ROLE_WORDS } from "./words.ts";

interface PlansProps {
  readonly cameras: readonly CameraPlan[];
  readonly sensors: readonly SensorStatus[];
  readonly zones: readonly ZoneToday[];
  readonly isLive: boolean;
}

/** What each camera counts, drawn, with anonymous dots where people are. Never a picture. */
export function LivePlans(props: PlansProps): JSX.Element {
  return (
    <section class="card" aria-labelledby="plan-title">
      <h2 id="plan-title">Live plan</h2>
      {props.cameras.length === 0 && (
        <p class="quiet">No camera is on the site plan yet. Add one with its lines and zones.</p>
      )}
      {props.cameras.map((camera) => (
        <CameraView
          key={camera.id}
          camera={camera}
          sensor={props.sensors.find((sensor) => sensor.sensorId === camera.id) ?? null}
          zones={props.zones}
          isLive={props.isLive}
        />
      ))}
    </section>
  );
}

interface CameraProps {
  readonly camera: CameraPlan;
  readonly sensor: SensorStatus | null;
  readonly zones: readonly ZoneToday[];
  readonly isLive: boolean;
}

function CameraView({ camera, sensor, zones, isLive }: CameraProps): JSX.Element {
  const people = usePeople(camera.id);
  const isSeeing = isLive && sensor?.state === "seeing";
  const dots = isSeeing ? people : [];
  const inView = dots.length === 1 ? "1 person in view" : `${dots.length} people in view`;
  return (
    <figure class="plan" data-camera={camera.id}>
      <div class="plan-frame">
        <svg
          viewBox={`0 0 ${PLAN_WIDTH} ${PLAN_HEIGHT}`}
          role="img"
          aria-label={`Plan of ${camera.name}: ${partsOf(camera)}`}
        >
          <Ground camera={camera} />
          {camera.zones.map((zone) => (
            <Zone key={zone.id} zone={zone} now={zones.find((z) => z.zoneId === zone.id) ?? null} />
          ))}
          {camera.lines.map((line) => (
            <Line key={line.id} line={line} />
          ))}
          <Dots people={dots} />
        </svg>
        {!isSeeing && <Blind sensor={sensor} isLive={isLive} />}
      </div>
      <figcaption>
        <strong>{camera.name}</strong>
        <span class="quiet">{isSeeing ? inView : "positions unknown"}</span>
      </figcaption>
    </figure>
  );
}

function usePeople(cameraId: string): PeopleView["people"] {
  const { store } = usePage();
  const [people, setPeople] = useState<PeopleView["people"]>([]);
  useEffect(() => store.onPeople(cameraId, setPeople), [store, cameraId]);
  return people;
}

function Ground({ camera }: { readonly camera: CameraPlan }): JSX.Element {
  const hatch = `hatch-${camera.id}`;
  return (
    <>
      <defs>
        <pattern
          id={hatch}
          width="7"
          height="7"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <line class="hatch-line" x1="0" y1="0" x2="0" y2="7" />
        </pattern>
      </defs>
      {camera.exclusions.map((polygon) => (
        <polygon
          key={pointsAttribute(polygon)}
          class="exclusion"
          points={pointsAttribute(polygon)}
          fill={`url(#${hatch})`}
        />
      ))}
    </>
  );
}

function Zone(props: { readonly zone: ZonePlan; readonly now: ZoneToday | null }): JSX.Element {
  const { formats } = usePage();
  const at = labelPoint(props.zone.polygon);
  return (
    <g>
      <polygon class="zone" points={pointsAttribute(props.zone.polygon)} />
      <text class="plan-label is-zone" x={at.x} y={at.y}>
        {props.zone.name}
      </text>
      {props.now !== null && (
        <text class="plan-count" x={at.x} y={at.y + 19}>
          {formatMetric(formats, props.now.peopleNow)}
        </text>
      )}
    </g>
  );
}

function Line({ line }: { readonly line: LinePlan }): JSX.Element {
  const d = layOutLine(line.a, line.b);
  const angle = Math.atan2(d.arrowTo.y - d.arrowFrom.y, d.arrowTo.x - d.arrowFrom.x);
  const degrees = (angle * 180) / Math.PI;
  return (
    <g class={`line is-${line.role}`}>
      <line x1={d.a.x} y1={d.a.y} x2={d.b.x} y2={d.b.y} />
      <line class="arrow" x1={d.arrowFrom.x} y1={d.arrowFrom.y} x2={d.arrowTo.x} y2={d.arrowTo.y} />
      <path
        class="arrow-head"
        d="M4 0 L-5 -5 L-5 5 Z"
        transform={`translate(${d.arrowTo.x} ${d.arrowTo.y}) rotate(${degrees})`}
      />
      <text class="plan-label" x={d.label.x} y={d.label.y} text-anchor={anchorOf(d.label.x)}>
        {line.name}
      </text>
    </g>
  );
}

function Dots({ people }: { readonly people: PeopleView["people"] }): JSX.Element {
  return (
    <g class="dots">
      {people.map((person) => {
        const at = onPlan(person);
        return (
          <circle
            key={person.id}
            class="dot"
            r="5.5"
            style={{ transform: `translate(${at.x}px, ${at.y}px)` }}
          />
        );
      })}
    </g>
  );
}

function Blind(props: {
  readonly sensor: SensorStatus | null;
  readonly isLive: boolean;
}): JSX.Element {
  const { formats, store } = usePage();
  const now = useNow(store);
  const { sensor } = props;
  if (!props.isLive) return <p class="plan-blind">Connection lost: positions are unknown.</p>;
  if (sensor === null)
    return <p class="plan-blind">This camera is not connected to the gateway.</p>;
  const since = `since ${formats.moment(sensor.since, now)}`;
  if (sensor.state === "starting") return <p class="plan-blind">Camera starting {since}.</p>;
  if (sensor.state === "stopped") return <p class="plan-blind">Camera switched off {since}.</p>;
  return (
    <p class="plan-blind">
      <strong>Camera blind {since}.</strong> {summaryOf(sensor.code)}
    </p>
  );
}

function partsOf(camera: CameraPlan): string {
  const lines = camera.lines.map((line) => `${ROLE_WORDS[line.role]} line ${line.name}`);
  const zones = camera.zones.map((zone) => `zone ${zone.name}`);
  const parts = [...lines, ...zones];
  return parts.length === 0 ? "nothing is drawn yet" : parts.join(", ");
}

/** Names near an edge grow inwards. */
function anchorOf(x: number): "start" | "middle" | "end" {
  if (x < 60) return "start";
  return x > PLAN_WIDTH - 60 ? "end" : "middle";
}
