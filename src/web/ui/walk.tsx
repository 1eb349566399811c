import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { WalkView } from "../walk-view.ts";
import { useNow, usePage } from "./context.ts";
import { useWalk, type WalkDrive } from "./walk-call.ts";
import { Drop } from "./walk-drop.tsx";
import { WalkResult } from "./walk-result.tsx";
import { minutesText } from "./walk-words.ts";
import { WalkReceivers, WalkZones } from "./walk-zones.tsx";

/** The page for a phone in one hand: carry a tag, tap the zone, see what it is worth. */
export function Walk(): JSX.Element {
  const drive = useWalk();
  const { knowledge, refusal } = drive;
  return (
    <div class="walk">
      <h1>Walk</h1>
      {knowledge.kind === "loading" && <p class="quiet">Asking the gateway…</p>}
      {knowledge.kind === "failed" && (
        <p class="sensor-why" role="alert">
          The gateway did not answer. This page keeps trying.
        </p>
      )}
      {knowledge.kind === "known" && <Stage view={knowledge.view} drive={drive} />}
      {refusal !== null && (
        <p class="attention-item is-fault" role="alert" data-testid="walk-refusal">
          <strong>{refusal.message}</strong> {refusal.hint}
        </p>
      )}
    </div>
  );
}

function Stage(props: { readonly view: WalkView; readonly drive: WalkDrive }): JSX.Element {
  const { view, drive } = props;
  switch (view.state) {
    case "idle":
      return <Start view={view} drive={drive} />;
    case "walking":
    case "paused":
      return <Walking view={view} drive={drive} />;
    case "working":
      return (
        <p class="card" role="status">
          Working out what this walk is worth. That takes some seconds, on a small computer half a
          minute.
        </p>
      );
    case "done":
      return <WalkResult view={view} drive={drive} />;
  }
}

function Start(props: { readonly view: WalkView; readonly drive: WalkDrive }): JSX.Element {
  const { view, drive } = props;
  const [tagId, setTagId] = useState(view.tags[0]?.id ?? "");
  if (view.obstacle !== null) {
    return (
      <section class="card" aria-labelledby="obstacle-title">
        <h2 id="obstacle-title">Not yet</h2>
        <p>{view.obstacle}</p>
      </section>
    );
  }
  return (
    <section class="card walk-start" aria-labelledby="start-title">
      <h2 id="start-title">Teach the gateway its zones</h2>
      <ol class="walk-how">
        <li>Take one tag into your hand or pocket, as a customer would carry it.</li>
        <li>Go into a zone and press its name. Walk around in it for about two minutes.</li>
        <li>Do so in every zone, then finish. Nothing is kept before you save it.</li>
      </ol>
      <label class="walk-choice">
        <span>Tag you carry</span>
        <select value={tagId} onChange={(event) => setTagId(event.currentTarget.value)}>
          {view.tags.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {view.tagCount > view.tags.length && (
        <p class="quiet">
          The first {view.tags.length} of {view.tagCount} tags are listed; any other can be carried
          with <code>vitrine site walk</code>.
        </p>
      )}
      <button
        type="button"
        class="button walk-wide"
        disabled={drive.isBusy}
        onClick={() => drive.send({ method: "POST", path: "/api/walk", body: { tagId } })}
      >
        Start the walk
      </button>
    </section>
  );
}

function Walking(props: { readonly view: WalkView; readonly drive: WalkDrive }): JSX.Element {
  const { view, drive } = props;
  const press = (path: string): void => drive.send({ method: "POST", path });
  return (
    <>
      <Whereabouts view={view} />
      <WalkZones view={view} drive={drive} />
      <WalkReceivers receivers={view.receivers} />
      {view.notes.map((note) => (
        <p key={note} class="attention-item">
          {note}
        </p>
      ))}
      <div class="walk-bar">
        <button
          type="button"
          class="plain-button"
          disabled={!view.canUndo}
          onClick={() => press("/api/walk/undo")}
        >
          Undo
        </button>
        <button
          type="button"
          class="plain-button"
          disabled={view.here === null}
          onClick={() => press("/api/walk/pause")}
        >
          Pause
        </button>
        <button
          type="button"
          class="button"
          disabled={drive.isBusy || !view.zones.some(({ stayedMs }) => stayedMs > 0)}
          onClick={() => press("/api/walk/finish")}
        >
          Finish
        </button>
      </div>
      <Drop drive={drive} text="Drop this walk" />
    </>
  );
}

/** From here on the end of the walk is announced. */
const LAST_CALL_MS = 600_000;

/** Where the carrier stands, and how long the walk may still last. */
function Whereabouts({ view }: { readonly view: WalkView }): JSX.Element {
  const { store } = usePage();
  const now = useNow(store);
  const here = view.zones.find(({ id }) => id === view.here);
  const missing = view.zones.filter(({ stayedMs }) => stayedMs < view.wantedMs);
  const leftMs = view.endsAt === null || Number.isNaN(now) ? null : view.endsAt - now;
  return (
    <div class="walk-where">
      <p role="status" data-testid="walk-here">
        {view.state === "paused" && <strong>Paused. Press a zone to go on.</strong>}
        {view.state === "walking" && here === undefined && (
          <strong>Go into a zone and press its name.</strong>
        )}
        {here !== undefined && (
          <>
            You are in <strong>{here.name}</strong>
          </>
        )}
      </p>
      <p class="quiet">
        {missing.length === 0
          ? "Every zone has its two minutes: finish when you like."
          : `${missing.length} of ${view.zones.length} zones still want time`}
        {leftMs !== null &&
          leftMs > 0 &&
          leftMs < LAST_CALL_MS &&
          ` · the walk ends in ${minutesText(leftMs)}`}
        {" · "}
        {view.tag?.name}
      </p>
    </div>
  );
}
