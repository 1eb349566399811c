import type { JSX } from "preact";
import type { DeliveryStatus } from "../../core/delivery-status.ts";
import type { SensorStatus } from "../dashboard-source.ts";
import { hintOf, summaryOf } from "./attention.ts";
import { conditionWords } from "./conditions.ts";
import { useNow, usePage } from "./context.ts";
import { EN_DASH, formatAge } from "./format.ts";
import { Prose } from "./prose.tsx";

/** The state of a sensor in words. */
export const STATE_WORDS = {
  starting: "starting",
  seeing: "working",
  blind: "blind",
  stopped: "switched off",
} as const;

const KIND_WORDS = { camera: "camera", radio: "receiver" } as const;

/** Each camera and receiver with its state, since when, and why. */
export function Sensors({ sensors }: { readonly sensors: readonly SensorStatus[] }): JSX.Element {
  return (
    <section class="card" aria-labelledby="sensors-title">
      <h2 id="sensors-title">Sensors</h2>
      {sensors.length === 0 && (
        <p class="quiet">
          No camera and no receiver is configured. Add one under <code>cameras</code> or{" "}
          <code>radios</code> in the gateway file.
        </p>
      )}
      <ul class="sensors">
        {sensors.map((sensor) => (
          <Sensor key={sensor.sensorId} sensor={sensor} />
        ))}
      </ul>
    </section>
  );
}

function Sensor({ sensor }: { readonly sensor: SensorStatus }): JSX.Element {
  const { formats, store } = usePage();
  const now = useNow(store);
  const summary = summaryOf(sensor.code);
  const hint = hintOf(sensor.code);
  return (
    <li class="sensor" data-sensor={sensor.sensorId}>
      <p class="sensor-head">
        <strong>{sensor.name}</strong>
        <span class="quiet">{KIND_WORDS[sensor.kind]}</span>
        <span class={`state is-${sensor.state}`}>{STATE_WORDS[sensor.state]}</span>
        <span class="quiet">since {formats.moment(sensor.since, now)}</span>
      </p>
      {summary !== null && <p class="sensor-why">{summary}</p>}
      {hint !== null && (
        <p class="quiet">
          <Prose text={hint} />
        </p>
      )}
      {sensor.conditions.map((one) => {
        const { does, what, next } = conditionWords(one);
        return (
          <p key={one.condition} class="sensor-why" data-condition={one.condition}>
            It {does} since {formats.moment(one.since, now)}. {what} <Prose text={next} />
          </p>
        );
      })}
      <SensorFacts sensor={sensor} />
    </li>
  );
}

/** So many figures of a sensor stand open while nothing is wrong with it; a shop may have a dozen receivers. */
const OPEN_FACTS = 2;

function SensorFacts({ sensor }: { readonly sensor: SensorStatus }): JSX.Element {
  const { facts, state, conditions, name } = sensor;
  const isCalm = state === "seeing" && conditions.length === 0;
  const open = isCalm ? facts.slice(0, OPEN_FACTS) : facts;
  const rest = facts.slice(open.length);
  return (
    <>
      {open.length > 0 && <FactLine facts={open} />}
      {rest.length > 0 && (
        <details class="sensor-more">
          <summary aria-label={`More figures of ${name}`}>More figures</summary>
          <FactLine facts={rest} />
        </details>
      )}
    </>
  );
}

function FactLine({ facts }: { readonly facts: SensorStatus["facts"] }): JSX.Element {
  return (
    <p class="sensor-facts">
      {facts.map(([label, text]) => (
        <span key={label}>
          <span class="quiet">{label}</span> {text}
        </span>
      ))}
    </p>
  );
}

const DELIVERY_WORDS = {
  acked: "The central store confirms every event.",
  connected: "Connected to the broker; waiting for the central store to confirm.",
  offline: "Not connected. Events wait on this gateway; nothing is lost.",
  off: "No broker is configured. Events are kept on this gateway.",
} as const;

const DELIVERY_LABELS = {
  acked: "confirmed",
  connected: "connected",
  offline: "offline",
  off: "not configured",
} as const;

/** The way to the central store: what waits, and when it last confirmed. */
export function Delivery({ delivery }: { readonly delivery: DeliveryStatus }): JSX.Element {
  const { formats, store } = usePage();
  const now = useNow(store);
  const acked =
    delivery.lastAckAt === null ? EN_DASH : `${formatAge(now - delivery.lastAckAt)} ago`;
  const share = delivery.outboxCapBytes > 0 ? delivery.outboxBytes / delivery.outboxCapBytes : 0;
  const facts: readonly (readonly [string, string])[] = [
    ["Waiting events", formats.count(delivery.outboxEvents)],
    ["Oldest waiting", delivery.oldestAgeMs === null ? "none" : formatAge(delivery.oldestAgeMs)],
    ["Last confirmed", acked],
    ["Outbox", `${formats.bytes(delivery.outboxBytes)}, ${formats.percent(share)} of its cap`],
    ...(delivery.shedEvents > 0
      ? [["Given up at the cap", formats.count(delivery.shedEvents)] as const]
      : []),
  ];
  return (
    <section class="card" aria-labelledby="delivery-title" data-testid="delivery">
      <h2 id="delivery-title">
        Delivery <span class={`state is-${delivery.state}`}>{DELIVERY_LABELS[delivery.state]}</span>
      </h2>
      <p>{DELIVERY_WORDS[delivery.state]}</p>
      {delivery.code !== null && <p class="sensor-why">{summaryOf(delivery.code)}</p>}
      <dl class="facts">
        {facts.map(([label, text]) => (
          <div key={label} class="fact">
            <dt>{label}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
