import type { JSX } from "preact";
import type { MetricValue } from "../../../core/metric-value.ts";
import type { JourneysReport } from "../../../metrics/reports/reports.ts";
import { usePage } from "../context.ts";
import { EN_DASH } from "../format.ts";
import { changeView } from "../navigate.ts";
import { csvOf, saveAs } from "../table-csv.ts";
import { METHOD_WORDS } from "../words.ts";
import {
  leastCellOf,
  type Place,
  type Step,
  type Transitions,
  transitionRows,
  transitionsOf,
  type Way,
  waysOf,
} from "./transitions.ts";

/** From where to where people go: the ways of one zone as a list, and all of them as a table. */
export function Flow({ report }: { readonly report: JourneysReport }): JSX.Element {
  const { view } = usePage();
  const transitions = transitionsOf(report);
  const places = [
    ...new Map([...transitions.rows, ...transitions.columns].map((p) => [p.id, p])).values(),
  ];
  const zones = places.filter(({ id }) => report.zones.some((zone) => zone.id === id));
  const chosen = places.find(({ id }) => id === view.zone) ?? zones[0] ?? null;
  const least = leastCellOf(report.transitions);
  return (
    <section class="card flow" aria-labelledby="flow-title">
      <div class="chart-head">
        <h2 id="flow-title">From zone to zone</h2>
        {chosen !== null && (
          <button
            type="button"
            class="quiet-button"
            onClick={() => saveAs("vitrine-transitions.csv", csvOf(transitionRows(report)))}
          >
            CSV of this table
          </button>
        )}
      </div>
      {chosen !== null && report.pathMethod !== undefined && (
        <p class="quiet flow-note">{METHOD_WORDS[report.pathMethod]}.</p>
      )}
      {chosen === null ? (
        <p class="quiet">
          {report.pathReason?.text ?? "No visit with its zones is known in this period."} It takes
          cameras that follow people from door to door, or tags on carts and baskets.
        </p>
      ) : (
        <>
          <Ways transitions={transitions} chosen={chosen} zones={zones} />
          <h3 class="flow-all">All ways, in percent of those who leave the row</h3>
          <Matrix transitions={transitions} chosen={view.zone} />
          <p class="quiet flow-note">
            {least === null
              ? "A dot: nobody went this way, or too few to be told."
              : `A dot: nobody went this way, or too few to be told: visits are told in whole steps of ${least}.`}
          </p>
        </>
      )}
    </section>
  );
}

interface WaysProps {
  readonly transitions: Transitions;
  readonly chosen: Place;
  readonly zones: readonly Place[];
}

function Ways({ transitions, chosen, zones }: WaysProps): JSX.Element {
  return (
    <>
      <label class="choice flow-choice">
        <span>Before and after</span>
        <select
          value={chosen.id}
          onChange={(event) => changeView({ zone: event.currentTarget.value }, "replace")}
        >
          {zones.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <div class="ways">
        <WayList
          title={`To ${chosen.name}, of those who left`}
          ways={waysOf(transitions, chosen.id, true)}
        />
        <WayList title={`From ${chosen.name}`} ways={waysOf(transitions, chosen.id, false)} />
      </div>
    </>
  );
}

function WayList(props: { readonly title: string; readonly ways: readonly Way[] }): JSX.Element {
  return (
    <div>
      <h3>{props.title}</h3>
      {props.ways.length === 0 && <p class="quiet">No way is known.</p>}
      <ul class="way-list">
        {props.ways.map(({ place, step }) => (
          <li key={place.id}>
            <span class="way-name">{place.name}</span>
            <span class="way-bar" aria-hidden="true">
              {step.kind === "share" && <span style={{ width: `${step.share * 100}%` }} />}
            </span>
            <StepButton step={step} label={`${props.title}: ${place.name}`} />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface MatrixProps {
  readonly transitions: Transitions;
  readonly chosen: string | null;
}

function Matrix({ transitions, chosen }: MatrixProps): JSX.Element {
  const { rows, columns, stepOf } = transitions;
  const most = Math.max(
    0.01,
    ...rows.flatMap((row) => columns.map((column) => shareOf(stepOf(row.id, column.id)))),
  );
  return (
    // Wider than a phone where a shop has many zones: it scrolls by itself, also by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reached by keyboard
    <section class="scroll-box" tabIndex={0} aria-label="Table of all ways">
      <table class="matrix">
        <caption class="visually-hidden">
          Share of the visits that went from the row to the column
        </caption>
        <thead>
          <tr>
            <th scope="col">From, to</th>
            {columns.map((column) => (
              <th key={column.id} scope="col" class={column.id === chosen ? "is-chosen" : ""}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} data-from={row.id}>
              <th scope="row" class={row.id === chosen ? "is-chosen" : ""}>
                {row.name}
              </th>
              {columns.map((column) => (
                <HeatCell
                  key={column.id}
                  step={stepOf(row.id, column.id)}
                  most={most}
                  label={`${row.name} to ${column.name}`}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const shareOf = (step: Step): number => (step.kind === "share" ? step.share : 0);

interface CellProps {
  readonly step: Step;
  readonly most: number;
  readonly label: string;
}

function HeatCell({ step, most, label }: CellProps): JSX.Element {
  if (step.kind === "none") {
    return (
      <td class="heat is-none">
        <span aria-hidden="true">·</span>
        <span class="visually-hidden">few or nobody</span>
      </td>
    );
  }
  const heat = Math.round((shareOf(step) / most) * 100);
  return (
    <td class={`heat is-${step.kind}`} style={{ "--heat": `${heat}%` }}>
      <StepButton step={step} label={label} />
    </td>
  );
}

function StepButton(props: { readonly step: Way["step"]; readonly label: string }): JSX.Element {
  const { formats, show } = usePage();
  const { step, label } = props;
  const text = stepText(step, formats);
  const unknown = step.kind === "unknown" ? " unknown" : "";
  return (
    <button
      type="button"
      class="cell"
      aria-haspopup="dialog"
      aria-label={`${label}: ${text}${unknown}`}
      onClick={() => show(step.value, label)}
    >
      {text}
    </button>
  );
}

function stepText(
  step: { readonly kind: Way["step"]["kind"]; readonly value: MetricValue },
  formats: ReturnType<typeof usePage>["formats"],
): string {
  if (step.kind === "withheld") return "withheld";
  return step.value.value === null ? EN_DASH : formats.percent(step.value.value, 0);
}
