import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { StoreTile } from "../../../wire/central-answers.ts";
import {
  agoText,
  changeText,
  completeText,
  countText,
  filtered,
  shareText,
  storeName,
} from "./chain-words.ts";

/** Rows drawn at first and with each wish for more: a thousand at once would make every update slow. */
const ROWS = 100;

/** All stores, those that need attention first. */
export function StoreList(props: {
  readonly now: number;
  readonly stores: readonly StoreTile[];
}): JSX.Element {
  const { now, stores } = props;
  const [words, setWords] = useState("");
  const [isNeedOnly, setNeedOnly] = useState(false);
  const [rows, setRows] = useState(ROWS);
  const found = filtered(stores, words, isNeedOnly);
  const left = found.length - rows;
  return (
    <section class="card" aria-labelledby="stores-title">
      <div class="chain-head">
        <h2 id="stores-title">Stores</h2>
        <search class="chain-filter">
          <label>
            Filter{" "}
            <input type="search" value={words} onInput={(e) => setWords(e.currentTarget.value)} />
          </label>
          <label class="chain-check">
            <input
              type="checkbox"
              checked={isNeedOnly}
              onChange={(e) => setNeedOnly(e.currentTarget.checked)}
            />
            Needing attention only
          </label>
        </search>
        <p class="quiet" role="status">
          {countText(found.length)} of {countText(stores.length)} shown
        </p>
      </div>
      <div class="chain-table">
        <table>
          <thead>
            <tr>
              <th scope="col">Store</th>
              <th scope="col">Entrants today</th>
              <th scope="col">Against a week ago</th>
              <th scope="col">Shopfront conversion</th>
              <th scope="col">Sales conversion</th>
              <th scope="col">Arrived today</th>
              <th scope="col">Last seen</th>
            </tr>
          </thead>
          <tbody>
            {found.slice(0, rows).map((store) => (
              <StoreRow key={store.storeId} store={store} now={now} />
            ))}
          </tbody>
        </table>
      </div>
      {found.length === 0 ? <p class="quiet">No store fits the filter.</p> : null}
      {left > 0 ? (
        <button type="button" class="button" onClick={() => setRows(rows + ROWS)}>
          Show {countText(Math.min(left, ROWS))} more
        </button>
      ) : null}
    </section>
  );
}

function StoreRow({
  store,
  now,
}: {
  readonly store: StoreTile;
  readonly now: number;
}): JSX.Element {
  const { today, attention } = store;
  const change = changeText(store);
  return (
    <tr>
      <th scope="row">
        <a class="zone-link" href={`#/store/${encodeURIComponent(store.storeId)}`}>
          {storeName(store)}
        </a>
        <Needs attention={attention} />
      </th>
      <td>{countText(today?.entrants ?? null)}</td>
      <td>{change ?? "\u2013"}</td>
      <td>{shareText(today?.shopfrontConversion ?? null)}</td>
      <td>{shareText(today?.salesConversion ?? null)}</td>
      <td>{completeText(store.completeness)}</td>
      <td>{agoText(store.lastSeenAt, now)}</td>
    </tr>
  );
}

/** What needs attention in a store, in words; nothing when all is well. */
export function Needs({ attention }: Pick<StoreTile, "attention">): JSX.Element | null {
  if (attention.length === 0) return null;
  return (
    <ul class="needs">
      {attention.map(({ code, text }) => (
        <li key={code} class={`need need-${code}`}>
          {text}
        </li>
      ))}
    </ul>
  );
}
