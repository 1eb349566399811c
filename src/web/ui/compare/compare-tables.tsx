import type { JSX } from "preact";
import type { MetricId, MetricValue } from "../../../core/metric-value.ts";
import { ChangeText } from "../change-text.tsx";
import { groupsOf, STORE_GROUPS } from "../figure-groups.ts";
import type { Overview, Part } from "../overview.ts";
import { METRIC_NAMES } from "../words.ts";
import { Cell } from "../zones.tsx";

/** Names of the two periods, as the columns are headed. */
type Names = readonly [now: string, before: string];

/** All figures of the shop, in both periods, with their difference. */
export function CompareFigures(props: {
  readonly overview: Overview;
  readonly names: Names;
}): JSX.Element {
  const { overview, names } = props;
  const groups = groupsOf(STORE_GROUPS, overview.tiles.keys(), ["occupancy"]);
  return (
    <section class="card" aria-labelledby="compare-title">
      <h2 id="compare-title">Figures</h2>
      <table class="compare">
        <Head heading="Figure" names={names} />
        {groups.map((group) => (
          <tbody key={group.id}>
            <tr class="group-row">
              <th colSpan={4} scope="colgroup">
                {group.name}
              </th>
            </tr>
            {group.metrics.map((metric) => (
              <Row
                key={metric}
                name={METRIC_NAMES[metric]}
                rowKey={metric}
                scopeNames={names}
                now={overview.tiles.get(metric)}
                before={overview.before.get(metric)}
              />
            ))}
          </tbody>
        ))}
      </table>
    </section>
  );
}

/** One figure of every zone or door, in both periods, with its difference. */
export function CompareParts(props: {
  readonly parts: readonly Part[];
  readonly metric: MetricId;
  readonly names: Names;
  readonly heading: string;
}): JSX.Element {
  const { parts, metric, names, heading } = props;
  return (
    <table class="compare">
      <Head heading={heading} names={names} />
      <tbody>
        {parts.map((part) => (
          <Row
            key={part.id}
            name={part.name}
            rowKey={part.id}
            scopeNames={[`${part.name}, ${names[0]}`, `${part.name}, ${names[1]}`]}
            now={part.values.get(metric)}
            before={part.before.get(metric)}
          />
        ))}
      </tbody>
    </table>
  );
}

function Head(props: { readonly heading: string; readonly names: Names }): JSX.Element {
  return (
    <thead>
      <tr>
        <th scope="col">{props.heading}</th>
        <th scope="col">{props.names[0]}</th>
        <th scope="col">{props.names[1]}</th>
        <th scope="col">Change</th>
      </tr>
    </thead>
  );
}

interface RowProps {
  readonly name: string;
  readonly rowKey: string;
  /** What the two values are of, for those who cannot see the headings. */
  readonly scopeNames: Names;
  readonly now: MetricValue | undefined;
  readonly before: MetricValue | undefined;
}

function Row({ name, rowKey, scopeNames, now, before }: RowProps): JSX.Element {
  if (now?.value === null && (before?.value ?? null) === null) {
    return (
      <tr data-row={rowKey}>
        <th scope="row">{name}</th>
        <td colSpan={3} class="compare-unknown">
          <Cell metric={now} zoneName={scopeNames[0]} /> {now.reason?.text}
        </td>
      </tr>
    );
  }
  return (
    <tr data-row={rowKey}>
      <th scope="row">{name}</th>
      <td>
        <Cell metric={now} zoneName={scopeNames[0]} />
      </td>
      <td>
        <Cell metric={before} zoneName={scopeNames[1]} />
      </td>
      <td class="compare-change">
        {now === undefined ? null : (
          <ChangeText now={now} before={before} beforeName={scopeNames[1]} />
        )}
      </td>
    </tr>
  );
}
