import type { ComponentChildren, JSX } from "preact";
import type { MetricValue } from "../../core/metric-value.ts";
import type { DefinitionView } from "../views.ts";
import { usePage } from "./context.ts";
import { DetailHours } from "./detail-hours.tsx";
import { Dialog } from "./dialog.tsx";
import { EN_DASH, type Formats, formatFull, formatInterval } from "./format.ts";
import { metricExportPath } from "./period/api-address.ts";
import { searchOf } from "./period/view-address.ts";
import { Prose } from "./prose.tsx";
import { badgesOf } from "./quality.ts";
import { METHOD_WORDS, METRIC_NAMES } from "./words.ts";

interface DetailsProps {
  readonly metric: MetricValue;
  /** Name of the zone, door or pair it is about; null for the shop. */
  readonly scopeName: string | null;
  readonly definition: DefinitionView | null;
  readonly onClose: () => void;
}

/** Everything that is known about one figure. */
export function Details({ metric, scopeName, definition, onClose }: DetailsProps): JSX.Element {
  const { formats, view } = usePage();
  const name = METRIC_NAMES[metric.metric];
  return (
    <Dialog title={scopeName === null ? name : `${name}, ${scopeName}`} onClose={onClose}>
      <p class="panel-value">{formatFull(formats, metric)}</p>
      {metric.reason !== null && <p class="panel-reason">{metric.reason.text}</p>}
      {definition !== null && (
        <p>
          <Prose text={definition.meaning} />
        </p>
      )}
      <dl class="facts">
        {factsOf(metric, formats).map(([label, text]) => (
          <Fact key={label} label={label}>
            {text}
          </Fact>
        ))}
      </dl>
      <DetailHours metric={metric} />
      {definition !== null && (
        <>
          <h3>How it is made</h3>
          <p class="formula">
            <Prose text={definition.formula} />
          </p>
        </>
      )}
      <dl class="facts">
        <Parameters metric={metric} definition={definition} />
        <Fact label="Definition">
          {metric.definition.id}, version {metric.definition.version}
        </Fact>
      </dl>
      <p class="panel-links">
        <a href={`/definitions${searchOf(view)}#${metric.metric}`} data-link>
          Definition of {name.toLowerCase()}
        </a>
        <a href={metricExportPath(view, metric)} download>
          This figure as CSV
        </a>
      </p>
    </Dialog>
  );
}

type FactText = readonly [label: string, text: string];

function factsOf(metric: MetricValue, formats: Formats): readonly FactText[] {
  const badges = badgesOf(metric, formats).filter((badge) => badge !== "see note");
  const facts: readonly (FactText | null)[] = [
    badges.length > 0 ? ["To keep in mind", badges.join(", ")] : null,
    ["Time span", spanText(metric, formats)],
    ["Method", METHOD_WORDS[metric.method]],
    ["Observations", formats.count(metric.n)],
    metric.effectiveN === null
      ? null
      : [
          "Effective number",
          `${formats.count(metric.effectiveN)}, as sure as so many of equal weight`,
        ],
    ...staffFacts(metric, formats),
    ["95 % interval", formatInterval(formats, metric) ?? "none is stated"],
    ["Coverage", `${formats.percent(metric.coverage)} of the time was seen`],
    ["Estimated share", formats.percent(metric.imputedShare)],
    ["Revision", revisionText(metric.revision, formats)],
  ];
  return facts.filter((fact) => fact !== null);
}

/** With its days where it is longer than one. */
function spanText({ from, to }: MetricValue, formats: Formats): string {
  const isLong = formats.date(from) !== formats.date(to);
  const write = isLong ? (at: number) => `${formats.date(at)}, ${formats.time(at)}` : formats.time;
  return `${write(from)} ${EN_DASH} ${write(to)}`;
}

function revisionText(revision: number, formats: Formats): string {
  if (revision === 0) return "0, never corrected";
  return `${formats.count(revision)}, corrected after it was first published`;
}

/** Told as a fact of its own: it is a count of this interval, not a rule. */
const STAFF_EXCLUDED = "staffExcluded";

function staffFacts(metric: MetricValue, formats: Formats): readonly FactText[] {
  const staff = metric.definition.parameters[STAFF_EXCLUDED];
  return typeof staff === "number" ? [["Staff excluded", formats.count(staff)]] : [];
}

function Parameters(props: {
  readonly metric: MetricValue;
  readonly definition: DefinitionView | null;
}): JSX.Element | null {
  const entries = Object.entries(props.metric.definition.parameters).filter(
    ([name]) => name !== STAFF_EXCLUDED,
  );
  if (entries.length === 0) return null;
  const meaning = new Map(props.definition?.parameters.map((p) => [p.name, p.meaning]));
  return (
    <Fact label="Parameters">
      {entries.map(([name, value]) => (
        <span key={name} class="parameter">
          <code>
            {name} = {String(value)}
          </code>
          {meaning.has(name) && <span class="quiet"> {meaning.get(name)}</span>}
        </span>
      ))}
    </Fact>
  );
}

function Fact(props: {
  readonly label: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="fact">
      <dt>{props.label}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
