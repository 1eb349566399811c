import type { JSX } from "preact";
import type { PeriodReport } from "../../metrics/reports/reports.ts";
import { useAnswer } from "./answers.ts";
import { usePage } from "./context.ts";
import { Exports } from "./exports.tsx";
import { isForgotten, overviewOf } from "./overview.ts";
import { OverviewParts } from "./overview-parts.tsx";
import { reportPath } from "./period/api-address.ts";
import { holdsToday } from "./period/dates.ts";
import { PeriodBar } from "./period/period-bar.tsx";
import { periodLine, periodTitle } from "./period/period-words.ts";
import { Answered, Empty } from "./states.tsx";

/** A period that holds today moves on. */
const REFRESH_MS = 60_000;

/** A past day, a week or a month. */
export function PeriodPage(): JSX.Element {
  const page = usePage();
  const { view, today, formats } = page;
  const isCurrent = holdsToday(view.period, today);
  const answer = useAnswer<PeriodReport>(reportPath(view), isCurrent ? REFRESH_MS : null);
  const title = periodTitle(formats, view.period, today);
  return (
    <>
      <PeriodBar title={title} hasCompare={true}>
        {answer.body === null || answer.isLoading
          ? "\u2026"
          : periodLine(page, view.period, overviewOf(answer.body))}
      </PeriodBar>
      <Answered what="The figures" answer={answer} timeText={(at) => formats.time(at)}>
        {(report) => <Period report={report} name={title} />}
      </Answered>
      <Exports />
    </>
  );
}

function Period(props: { readonly report: PeriodReport; readonly name: string }): JSX.Element {
  const overview = overviewOf(props.report);
  if (isForgotten(overview)) return <Forgotten overview={overview} />;
  return <OverviewParts overview={overview} isLive={false} name={props.name} />;
}

/** Days that are older than what is kept: said once, instead of a page of dashes. */
export function Forgotten({
  overview,
}: {
  readonly overview: ReturnType<typeof overviewOf>;
}): JSX.Element {
  const [tile] = overview.tiles.values();
  return (
    <Empty title="This period is not kept here">
      <p>{tile?.reason?.text ?? "It is older than what this gateway keeps."}</p>
      <p>
        Choose a later one, or look for it in the central store.{" "}
        <a href="/" data-link>
          Go to today
        </a>
      </p>
    </Empty>
  );
}
