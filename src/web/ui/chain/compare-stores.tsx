import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { z } from "zod";
import type { MetricId, MetricUnit } from "../../../core/metric-value.ts";
import type { compareAnswer } from "../../../wire/central-answers.ts";
import { Refused } from "../fetch-json.ts";
import { createFormats, EN_DASH, formatNumber } from "../format.ts";
import { Failed, Waiting } from "../states.tsx";
import { saveAs } from "../table-csv.ts";
import { askText } from "./ask.ts";
import { completeText, countText, storeName } from "./chain-words.ts";
import { useAnswer } from "./use-answer.ts";

type Compared = z.output<typeof compareAnswer>;
interface Definitions {
  readonly definitions: readonly { readonly metric: string; readonly name: string }[];
}

const DAY_MS = 86_400_000;
const ROWS = 200;
const HOW: Readonly<Record<Compared["how"], string>> = {
  sum: "Sum of the trading days that begin in these dates (UTC).",
  "ratio-of-sums": "One sum over another, over the trading days that begin in these dates (UTC).",
  "mean-of-days": "Plain mean of the trading days that begin in these dates (UTC).",
};
const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** One metric of all stores, the highest first, and as a file. */
export function CompareStores({ now }: { readonly now: number }): JSX.Element {
  const [metric, setMetric] = useState("entrants");
  const [first, setFirst] = useState(dateOf(now - 7 * DAY_MS));
  const [last, setLast] = useState(dateOf(now));
  const [rows, setRows] = useState(ROWS);
  const definitions = useAnswer<Definitions>("/api/v1/definitions");
  const [from, to] = [Date.parse(first), Date.parse(last) + DAY_MS];
  const isSpan = to > from;
  const query = `?metric=${encodeURIComponent(metric)}&from=${from}&to=${to}`;
  const { value, fault, retry } = useAnswer<Compared>(isSpan ? `/api/v1/compare${query}` : null);
  return (
    <section class="card" aria-labelledby="compare-title">
      <h2 id="compare-title">Compare stores</h2>
      <form class="chain-filter" onSubmit={(event) => event.preventDefault()}>
        <label>
          Metric{" "}
          <select value={metric} onChange={(e) => setMetric(e.currentTarget.value)}>
            {(definitions.value?.definitions ?? [{ metric, name: metric }]).map((one) => (
              <option key={one.metric} value={one.metric}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          From <input type="date" value={first} onChange={(e) => setFirst(e.currentTarget.value)} />
        </label>
        <label>
          To <input type="date" value={last} onChange={(e) => setLast(e.currentTarget.value)} />
        </label>
        <SaveTable path={isSpan ? `/api/v1/compare.csv${query}` : null} name={`${metric}.csv`} />
      </form>
      {isSpan ? null : <p role="alert">The last day lies before the first.</p>}
      {fault === null ? null : <Failed what="The comparison" fault={fault} onRetry={retry} />}
      {value === null && fault === null && isSpan ? <Waiting what="the comparison" /> : null}
      {value === null ? null : <ComparedTable compared={value} rows={rows} />}
      {(value?.stores.length ?? 0) > rows ? (
        <button type="button" class="button" onClick={() => setRows(rows + ROWS)}>
          Show more
        </button>
      ) : null}
    </section>
  );
}

function ComparedTable(props: { readonly compared: Compared; readonly rows: number }): JSX.Element {
  const { how, stores, metric, unit } = props.compared;
  const formats = createFormats(undefined, "UTC", "EUR");
  const text = (value: number | null): string =>
    value === null
      ? EN_DASH
      : unit === "minor"
        ? formats.mean(value / 100)
        : formatNumber(formats, metric as MetricId, unit as MetricUnit, value);
  const sorted = stores.toSorted((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity));
  return (
    <>
      <p class="quiet">
        {HOW[how]}
        {unit === "minor" ? " In each store\u2019s own currency." : ""}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Store</th>
            <th scope="col">Value</th>
            <th scope="col">Days</th>
            <th scope="col">Arrived</th>
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, props.rows).map((store) => (
            <tr key={store.storeId}>
              <th scope="row">
                <a class="zone-link" href={`#/store/${encodeURIComponent(store.storeId)}`}>
                  {storeName(store)}
                </a>
              </th>
              <td>{text(store.value)}</td>
              <td>
                {countText(store.slots)} of {countText(store.days)}
              </td>
              <td>{completeText(store.completeness)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function SaveTable(props: { readonly path: string | null; readonly name: string }): JSX.Element {
  const { path, name } = props;
  const [fault, setFault] = useState<string | null>(null);
  const save = async (): Promise<void> => {
    if (path === null) return;
    try {
      saveAs(name, await askText(path));
      setFault(null);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setFault(error.message);
    }
  };
  return (
    <>
      <button
        type="button"
        class="plain-button"
        disabled={path === null}
        onClick={() => void save()}
      >
        Download CSV
      </button>
      {fault === null ? null : <span role="alert">{fault}</span>}
    </>
  );
}
