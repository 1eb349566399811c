import type { JSX } from "preact";
import type { MetricValue } from "../../../core/metric-value.ts";
import type { CommonPath, JourneysReport } from "../../../metrics/reports/reports.ts";
import { usePage } from "../context.ts";
import { EN_DASH, formatMetric } from "../format.ts";
import { isWithheld, leastCellOf, placeName } from "./transitions.ts";

/** Pairs of zones that are shown; more are in the export. */
const MAX_PAIRS = 10;

/** The ways through the shop that several visits took; never one person's. */
export function Paths({ report }: { readonly report: JourneysReport }): JSX.Element {
  const { view, formats } = usePage();
  const isHere = (path: CommonPath): boolean =>
    view.zone === null || path.zones.includes(view.zone);
  const paths = report.paths.filter(isHere);
  const { rareVisits, pathVisits } = report;
  return (
    <section class="card paths" aria-labelledby="paths-title">
      <h2 id="paths-title">Commonest paths</h2>
      {paths.length === 0 ? (
        <p class="quiet">
          {pathVisits === 0
            ? (report.pathReason?.text ?? "No visit with its zones is known in this period.")
            : "No path was taken often enough to be shown."}
        </p>
      ) : (
        <ol class="path-list">
          {paths.map((path) => (
            <PathRow key={path.zones.join(">")} path={path} report={report} />
          ))}
        </ol>
      )}
      {pathVisits > 0 && (
        <p class="quiet">
          {formats.count(pathVisits)} visits with a known path; {formats.count(rareVisits)} of them
          took one too rare to be shown.
        </p>
      )}
    </section>
  );
}

function PathRow(props: {
  readonly path: CommonPath;
  readonly report: JourneysReport;
}): JSX.Element {
  const { formats } = usePage();
  const { path, report } = props;
  const names = path.zones.map((id) => placeName(report, id));
  return (
    <li>
      <p class="path-zones">
        {names.length === 0 && <span class="quiet">No stop at all</span>}
        {names.map((name, i) => (
          // A path may come back to a zone, so its place is part of the key.
          <span key={`${i}${name}`}>
            {i > 0 && <span class="path-arrow"> {"\u2192"} </span>}
            {name}
          </span>
        ))}
      </p>
      <p class="path-figures">
        <strong>{formats.count(path.visits)}</strong> visits
        <span class="quiet">
          , {formats.percent(path.shareOfVisits)} of all
          {path.boughtRatio !== null && `; ${formats.percent(path.boughtRatio, 0)} bought`}
        </span>
      </p>
    </li>
  );
}

/** Zones that are visited together more, or less, often than by chance. */
export function Lifts({ report }: { readonly report: JourneysReport }): JSX.Element {
  const { view } = usePage();
  const inView = report.lifts.filter(({ scope }) => {
    if (scope.kind !== "zone-pair" || view.zone === null) return scope.kind === "zone-pair";
    return scope.from === view.zone || scope.to === view.zone;
  });
  const known = inView
    .filter(({ value }) => value !== null)
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
    .slice(0, MAX_PAIRS);
  const withheld = inView.filter(isWithheld).length;
  const least = leastCellOf(report.lifts);
  return (
    <section class="card lifts" aria-labelledby="lifts-title">
      <h2 id="lifts-title">Visited together</h2>
      {known.length === 0 ? (
        <p class="quiet">
          {report.pathReason?.text ??
            report.lifts[0]?.reason?.text ??
            "No two zones were visited on one visit yet."}
        </p>
      ) : (
        <ul class="lift-list">
          {known.map((lift) => (
            <LiftRow key={liftKey(lift)} lift={lift} report={report} />
          ))}
        </ul>
      )}
      {withheld > 0 && least !== null && (
        <p class="quiet">
          {withheld === 1 ? "1 pair is" : `${withheld} pairs are`} withheld: fewer than {least}{" "}
          visits, or none.
        </p>
      )}
    </section>
  );
}

const liftKey = ({ scope }: MetricValue): string =>
  scope.kind === "zone-pair" ? `${scope.from}>${scope.to}` : "";

function LiftRow(props: {
  readonly lift: MetricValue;
  readonly report: JourneysReport;
}): JSX.Element | null {
  const { formats, show } = usePage();
  const { lift, report } = props;
  const { scope, value } = lift;
  if (scope.kind !== "zone-pair" || value === null) return null;
  const pair = `${placeName(report, scope.from)} and ${placeName(report, scope.to)}`;
  const text = formatMetric(formats, lift);
  return (
    <li>
      <span>{pair}</span>
      <button
        type="button"
        class="cell"
        aria-haspopup="dialog"
        aria-label={`Cross-shopping, ${pair}: ${text === EN_DASH ? "unknown" : text}`}
        onClick={() => show(lift, pair)}
      >
        {text}
      </button>
      <span class="quiet lift-words">{liftWords(lift)}</span>
    </li>
  );
}

/** Beyond chance only where the interval says so. */
function liftWords({ value, ci95 }: MetricValue): string {
  if (value === null) return "";
  if (ci95 === null || (ci95[0] <= 1 && ci95[1] >= 1)) return "about as often as by chance";
  return value > 1 ? "oftener than by chance" : "less often than by chance";
}
