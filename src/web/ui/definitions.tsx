import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { DefinitionView } from "../views.ts";
import { Prose } from "./prose.tsx";
import { METHOD_WORDS, UNIT_WORDS } from "./words.ts";

/** Every metric with its meaning and formula, as the gateway's definition table gives them. */
export function Definitions(props: {
  readonly definitions: readonly DefinitionView[];
}): JSX.Element {
  useEffect(() => {
    const wanted = window.location.hash.slice(1);
    if (wanted === "") return;
    const target = document.getElementById(wanted);
    target?.scrollIntoView();
    target?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <h1>Definitions</h1>
      <p class="lead">
        What each figure means and how it comes about. A value that cannot be known is shown as a
        dash with the reason, never as zero.
      </p>
      {props.definitions.length === 0 && (
        <p class="card quiet">This gateway gives no definitions. Update it to see them here.</p>
      )}
      {props.definitions.map((definition) => (
        <Definition key={definition.metric} definition={definition} />
      ))}
    </>
  );
}

function Definition({ definition }: { readonly definition: DefinitionView }): JSX.Element {
  return (
    <article class="card definition" id={definition.metric} tabIndex={-1}>
      <h2>
        <a href={`#${definition.metric}`}>{definition.name}</a>
        <span class="quiet"> version {definition.version}</span>
      </h2>
      <p>
        <Prose text={definition.meaning} />
      </p>
      <p class="formula">
        <Prose text={definition.formula} />
      </p>
      <dl class="facts">
        <div class="fact">
          <dt>Unit</dt>
          <dd>{UNIT_WORDS[definition.unit]}</dd>
        </div>
        <div class="fact">
          <dt>Methods</dt>
          <dd>{definition.methods.map((method) => METHOD_WORDS[method]).join("; ")}</dd>
        </div>
        <div class="fact">
          <dt>How good it is</dt>
          <dd>
            <Prose text={definition.ladder} />
          </dd>
        </div>
        <div class="fact">
          <dt>When it is unknown</dt>
          <dd>
            <Prose text={definition.edges} />
          </dd>
        </div>
        {definition.parameters.map((parameter) => (
          <div key={parameter.name} class="fact">
            <dt>
              <code>{parameter.name}</code>
            </dt>
            <dd>
              {String(parameter.value)} <span class="quiet">{parameter.meaning}</span>
            </dd>
          </div>
        ))}
      </dl>
    </article>
  );
}
