import type { JSX } from "preact";
import type { MetricId } from "../../../core/metric-value.ts";
import type { JourneysReport } from "../../../metrics/reports/reports.ts";
import { useAnswer } from "../answers.ts";
import { usePage } from "../context.ts";
import { Exports } from "../exports.tsx";
import { QUEUE_FIGURES } from "../figure-groups.ts";
import { changeView } from "../navigate.ts";
import { type Part, valuesOf } from "../overview.ts";
import { journeysPath } from "../period/api-address.ts";
import { holdsToday } from "../period/dates.ts";
import { PeriodBar } from "../period/period-bar.tsx";
import { periodTitle } from "../period/period-words.ts";
import { Answered, Empty } from "../states.tsx";
import { Queues } from "../zones.tsx";
import { Flow } from "./flow.tsx";
import { Funnel } from "./funnel.tsx";
import { Lifts, Paths } from "./paths.tsx";
import { placeName } from "./transitions.ts";

/** A period that holds today moves on. */
const REFRESH_MS = 60_000;

/** What stands on this page and has a course in time; the ways have a table of their own. */
const EXPORTED: readonly MetricId[] = [
  "passing-traffic",
  "entrants",
  "transactions",
  "zone-visits",
  "zone-unique-visits",
  ...QUEUE_FIGURES,
];

/** How people come from the street to the till, and on which ways. */
export function JourneysPage(): JSX.Element {
  const { view, today, formats } = usePage();
  const refresh = holdsToday(view.period, today) ? REFRESH_MS : null;
  const answer = useAnswer<JourneysReport>(journeysPath(view), refresh);
  return (
    <>
      <PeriodBar title="Journeys" hasCompare={false}>
        {periodTitle(formats, view.period, today)}
      </PeriodBar>
      <Answered what="The journeys" answer={answer} timeText={(at) => formats.time(at)}>
        {(report) => <Journeys report={report} />}
      </Answered>
      <Exports metrics={EXPORTED} />
    </>
  );
}

function Journeys({ report }: { readonly report: JourneysReport }): JSX.Element {
  const { view } = usePage();
  if (isForgotten(report)) {
    return (
      <Empty title="This period is not kept here">
        <p>{report.funnel[0]?.reason?.text}</p>
        <p>
          Choose a later one.{" "}
          <a href="/journeys" data-link>
            Go to today
          </a>
        </p>
      </Empty>
    );
  }
  const queues = report.queues.map(
    ({ id, name, kind, values }): Part => ({
      ...{ id, name, kind },
      values: valuesOf(values),
      before: new Map(),
    }),
  );
  return (
    <>
      <Funnel steps={report.funnel} />
      <Flow report={report} />
      {view.zone !== null && <ZoneChip name={placeName(report, view.zone)} />}
      <div class="columns">
        <Paths report={report} />
        <Lifts report={report} />
      </div>
      {queues.length > 0 && <Queues zones={queues} isLive={false} />}
    </>
  );
}

/** Which zone paths and pairs are narrowed to, and the way back. */
function ZoneChip({ name }: { readonly name: string }): JSX.Element {
  return (
    <div class="focus-bar">
      <p>
        Paths and pairs with <strong>{name}</strong>
      </p>
      <button type="button" class="plain-button" onClick={() => changeView({ zone: null })}>
        Show all
      </button>
    </div>
  );
}

function isForgotten({ funnel }: JourneysReport): boolean {
  return funnel.length > 0 && funnel.every(({ reason }) => reason?.code === "not-kept");
}
