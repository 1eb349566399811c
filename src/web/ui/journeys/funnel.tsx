import type { JSX } from "preact";
import type { FunnelStep } from "../../../metrics/reports/reports.ts";
import { usePage } from "../context.ts";
import { EN_DASH } from "../format.ts";
import { isRoutine } from "../quality.ts";

/** A step in words: what people did, and of whom its share is. */
const STEPS: Readonly<Record<FunnelStep["id"], { readonly name: string; readonly of: string }>> = {
  passing: { name: "Passed by", of: "" },
  entered: { name: "Came in", of: "of those passing" },
  engaged: { name: "Engaged", of: "of those who came in" },
  purchased: { name: "Bought", of: "of the engaged" },
};

/** From passing by to buying: bars with their numbers, and what share of each step went on. */
export function Funnel({ steps }: { readonly steps: readonly FunnelStep[] }): JSX.Element {
  const most = Math.max(1, ...steps.map(({ people }) => people ?? 0));
  return (
    <section class="card funnel" aria-labelledby="funnel-title">
      <h2 id="funnel-title">From the street to the till</h2>
      <ol class="funnel-steps">
        {steps.map((step, i) => (
          <Step key={step.id} step={step} before={steps[i - 1] ?? null} most={most} />
        ))}
      </ol>
      <p class="quiet funnel-words">
        Engaged are those who did not turn round at once: they stayed, stopped at two zones, or
        bought.
      </p>
    </section>
  );
}

interface StepProps {
  readonly step: FunnelStep;
  readonly before: FunnelStep | null;
  readonly most: number;
}

function Step({ step, before, most }: StepProps): JSX.Element {
  const { formats, show } = usePage();
  const { people, basis, reason, shareOfPrevious } = step;
  const words = STEPS[step.id];
  const isSaid = reason !== null && (people === null || !isRoutine(reason));
  const text = people === null ? EN_DASH : formats.count(people);
  return (
    <li class="funnel-step" data-step={step.id}>
      <p class="funnel-name">{words.name}</p>
      <div class="funnel-bar" aria-hidden="true">
        {people !== null && <span style={{ width: `${Math.max(0.4, (people / most) * 100)}%` }} />}
      </div>
      <p class="funnel-people">
        {basis === null ? (
          <span class="funnel-count">{text}</span>
        ) : (
          <button
            type="button"
            class="cell funnel-count"
            aria-haspopup="dialog"
            aria-label={`${words.name}: ${text}${people === null ? " unknown" : ""}`}
            onClick={() => show(basis)}
          >
            {text}
          </button>
        )}
        {shareOfPrevious !== null && before !== null && (
          <span class="funnel-share">
            {formats.percent(shareOfPrevious)} {words.of}
          </span>
        )}
      </p>
      {isSaid && <p class="funnel-reason">{reason?.text}</p>}
    </li>
  );
}
