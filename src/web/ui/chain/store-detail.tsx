import type { JSX } from "preact";
import type { z } from "zod";
import type { metricsAnswer, storeAnswer } from "../../../wire/central-answers.ts";
import { createFormats, EN_DASH, formatNumber } from "../format.ts";
import { Failed, Waiting } from "../states.tsx";
import { agoText, completeText, countText, shareText, storeName } from "./chain-words.ts";
import { Needs } from "./store-list.tsx";
import { useAnswer } from "./use-answer.ts";

type Store = z.output<typeof storeAnswer>;
type Days = z.output<typeof metricsAnswer>;

const DAY_MS = 86_400_000;
const DAYS = 15;
const PERIOD_MS = 30_000;

/** One store: how it stands, its present day, its last two weeks, its gateways and what was lost. */
export function StoreDetail({ storeId }: { readonly storeId: string }): JSX.Element {
  const path = `/api/v1/stores/${encodeURIComponent(storeId)}`;
  const { value, fault, retry } = useAnswer<Store>(path, PERIOD_MS);
  const to = value === null ? null : Math.ceil(value.now / DAY_MS) * DAY_MS;
  const span = to === null ? "" : `from=${to - DAYS * DAY_MS}&to=${to}`;
  const days = useAnswer<Days>(to === null ? null : `${path}/metrics?metric=entrants&${span}`);
  if (value === null)
    return fault === null ? (
      <Waiting what="the store" />
    ) : (
      <Failed what="The store" fault={fault} onRetry={retry} />
    );
  const { store, now, gateways } = value;
  const formats = createFormats(undefined, store.timeZone ?? "UTC", store.currency ?? "EUR");
  const { today } = store;
  const sales = today?.netSales ?? null;
  const tiles: readonly (readonly [string, string])[] = [
    ["Entrants today", countText(today?.entrants ?? null)],
    ["Shopfront conversion", shareText(today?.shopfrontConversion ?? null)],
    ["Transactions", countText(today?.transactions ?? null)],
    ["Net sales", sales === null ? EN_DASH : formatNumber(formats, "net-sales", "minor", sales)],
    ["Sales conversion", shareText(today?.salesConversion ?? null)],
    ["Arrived today", completeText(store.completeness)],
    ["Last seen", agoText(store.lastSeenAt, now)],
  ];
  return (
    <>
      <section class="card" aria-labelledby="store-title">
        <h2 id="store-title">{storeName(store)}</h2>
        <Needs attention={store.attention} />
        <dl class="chain-tiles">
          {tiles.map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </section>
      <DayTable days={days.value} date={(at) => formats.date(at)} />
      <Gateways gateways={gateways} now={now} />
    </>
  );
}

function DayTable(props: {
  readonly days: Days | null;
  readonly date: (at: number) => string;
}): JSX.Element {
  const { days, date } = props;
  if (days === null) return <Waiting what="the last two weeks" />;
  return (
    <section class="card" aria-labelledby="days-title">
      <h2 id="days-title">Entrants, last two weeks</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Trading day</th>
            <th scope="col">Entrants</th>
            <th scope="col">Arrived</th>
            <th scope="col">Revision</th>
          </tr>
        </thead>
        <tbody>
          {days.values.toReversed().map((slot) => (
            <tr key={slot.from}>
              <th scope="row">{date(slot.from)}</th>
              <td>{countText(slot.value)}</td>
              <td>{completeText(slot.completeness)}</td>
              <td>{slot.revision === 0 ? EN_DASH : slot.revision}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {days.values.length === 0 ? <p class="quiet">No figures yet.</p> : null}
    </section>
  );
}

function Gateways({ gateways, now }: Pick<Store, "gateways" | "now">): JSX.Element {
  const gaps = gateways.flatMap((one) =>
    one.gaps.map((gap) => ({ ...gap, gatewayId: one.gatewayId })),
  );
  return (
    <section class="card" aria-labelledby="gateways-title">
      <h2 id="gateways-title">Gateways</h2>
      <ul class="chain-gateways">
        {gateways.map(({ gatewayId, isOnline, freshness, lastSeenAgeMs, sensors }) => (
          <li key={gatewayId}>
            <strong>{gatewayId}</strong> {isOnline ? "online" : "offline"}, health {freshness}, last
            heard {agoText(now - lastSeenAgeMs, now)}
            {sensors.length === 0
              ? null
              : `; ${sensors.map(({ id, state }) => `${id} ${state}`).join(", ")}`}
          </li>
        ))}
      </ul>
      <h3>Events that will never come</h3>
      {gaps.length === 0 ? (
        <p class="quiet">None.</p>
      ) : (
        <ul class="chain-gateways">
          {gaps.map(({ gatewayId, epoch, stream, from, n, why, receivedAt }) => (
            <li key={`${gatewayId} ${epoch} ${stream} ${from}`}>
              {countText(n)} of stream {stream} of {gatewayId} ({why}), told{" "}
              {agoText(receivedAt, now)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
