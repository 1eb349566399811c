import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import type { PeriodReport } from "../../metrics/reports/reports.ts";
import type { DefinitionView } from "../views.ts";
import { useAnswer } from "./answers.ts";
import { useLiveState, usePage } from "./context.ts";
import { DEFINITION_GROUPS, groupsOf } from "./figure-groups.ts";
import { allValues, overviewOf } from "./overview.ts";
import { Prose } from "./prose.tsx";
import { matches } from "./search-index.ts";
import { METHOD_WORDS, METRIC_NAMES, UNIT_WORDS } from "./words.ts";

/** Every metric with its meaning and formula, as the gateway's definition table gives them; grouped and searchable. */
export function Definitions(props: {
  readonly definitions: readonly DefinitionView[];
}): JSX.Element {
  const [wanted, setWanted] = useState("");
  const hash = useHash();
  const parameters = useShopParameters();
  const found = props.definitions.filter((definition) => matches(wordsOf(definition), wanted));
  const byId = new Map(found.map((definition) => [definition.metric, definition]));
  const groups = groupsOf(DEFINITION_GROUPS, byId.keys());
  return (
    <>
      <h1>Definitions</h1>
      <p class="lead">
        What each figure means and how it comes about. A value that cannot be known is shown as a
        dash with the reason, never as zero.
      </p>
      {props.definitions.length === 0 ? (
        <p class="card quiet">This gateway gives no definitions. Update it to see them here.</p>
      ) : (
        <label class="search-field">
          <span>Find a definition</span>
          <input
            type="search"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </label>
      )}
      <p class="quiet" role="status">
        {wanted === "" ? `${found.length} figures` : `${found.length} figures match`}
      </p>
      <nav class="group-links" aria-label="Subjects">
        {groups.map(({ id, name }) => (
          <a key={id} href={`#group-${id}`} data-link>
            {name}
          </a>
        ))}
      </nav>
      {groups.map(({ id, name, metrics }) => (
        <section key={id} class="card definition-group" aria-labelledby={`group-${id}`}>
          <h2 id={`group-${id}`} tabIndex={-1}>
            {name}
          </h2>
          {metrics.map((metric) => (
            <Definition
              key={metric}
              definition={byId.get(metric) ?? null}
              parameters={parameters.get(metric) ?? {}}
              isOpen={wanted !== "" || metric === hash}
            />
          ))}
        </section>
      ))}
    </>
  );
}

/** The place the address names, gone to, also when it changes. */
function useHash(): string {
  const [hash, setHash] = useState(window.location.hash.slice(1));
  useEffect(() => {
    const follow = (): void => {
      const wanted = window.location.hash.slice(1);
      setHash(wanted);
      const target = wanted === "" ? null : document.getElementById(wanted);
      target?.scrollIntoView();
      target?.focus({ preventScroll: true });
    };
    follow();
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, []);
  return hash;
}

const wordsOf = (definition: DefinitionView): string =>
  `${definition.metric} ${METRIC_NAMES[definition.metric]} ${definition.name} ${definition.meaning} ${definition.formula}`;

function Definition(props: {
  readonly definition: DefinitionView | null;
  /** The values that this shop's figures carry today. */
  readonly parameters: MetricValue["definition"]["parameters"];
  readonly isOpen: boolean;
}): JSX.Element | null {
  const { definition, parameters, isOpen } = props;
  if (definition === null) return null;
  return (
    <article class="definition" id={definition.metric} tabIndex={-1}>
      <h3>
        <a href={`#${definition.metric}`} data-link>
          {definition.name}
        </a>
        <span class="quiet"> version {definition.version}</span>
      </h3>
      <p>
        <Prose text={definition.meaning} />
      </p>
      <details open={isOpen}>
        <summary>
          How it is made<span class="visually-hidden">: {definition.name}</span>
        </summary>
        <p class="formula">
          <Prose text={definition.formula} />
        </p>
        <dl class="facts">
          <Fact label="Unit" text={UNIT_WORDS[definition.unit]} />
          <Fact
            label="Methods"
            text={definition.methods.map((method) => METHOD_WORDS[method]).join("; ")}
          />
          <Fact label="How good it is" text={definition.ladder} />
          <Fact label="When it is unknown" text={definition.edges} />
          <Parameters definition={definition} parameters={parameters} />
        </dl>
      </details>
    </article>
  );
}

function Fact(props: { readonly label: string; readonly text: string }): JSX.Element {
  return (
    <div class="fact">
      <dt>{props.label}</dt>
      <dd>
        <Prose text={props.text} />
      </dd>
    </div>
  );
}

interface ParametersProps {
  readonly definition: DefinitionView;
  readonly parameters: MetricValue["definition"]["parameters"];
}

/** The parameters with this shop's values, or the product's where no figure of today says its own. */
function Parameters({ definition, parameters }: ParametersProps): JSX.Element {
  return (
    <>
      {definition.parameters.map(({ name, value, meaning }) => (
        <div key={name} class="fact">
          <dt>
            <code>{name}</code>
          </dt>
          <dd>
            {String(parameters[name] ?? value)} <span class="quiet">{meaning}</span>
          </dd>
        </div>
      ))}
    </>
  );
}

/** Parameters by metric, as today's figures carry them. */
function useShopParameters(): ReadonlyMap<MetricId, MetricValue["definition"]["parameters"]> {
  const { store } = usePage();
  const { today } = useLiveState(store);
  const report = useAnswer<PeriodReport>(PLAIN_REPORT);
  const reported = report.body === null ? [] : allValues(overviewOf(report.body));
  const values = [...reported, ...(today?.tiles ?? [])];
  return new Map(values.map(({ metric, definition }) => [metric, definition.parameters]));
}

/** The present day, compared with nothing. */
const PLAIN_REPORT = "/api/report?period=day";
