import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Purpose, Refusal } from "../../../core/consent.ts";
import type { StationActView, StationAnswer } from "../../station/station-view.ts";
import { ask } from "./ask.ts";
import { Heading } from "./parts.tsx";
import type { LookWish, ScreenProps } from "./screens.ts";
import type { StationWords } from "./words.ts";

const POLL_MS = 400;
/** Good pictures that are needed, as `AGREEING_FRAMES` of the chain. */
const WANTED = 3;

/** While the camera is on: what to do in words, and a way to stop it. */
export function LookPage(props: ScreenProps & { readonly wish: LookWish }): JSX.Element {
  const { words, go, onFault, wish } = props;
  const [view, setView] = useState<StationActView | null>(null);
  useEffect(() => {
    let isGone = false;
    const { act, ...body } = wish;
    const sent = "wish" in body ? { code: body.code, ...body.wish } : body;
    ask<StationAnswer>(`/${act}`, sent)
      .then((answer) => {
        const code = "code" in wish ? wish.code : null;
        if (!isGone) go({ at: "end", answer, look: wish, code });
      })
      .catch(onFault);
    const poll = setInterval(() => {
      ask<StationActView>("/act")
        .then((now) => {
          if (!isGone) setView(now);
        })
        // A poll that fails says nothing: the answer of the look itself will.
        .catch(() => undefined);
    }, POLL_MS);
    return () => {
      isGone = true;
      clearInterval(poll);
    };
  }, [wish, go, onFault]);
  return (
    <>
      <Heading>{words.lookTitle}</Heading>
      <div class="panel look">
        <p class="hint" role="status">
          {hintOf(view, words)}
        </p>
        <progress
          max={WANTED}
          value={Math.min(view?.taken ?? 0, WANTED)}
          aria-label={words.looking}
        />
      </div>
      <div class="buttons">
        <button type="button" onClick={() => ask("/stop", {}).catch(onFault)}>
          {words.cancel}
        </button>
      </div>
    </>
  );
}

function hintOf(view: StationActView | null, words: StationWords): string {
  if (view?.act == null) return words.look;
  if (view.hint !== null) return words.refusals[view.hint];
  return view.taken > 0 ? words.good(Math.min(view.taken, WANTED), WANTED) : words.look;
}

/** Refusals that a consent puts right, and those that a new set-up of the face does. */
const BY_CONSENT: readonly Refusal[] = ["no-grant", "grant-expired", "grant-revoked"];
const BY_SET_UP: readonly Refusal[] = ["not-enrolled", "template-foreign", "template-damaged"];

/** The purpose to agree to (anew) after a refusal; null: that would not help. Pure. */
function remedyOf(answer: StationAnswer, look: LookWish | null): Purpose | null {
  if (answer.kind !== "refused") return null;
  const isMissing = BY_CONSENT.includes(answer.reason);
  if (look?.act !== "verify") return isMissing ? "loyalty-beacon" : null;
  return isMissing || BY_SET_UP.includes(answer.reason) ? "loyalty-face" : null;
}

/** How something ended, what helps now, and never a dead end. */
export function EndPage(
  props: ScreenProps & {
    readonly answer: StationAnswer;
    readonly look: LookWish | null;
    readonly code: string | null;
  },
): JSX.Element {
  const { facts, words, go, answer, look, code } = props;
  const isRefused = answer.kind === "refused";
  const remedy = remedyOf(answer, look);
  const isOffered = facts.purposes.some(({ purpose }) => purpose === remedy);
  return (
    <>
      <Heading>{sentenceOf(answer, words)}</Heading>
      {isRefused && look !== null ? <p>{words.instead}</p> : null}
      <div class="buttons">
        {isRefused && look !== null && answer.next === "again" ? (
          <button type="button" class="main" onClick={() => go({ at: "look", wish: look })}>
            {words.tryAgain}
          </button>
        ) : null}
        {code !== null && remedy !== null && isOffered ? (
          <button
            type="button"
            class="main"
            onClick={() => go({ at: "agree", code, purpose: remedy })}
          >
            {words.purposes[remedy]}
          </button>
        ) : null}
        {code !== null && (look !== null ? isRefused : answer.kind === "agreed") ? (
          <button type="button" class="main" onClick={() => go({ at: "member", code })}>
            {words.goOnWithCode}
          </button>
        ) : null}
        <button type="button" onClick={() => go({ at: "start" })}>
          {words.done}
        </button>
      </div>
    </>
  );
}

function sentenceOf(answer: StationAnswer, words: StationWords): string {
  switch (answer.kind) {
    case "recognised":
      return answer.method === "face" ? words.recognisedByFace : words.recognisedByCode;
    case "enrolled":
      return words.enrolled;
    case "agreed":
      return words.agreed;
    case "forgotten":
      return words.forgotten[answer.state];
    case "refused":
      return words.refusals[answer.reason];
  }
}
