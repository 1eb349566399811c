import type { JSX } from "preact";
import type { PeriodReport } from "../../metrics/reports/reports.ts";
import type { TodayView } from "../../metrics/reports/today.ts";
import type { StatusView } from "../dashboard-source.ts";
import type { SiteView } from "../views.ts";
import { useAnswer } from "./answers.ts";
import { setUpSteps } from "./attention.ts";
import { Attention } from "./attention-list.tsx";
import { usePage } from "./context.ts";
import { Delivery, Sensors } from "./equipment.tsx";
import { Exports } from "./exports.tsx";
import { LivePlans } from "./live-plan.tsx";
import { changeView } from "./navigate.ts";
import { liveOverview } from "./overview.ts";
import { OverviewParts } from "./overview-parts.tsx";
import { comparedWith, reportPath } from "./period/api-address.ts";
import { PeriodBar } from "./period/period-bar.tsx";
import { periodLine } from "./period/period-words.ts";
import { Prose } from "./prose.tsx";

/** The live view holds the figures that move; the report beside it is asked for so often. */
const REPORT_EVERY_MS = 30_000;

interface TodayProps {
  readonly site: SiteView;
  readonly today: TodayView;
  readonly status: StatusView;
  readonly isLive: boolean;
}

/** The Today page: what needs attention, the figures, the day so far, zones and the plan, then the equipment. */
export function Today({ site, today, status, isLive }: TodayProps): JSX.Element {
  const page = usePage();
  const { view } = page;
  // Without a connection nothing is asked; the next connection asks anew.
  const path = reportPath(view);
  const report = useAnswer<PeriodReport>(isLive ? path : null, REPORT_EVERY_MS);
  const isSameWeekday = comparedWith(view).kind === "same-weekday";
  const overview = liveOverview(today, report.body, isSameWeekday);
  const isFirstRun = today.newestEventAt === null;
  return (
    <>
      <PeriodBar title="Today" hasCompare={true}>
        {periodLine(page, view.period, overview)}
      </PeriodBar>
      <Attention status={status} isLive={isLive} />
      {isFirstRun && <FirstRun site={site} status={status} />}
      <OverviewParts overview={overview} isLive={true} name="Today" tools={<Hours />} />
      <div class="columns">
        <LivePlans
          cameras={site.cameras}
          sensors={status.sensors}
          zones={today.zones}
          isLive={isLive}
        />
        <div class="stack">
          <Sensors sensors={status.sensors} />
          <Delivery delivery={status.delivery} />
        </div>
      </div>
      <Exports />
      <footer class="foot">
        Gateway {status.gatewayId} · Vitrine {status.version} · No image leaves this gateway
      </footer>
    </>
  );
}

const RANGES: readonly (readonly [hours: number | null, words: string])[] = [
  [3, "3 hours"],
  [null, "Day"],
];

function Hours(): JSX.Element {
  const { view } = usePage();
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">Span of the chart</legend>
      {RANGES.map(([hours, words]) => (
        <button
          key={words}
          type="button"
          aria-pressed={hours === view.hours}
          onClick={() => changeView({ hours }, "replace")}
        >
          {words}
        </button>
      ))}
    </fieldset>
  );
}

function FirstRun(props: { readonly site: SiteView; readonly status: StatusView }): JSX.Element {
  const steps = setUpSteps(props.site, props.status, false);
  const firstOpen = steps.find((step) => !step.isDone);
  return (
    <section class="card first-run" aria-labelledby="first-run-title">
      <h2 id="first-run-title">Before the first figure</h2>
      <ol class="steps">
        {steps.map((step) => (
          <li key={step.title} class={step.isDone ? "is-done" : "is-open"}>
            <span class={`step-mark${step.isDone ? " is-done" : ""}`} aria-hidden="true" />
            <span>
              <span class="step-title">
                {step.title}
                <span class="visually-hidden">{step.isDone ? ": done" : ": missing"}</span>
              </span>
              {step === firstOpen && (
                <span class="step-next">
                  <Prose text={step.next} />
                </span>
              )}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
