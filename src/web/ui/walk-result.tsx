import type { JSX } from "preact";
import type { WalkResultView, WalkView, WalkZoneResult } from "../walk-view.ts";
import { usePage } from "./context.ts";
import { EN_DASH } from "./format.ts";
import type { WalkDrive } from "./walk-call.ts";
import { Drop } from "./walk-drop.tsx";
import { worstMistake } from "./walk-words.ts";

const TITLES: Readonly<Record<WalkResultView["verdict"], string>> = {
  better: "This walk makes the zones clearer",
  "no-better": "This walk makes nothing better",
  "too-short": "Too short to say",
};

/** What a finished walk is worth, zone by zone, and whether to keep it. */
export function WalkResult(props: {
  readonly view: WalkView;
  readonly drive: WalkDrive;
}): JSX.Element {
  const { view, drive } = props;
  const { result } = view;
  if (result === null) return <p class="card">The result is not there. Walk again.</p>;
  return (
    <>
      <section class="card" aria-labelledby="result-title" data-testid="walk-result">
        <h2 id="result-title">{TITLES[result.verdict]}</h2>
        {result.verdict !== "too-short" && <Accuracy result={result} />}
        {view.notes.map((note) => (
          <p key={note}>{note}</p>
        ))}
        <ul class="walk-advice">
          {result.advice.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </section>
      <ZoneTable result={result} />
      <Keep result={result} drive={drive} />
    </>
  );
}

function Accuracy({ result }: { readonly result: WalkResultView }): JSX.Element {
  const share = useShare();
  return (
    <>
      <dl class="walk-figures">
        <div>
          <dt>Right before</dt>
          <dd>{share(result.accuracyBefore)}</dd>
        </div>
        <div>
          <dt>Right with this walk</dt>
          <dd>{share(result.accuracyAfter)}</dd>
        </div>
      </dl>
      <p class="quiet">
        Over {result.seconds} seconds, each judged by what was learned in the other half of the
        stays.
      </p>
    </>
  );
}

function ZoneTable({ result }: { readonly result: WalkResultView }): JSX.Element {
  const share = useShare();
  return (
    <section class="card" aria-labelledby="confusion-title">
      <h2 id="confusion-title">Zone by zone</h2>
      <table class="zones walk-table">
        <thead>
          <tr>
            <th scope="col">Zone</th>
            <th scope="col">Before</th>
            <th scope="col">With walk</th>
          </tr>
        </thead>
        <tbody>
          {result.zones.map((zone) => (
            <tr key={zone.id} data-zone={zone.id}>
              <th scope="row">{zone.name}</th>
              <td>
                {share(zone.rightBefore)}
                <TakenFor zone={zone} placedS={zone.placedBeforeS} result={result} />
              </td>
              <td>
                {share(zone.rightAfter)}
                <TakenFor zone={zone} placedS={zone.placedAfterS} result={result} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function TakenFor(props: {
  readonly zone: WalkZoneResult;
  readonly placedS: readonly number[];
  readonly result: WalkResultView;
}): JSX.Element | null {
  const share = useShare();
  const worst = worstMistake(props.zone, props.placedS, props.result.zones);
  if (worst === null) return null;
  return (
    <span class="zone-note">
      {worst.what} {share(worst.ratio)}
    </span>
  );
}

function Keep(props: { readonly result: WalkResultView; readonly drive: WalkDrive }): JSX.Element {
  const { result, drive } = props;
  if (result.isSaved) {
    return (
      <>
        <p class="all-well" role="status">
          <span class="tick" aria-hidden="true" />
          Saved: {result.points} survey points are in the site plan and in use.
        </p>
        <Again drive={drive} />
      </>
    );
  }
  const isWorthIt = result.verdict === "better";
  return (
    <>
      {result.points > 0 && (
        <button
          type="button"
          class={isWorthIt ? "button walk-wide" : "plain-button walk-wide"}
          disabled={drive.isBusy}
          onClick={() => drive.send({ method: "POST", path: "/api/walk/save" })}
        >
          {isWorthIt ? "Save" : "Save all the same"}
        </button>
      )}
      <Drop drive={drive} text="Drop it" />
    </>
  );
}

function Again({ drive }: { readonly drive: WalkDrive }): JSX.Element {
  return (
    <button
      type="button"
      class="plain-button walk-wide"
      onClick={() => drive.send({ method: "DELETE", path: "/api/walk" })}
    >
      Walk again
    </button>
  );
}

function useShare(): (ratio: number | null) => string {
  const { formats } = usePage();
  return (ratio) => (ratio === null ? EN_DASH : formats.percent(ratio, 0));
}
