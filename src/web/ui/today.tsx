import type { JSX } from "preact";
import type { TodayView } from "../../metrics/today.ts";
import type { StatusView } from "../dashboard-source.ts";
import type { SiteView } from "../views.ts";
import { setUpSteps } from "./attention.ts";
import { Attention } from "./attention-list.tsx";
import { Chart } from "./chart.tsx";
import { Delivery, Sensors } from "./equipment.tsx";
import { Figures } from "./figures.tsx";
import { LivePlans } from "./live-plan.tsx";
import { Prose } from "./prose.tsx";
import { Zones } from "./zones.tsx";

interface TodayProps {
  readonly site: SiteView;
  readonly today: TodayView;
  readonly status: StatusView;
  readonly isLive: boolean;
  readonly themeTick: number;
}

/** The Today page: what needs attention, the figures, the last hours, zones and the plan, then the equipment. */
export function Today({ site, today, status, isLive, themeTick }: TodayProps): JSX.Element {
  const isFirstRun = today.newestEventAt === null;
  return (
    <>
      <h1 class="visually-hidden">{site.store.name}, today</h1>
      <Attention status={status} isLive={isLive} />
      {isFirstRun && <FirstRun site={site} status={status} />}
      <Figures tiles={today.tiles} />
      <Chart series={today.series} timeZone={site.store.timeZone} themeTick={themeTick} />
      <div class="columns">
        <LivePlans
          cameras={site.cameras}
          sensors={status.sensors}
          zones={today.zones}
          isLive={isLive}
        />
        <div class="stack">
          <Zones zones={today.zones} />
          <Sensors sensors={status.sensors} />
          <Delivery delivery={status.delivery} />
        </div>
      </div>
      <footer class="foot">
        Gateway {status.gatewayId} · Vitrine {status.version} · No image leaves this gateway
      </footer>
    </>
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
