import type { JSX } from "preact";
import type { WalkReceiverView, WalkView, WalkZoneView } from "../walk-view.ts";
import type { WalkDrive } from "./walk-call.ts";
import { levelRatio, levelWords, minutesText } from "./walk-words.ts";

/** One large button a zone: pressed = here; with the time spent in it. */
export function WalkZones(props: {
  readonly view: WalkView;
  readonly drive: WalkDrive;
}): JSX.Element {
  const { view, drive } = props;
  return (
    <section aria-labelledby="walk-zones-title">
      <h2 id="walk-zones-title" class="visually-hidden">
        Zones
      </h2>
      <ul class="walk-zones">
        {view.zones.map((zone) => (
          <li key={zone.id}>
            <ZoneButton
              zone={zone}
              isHere={zone.id === view.here}
              wantedMs={view.wantedMs}
              onPress={() =>
                drive.send({ method: "POST", path: "/api/walk/tap", body: { zoneId: zone.id } })
              }
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function ZoneButton(props: {
  readonly zone: WalkZoneView;
  readonly isHere: boolean;
  readonly wantedMs: number;
  readonly onPress: () => void;
}): JSX.Element {
  const { zone, isHere, wantedMs } = props;
  const ratio = Math.min(1, zone.stayedMs / wantedMs);
  const isEnough = ratio >= 1;
  return (
    <button
      type="button"
      class="walk-zone"
      aria-pressed={isHere}
      data-zone={zone.id}
      onClick={props.onPress}
    >
      <span class="walk-zone-name">{zone.name}</span>
      <span class="walk-zone-time">
        {minutesText(zone.stayedMs)}
        {isEnough ? <span class="walk-enough"> enough</span> : ` of ${minutesText(wantedMs)}`}
      </span>
      <span class="walk-track" aria-hidden="true">
        <span class="walk-fill" style={{ width: `${(ratio * 100).toFixed(1)}%` }} />
      </span>
    </button>
  );
}

/** How strongly each receiver hears the tag now. Levels, never metres: a level is not a distance. */
export function WalkReceivers(props: {
  readonly receivers: readonly WalkReceiverView[];
}): JSX.Element {
  const silent = props.receivers.filter(({ readings }) => readings === 0).length;
  return (
    <section class="card" aria-labelledby="walk-receivers-title">
      <h2 id="walk-receivers-title">Receivers</h2>
      <p class="quiet">
        {silent === 0
          ? "All of them have heard the tag."
          : `${silent} of ${props.receivers.length} have not heard the tag yet.`}
      </p>
      <ul class="walk-receivers">
        {props.receivers.map(({ id, name, levelDbm }) => (
          <li key={id} data-receiver={id}>
            <span>{name}</span>
            <span class="quiet">
              {levelWords(levelDbm)}
              {levelDbm !== null && `, ${String(levelDbm).replace("-", "\u2212")} dBm`}
            </span>
            <span class="walk-track" aria-hidden="true">
              <span
                class="walk-fill"
                style={{ width: `${(levelRatio(levelDbm) * 100).toFixed(1)}%` }}
              />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
