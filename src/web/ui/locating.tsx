import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CalibrationView } from "../calibration-view.ts";
import type { WalkView } from "../walk-view.ts";

/** On the Set-up page: the way to the walk, and what the receivers know of each other. Nothing where none is. */
export function Locating(): JSX.Element | null {
  const walk = useAnswer<WalkView>("/api/walk");
  const boxes = useAnswer<CalibrationView>("/api/self-calibration");
  if (walk === null) return null;
  return (
    <section class="card locating" aria-labelledby="locating-title" data-testid="locating">
      <h2 id="locating-title">Where tags are</h2>
      <p>
        {walk.obstacle ??
          "The gateway tells the zone of a tag from all receivers together. Walk through the shop once with a tag and it tells better."}
      </p>
      {walk.obstacle === null && (
        <p>
          <a class="plain-button walk-link" href="/set-up/walk" data-link>
            {walk.state === "idle" ? "Walk through the zones" : "Go on with the walk"}
          </a>
        </p>
      )}
      {boxes !== null && <Boxes view={boxes} />}
    </section>
  );
}

function Boxes({ view }: { readonly view: CalibrationView }): JSX.Element | null {
  if (view.why === null && view.facts.length + view.warnings.length === 0) return null;
  return (
    <>
      <h3>Receivers among themselves</h3>
      {view.why !== null && <p class="quiet">{view.why}</p>}
      {view.warnings.length > 0 && (
        <ul class="attention-list">
          {view.warnings.map((sentence) => (
            <li key={sentence} class="attention-item">
              {sentence}
            </li>
          ))}
        </ul>
      )}
      {view.facts.length > 0 && (
        <dl class="facts">
          {view.facts.map(([label, text]) => (
            <div key={label} class="fact">
              <dt>{label}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

/** What the gateway answers, asked once; null before and where it has no answer. */
function useAnswer<T>(path: string): T | null {
  const [answer, setAnswer] = useState<T | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    fetch(path, { signal: abort.signal })
      .then(async (reply) => {
        if (reply.ok) setAnswer((await reply.json()) as T);
      })
      // A gateway that does not answer is told of at the top of the page.
      .catch(() => undefined);
    return () => abort.abort();
  }, [path]);
  return answer;
}
