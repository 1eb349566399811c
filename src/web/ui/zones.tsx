import type { JSX } from "preact";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { usePage } from "./context.ts";
import { QUEUE_FIGURES } from "./figure-groups.ts";
import { formatMetric } from "./format.ts";
import type { Part } from "./overview.ts";
import { searchOf } from "./period/view-address.ts";
import { badgesOf } from "./quality.ts";
import { METRIC_NAMES, ZONE_WORDS } from "./words.ts";

/** Columns of the zone table; those of which no zone has a value are left out. */
const COLUMNS: readonly MetricId[] = [
  "zone-people-now",
  "zone-visits",
  "zone-draw",
  "zone-engagement",
  "zone-dwell-median",
  "zone-dwell-total",
];

/** Columns of the queue table. */
const QUEUE_COLUMNS: readonly MetricId[] = ["zone-people-now", ...QUEUE_FIGURES];

/** More sentences than this beside one name help nobody; the figures themselves say the rest. */
const MAX_NOTES = 2;

interface PartsProps {
  readonly zones: readonly Part[];
  /** Whether it is the day that is going on; a past one has nobody in a zone now. */
  readonly isLive: boolean;
}

/** People, visits, draw, engagement and dwell of each zone; a name leads to all figures of its zone. */
export function Zones({ zones, isLive }: PartsProps): JSX.Element {
  const columns = isLive ? COLUMNS : COLUMNS.filter((metric) => metric !== "zone-people-now");
  return (
    <section class="card" aria-labelledby="zones-title">
      <h2 id="zones-title">Zones</h2>
      {zones.length === 0 ? (
        <p class="quiet">
          No zones are drawn yet. Draw the areas whose visits and dwell you want to know in the site
          plan.
        </p>
      ) : (
        <PartTable parts={zones} columns={columns} heading="Zone" />
      )}
    </section>
  );
}

/** Length, wait and what people do of each queue; nothing where no queue is drawn. */
export function Queues({ zones, isLive }: PartsProps): JSX.Element | null {
  const queues = zones.filter((part) => QUEUE_FIGURES.some((metric) => part.values.has(metric)));
  if (queues.length === 0) return null;
  const columns = isLive ? QUEUE_COLUMNS : QUEUE_FIGURES;
  return (
    <section class="card" aria-labelledby="queues-title" data-testid="queues">
      <h2 id="queues-title">Queues</h2>
      <PartTable parts={queues} columns={columns} heading="Queue" />
    </section>
  );
}

interface TableProps {
  readonly parts: readonly Part[];
  readonly columns: readonly MetricId[];
  readonly heading: string;
}

/** On a phone the style sheet turns rows into blocks; the roles keep it a table for those who cannot see it. */
const AS = {
  table: { role: "table" },
  rowgroup: { role: "rowgroup" },
  row: { role: "row" },
  columnheader: { role: "columnheader" },
  rowheader: { role: "rowheader" },
  cell: { role: "cell" },
} as const;

function PartTable({ parts, columns, heading }: TableProps): JSX.Element {
  const { formats } = usePage();
  const shown = columns.filter((metric) => parts.some((part) => part.values.has(metric)));
  const notes = parts.map((part) => notesOf(part, shown, formats));
  // What is off about all of them alike is said once.
  const common =
    parts.length < 2 ? [] : (notes[0] ?? []).filter((note) => notes.every((n) => n.includes(note)));
  return (
    <>
      {common.length > 0 && <p class="quiet common-note">All of them: {common.join("; ")}</p>}
      <table class="zones is-stacked" {...AS.table}>
        <thead {...AS.rowgroup}>
          <tr {...AS.row}>
            <th scope="col" {...AS.columnheader}>
              {heading}
            </th>
            {shown.map((metric) => (
              <th key={metric} scope="col" {...AS.columnheader}>
                {METRIC_NAMES[metric]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...AS.rowgroup}>
          {parts.map((part, i) => (
            <PartRow
              key={part.id}
              part={part}
              columns={shown}
              notes={(notes[i] ?? []).filter((note) => !common.includes(note))}
            />
          ))}
        </tbody>
      </table>
    </>
  );
}

function PartRow(props: {
  readonly part: Part;
  readonly columns: readonly MetricId[];
  readonly notes: readonly string[];
}): JSX.Element {
  const { view } = usePage();
  const { part, columns, notes } = props;
  const focus = `/${searchOf({ ...view, zone: part.id })}`;
  return (
    <tr data-zone={part.id} {...AS.row}>
      <th scope="row" {...AS.rowheader}>
        <a href={focus} data-link class="zone-link">
          {part.name}
        </a>
        {part.kind !== "door" && <span class="zone-kind">{ZONE_WORDS[part.kind]}</span>}
        {notes.slice(0, MAX_NOTES).map((note) => (
          <span key={note} class="zone-note">
            {note}
          </span>
        ))}
      </th>
      {columns.map((metric) => (
        <td key={metric} {...AS.cell} data-label={METRIC_NAMES[metric]}>
          <Cell metric={part.values.get(metric)} zoneName={part.name} />
        </td>
      ))}
    </tr>
  );
}

/** Why values are unknown and what is off about known ones, each said once. */
function notesOf(
  part: Part,
  columns: readonly MetricId[],
  formats: ReturnType<typeof usePage>["formats"],
): readonly string[] {
  const values = columns.flatMap((metric) => part.values.get(metric) ?? []);
  const notes = values.flatMap((metric) =>
    metric.value === null
      ? (metric.reason?.text ?? "not known")
      : badgesOf(metric, formats).filter((badge) => badge !== "see note"),
  );
  return [...new Set(notes)];
}

/** One value in a table; pressing it opens what is behind it. A dash where the gateway gives no such value. */
export function Cell(props: {
  readonly metric: MetricValue | undefined;
  readonly zoneName: string;
}): JSX.Element {
  const { formats, show } = usePage();
  const { metric, zoneName } = props;
  if (metric === undefined) return <span class="quiet">{"\u2013"}</span>;
  const text = formatMetric(formats, metric);
  const unknown = metric.value === null ? " unknown" : "";
  return (
    <button
      type="button"
      class="cell"
      data-metric={metric.metric}
      aria-haspopup="dialog"
      aria-label={`${METRIC_NAMES[metric.metric]}, ${zoneName}: ${text}${unknown}`}
      onClick={() => show(metric, zoneName)}
    >
      {text}
    </button>
  );
}
