import type { JSX } from "preact";
import type { MetricValue } from "../../core/metric-value.ts";
import type { ZoneToday } from "../../metrics/today.ts";
import { usePage } from "./context.ts";
import { formatMetric } from "./format.ts";
import { badgesOf } from "./quality.ts";
import { METRIC_NAMES, ZONE_WORDS } from "./words.ts";

/** People, visits and dwell of each zone. */
export function Zones({ zones }: { readonly zones: readonly ZoneToday[] }): JSX.Element {
  return (
    <section class="card" aria-labelledby="zones-title">
      <h2 id="zones-title">Zones</h2>
      {zones.length === 0 ? (
        <p class="quiet">
          No zones are drawn yet. Draw the areas whose visits and dwell you want to know in the site
          plan.
        </p>
      ) : (
        <table class="zones">
          <thead>
            <tr>
              <th scope="col">Zone</th>
              <th scope="col">Now</th>
              <th scope="col">Visits</th>
              <th scope="col">Median dwell</th>
              <th scope="col">Total dwell</th>
            </tr>
          </thead>
          <tbody>
            {zones.map((zone) => (
              <ZoneRow key={zone.zoneId} zone={zone} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function ZoneRow({ zone }: { readonly zone: ZoneToday }): JSX.Element {
  const { formats } = usePage();
  const cells = [zone.peopleNow, zone.visits, zone.dwellMedian, zone.dwellTotal];
  const notes = new Set(
    cells.flatMap((metric) =>
      metric.value === null
        ? (metric.reason?.text ?? "not known")
        : badgesOf(metric, formats).filter((badge) => badge !== "see note"),
    ),
  );
  return (
    <tr data-zone={zone.zoneId}>
      <th scope="row">
        {zone.name}
        <span class="zone-kind">{ZONE_WORDS[zone.kind]}</span>
        {[...notes].map((note) => (
          <span key={note} class="zone-note">
            {note}
          </span>
        ))}
      </th>
      {cells.map((metric) => (
        <td key={metric.metric}>
          <Cell metric={metric} zoneName={zone.name} />
        </td>
      ))}
    </tr>
  );
}

function Cell(props: { readonly metric: MetricValue; readonly zoneName: string }): JSX.Element {
  const { formats, show } = usePage();
  const text = formatMetric(formats, props.metric);
  const unknown = props.metric.value === null ? " unknown" : "";
  return (
    <button
      type="button"
      class="cell"
      data-metric={props.metric.metric}
      aria-haspopup="dialog"
      aria-label={`${METRIC_NAMES[props.metric.metric]}, ${props.zoneName}: ${text}${unknown}`}
      onClick={() => show(props.metric)}
    >
      {text}
    </button>
  );
}
