import type { ComponentChildren, JSX } from "preact";
import type { MetricValue } from "../../core/metric-value.ts";
import type { DefinitionView } from "../views.ts";
import { usePage } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { formatInterval, formatMetric } from "./format.ts";
import { Prose } from "./prose.tsx";
import { badgesOf } from "./quality.ts";
import { METHOD_WORDS, METRIC_NAMES } from "./words.ts";

interface DetailsProps {
  readonly metric: MetricValue;
  /** Name of the zone or line it is about; null for the store. */
  readonly scopeName: string | null;
  readonly definition: DefinitionView | null;
  readonly onClose: () => void;
}

/** Everything that is known about one figure. */
export function Details({ metric, scopeName, definition, onClose }: DetailsProps): JSX.Element {
  const { formats } = usePage();
  const name = METRIC_NAMES[metric.metric];
  return (
    <Dialog title={scopeName === null ? name : `${name}, ${scopeName}`} onClose={onClose}>
      <p class="panel-value">{formatMetric(formats, metric)}</p>
      {metric.reason !== null && <p class="panel-reason">{metric.reason.text}</p>}
      {definition !== null && (
        <p>
          <Prose text={definition.meaning} />
        </p>
      )}
      {definition !== null && (
        <p class="formula">
          <Prose text={definition.formula} />
        </p>
      )}
      <dl class="facts">
        {factsOf(metric, formats).map(([label, text]) => (
          <Fact key={label} label={label}>
            {text}
          </Fact>
        ))}
        <Parameters metric={metric} definition={definition} />
      </dl>
      <p>
        <a href={`/definitions#${metric.metric}`} data-link>
          Definition of {name.toLowerCase()}
        </a>
      </p>
    </Dialog>
  );
}

type Formats = ReturnType<typeof usePage>["formats"];

function factsOf(metric: MetricValue, formats: Formats): readonly (readonly [string, string])[] {
  const badges = badgesOf(metric, formats).filter((badge) => badge !== "see note");
  const span = `${formats.moment(metric.from, metric.to)} to ${formats.time(metric.to)}`;
  return [
    ...(badges.length > 0 ? [["To keep in mind", badges.join(", ")] as const] : []),
    ["Method", METHOD_WORDS[metric.method]],
    ["Observations", formats.count(metric.n)],
    ...staffFacts(metric, formats),
    ["95 % interval", formatInterval(formats, metric) ?? "none is stated"],
    ["Coverage", `${formats.percent(metric.coverage)} of the time was seen`],
    ["Estimated share", formats.percent(metric.imputedShare)],
    ["Time span", span],
    ["Revision", formats.count(metric.revision)],
    ["Definition", `${metric.definition.id}, version ${metric.definition.version}`],
  ];
}

/** Told as a fact of its own: it is a count of this interval, not a rule. */
const STAFF_EXCLUDED = "staffExcluded";

function staffFacts(metric: MetricValue, formats: Formats): readonly (readonly [string, string])[] {
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
