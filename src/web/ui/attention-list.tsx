import type { JSX } from "preact";
import type { StatusView } from "../dashboard-source.ts";
import { type AttentionItem, attentionOf } from "./attention.ts";
import { useNow, usePage } from "./context.ts";
import { Prose } from "./prose.tsx";

/** What needs a person; one calm line when nothing does. Its place is kept either way. */
export function Attention(props: {
  readonly status: StatusView;
  readonly isLive: boolean;
}): JSX.Element {
  const { status, isLive } = props;
  const items = attentionOf(status);
  return (
    <section class="attention" aria-labelledby="attention-title">
      <h2 id="attention-title" class={items.length === 0 ? "visually-hidden" : ""}>
        {isLive ? "Needs attention" : "Needed attention when last heard"}
      </h2>
      {items.length === 0 ? (
        <p class="all-well">
          {isLive && <span class="tick" aria-hidden="true" />}
          {isLive ? wellText(status) : LOST_TEXT}
        </p>
      ) : (
        <ul class="attention-list">
          {items.map((item) => (
            <Item key={item.id} item={item} />
          ))}
        </ul>
      )}
      {status.notices.length > 0 && (
        <ul class="notices" aria-label="Notices">
          {status.notices.map((notice) => (
            <li key={notice}>{notice}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Item({ item }: { readonly item: AttentionItem }): JSX.Element {
  const { formats, store } = usePage();
  const now = useNow(store);
  return (
    <li class={`attention-item is-${item.severity}`}>
      <p class="attention-title">
        <span class="severity">{item.severity === "fault" ? "Fault" : "Warning"}</span>
        {item.title}
        {item.since !== null && ` since ${formats.moment(item.since, now)}`}
      </p>
      <p>
        <Prose text={item.what} />
      </p>
      <p>
        <strong>What to do:</strong> <Prose text={item.next} />
      </p>
    </li>
  );
}

/** Without a connection nothing is known to be well. */
const LOST_TEXT =
  "Check that the gateway is on and that this device is in the shop\u2019s network.";

function wellText(status: StatusView): string {
  const seeing = status.sensors.filter((sensor) => sensor.state === "seeing").length;
  const all = status.sensors.filter((sensor) => sensor.state !== "stopped").length;
  const sensors =
    all === 0
      ? "No sensor is configured."
      : seeing === all
        ? `All ${all} sensors are working.`
        : `${seeing} of ${all} sensors are working, the others are starting.`;
  return `Nothing needs attention. ${all === 1 && seeing === 1 ? "The sensor is working." : sensors}`;
}
