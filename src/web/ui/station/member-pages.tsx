import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Purpose } from "../../../core/consent.ts";
import type { StationAnswer } from "../../station/station-view.ts";
import { ask } from "./ask.ts";
import { AgeChoice } from "./join-page.tsx";
import { CodeCard, CodeForm, Heading } from "./parts.tsx";
import type { FaceWish, ScreenProps } from "./screens.ts";

/** After joining: the code to keep, and the face if that was ticked. */
export function JoinedPage(
  props: ScreenProps & {
    readonly code: string;
    readonly faults: readonly string[];
    readonly face: FaceWish | null;
  },
): JSX.Element {
  const { words, go, code, faults, face } = props;
  return (
    <>
      <Heading>{words.joined}</Heading>
      {faults.map((fault) => (
        <p class="fault" key={fault}>
          {fault}
        </p>
      ))}
      <section class="panel" aria-labelledby="your-code">
        <h2 id="your-code">{words.yourCode}</h2>
        <p>{words.keepCode}</p>
        <CodeCard code={code} words={words} />
      </section>
      <div class="buttons">
        {face === null ? null : (
          <button
            type="button"
            class="main"
            onClick={() => go({ at: "look", wish: { act: "enrol", code, wish: face } })}
          >
            {words.setUpFace}
          </button>
        )}
        <button
          type="button"
          class={face === null ? "main" : undefined}
          onClick={() => go({ at: "start" })}
        >
          {face === null ? words.done : words.withoutFace}
        </button>
      </div>
    </>
  );
}

/** What a member did not agree to (any more) and can here; the face last, and only beside the code. */
function Missing(props: {
  readonly facts: ScreenProps["facts"];
  readonly words: ScreenProps["words"];
  readonly held: readonly Purpose[];
  readonly onChoice: (purpose: Purpose) => void;
}): JSX.Element {
  const { facts, words, held, onChoice } = props;
  const hasCode = held.includes("loyalty-beacon");
  const missing = facts.purposes
    .map(({ purpose }) => purpose)
    .filter((purpose) => !held.includes(purpose))
    .filter((purpose) => hasCode || purpose !== "loyalty-face");
  const isSetUp = held.includes("loyalty-face") && hasCode && facts.face !== "off";
  return (
    <>
      {missing.map((purpose) => (
        <button
          type="button"
          key={purpose}
          id={`agree-${purpose}`}
          onClick={() => onChoice(purpose)}
        >
          {words.purposes[purpose]}
        </button>
      ))}
      {isSetUp ? (
        <button type="button" id="set-up-again" onClick={() => onChoice("loyalty-face")}>
          {words.setUpAgain}
        </button>
      ) : null}
    </>
  );
}

/** A member with a code: both ways side by side, what was agreed to, and the way out of it. */
export function MemberPage(props: ScreenProps & { readonly code: string }): JSX.Element {
  const { facts, words, go, onFault, code } = props;
  const [held, setHeld] = useState<readonly Purpose[] | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    ask<{ readonly purposes: readonly Purpose[] }>("/consents", { code })
      .then(({ purposes }) => setHeld(purposes))
      .catch(onFault);
  }, [code, onFault]);
  const withCode = async (): Promise<void> => {
    const answer = await ask<StationAnswer>("/recognise", { code });
    go({ at: "end", answer, look: null, code });
  };
  const takeBack = async (purpose: Purpose): Promise<void> => {
    const answer = await ask<StationAnswer>("/forget", { code, purposes: [purpose] });
    if (answer.kind !== "forgotten") return;
    setHeld(held?.filter((other) => other !== purpose) ?? null);
    setSaid(words.takenBack[answer.state]);
  };
  const hasFace = held?.includes("loyalty-face") === true;
  const isFaceOn = facts.face !== "off";
  return (
    <>
      <Heading>{words.welcomeMember}</Heading>
      <section class="panel" aria-labelledby="go-on">
        <h2 id="go-on">{words.howToGoOn}</h2>
        <div class="buttons">
          <button type="button" class="main" onClick={() => withCode().catch(onFault)}>
            {words.goOnWithCode}
          </button>
          {isFaceOn && hasFace ? (
            <button
              type="button"
              class="main"
              onClick={() => go({ at: "look", wish: { act: "verify", code } })}
            >
              {words.confirmByFace}
            </button>
          ) : null}
        </div>
        {isFaceOn ? <p class="quiet">{words.sameEither}</p> : null}
      </section>
      <section class="panel" aria-labelledby="consents" aria-busy={held === null}>
        <h2 id="consents">{words.yourConsents}</h2>
        <p role="status">{said}</p>
        {held?.length === 0 ? <p>{words.noConsents}</p> : null}
        <ul class="consents">
          {held?.map((purpose) => (
            <li key={purpose}>
              <span id={`held-${purpose}`}>{words.purposes[purpose]}</span>
              <button
                type="button"
                id={`back-${purpose}`}
                aria-labelledby={`back-${purpose} held-${purpose}`}
                onClick={() => takeBack(purpose).catch(onFault)}
              >
                {words.takeBack}
              </button>
            </li>
          ))}
        </ul>
        <div class="buttons">
          {held === null ? null : (
            <Missing
              {...{ facts, words, held }}
              onChoice={(purpose) => go({ at: "agree", code, purpose })}
            />
          )}
          <button type="button" onClick={() => go({ at: "forget", code })}>
            {words.forgetMe}
          </button>
        </div>
      </section>
      <button type="button" onClick={() => go({ at: "start" })}>
        {words.done}
      </button>
    </>
  );
}

/** A member agrees to something later, or anew: the same notice, the same question. */
export function AgreePage(
  props: ScreenProps & { readonly code: string; readonly purpose: Purpose },
): JSX.Element {
  const { facts, words, go, onFault, code, purpose } = props;
  const [isAdult, setAdult] = useState<boolean | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const notice = facts.purposes.find((offered) => offered.purpose === purpose);
  const isFace = purpose === "loyalty-face";
  const agree = async (): Promise<void> => {
    if (isAdult !== true || notice === undefined) {
      setFault(isAdult === false ? words.refusals.minor : words.ageMissing);
      return;
    }
    const wish = { language: facts.language, isAdult, sha256: notice.sha256 };
    if (isFace) return go({ at: "look", wish: { act: "enrol", code, wish } });
    const answer = await ask<StationAnswer>("/agree", { code, purpose, ...wish });
    if (answer.kind === "refused") setFault(words.refusals[answer.reason]);
    else go({ at: "end", answer, look: null, code });
  };
  return (
    <>
      <Heading>{words.purposes[purpose]}</Heading>
      {[...facts.paragraphs, ...(notice?.paragraphs ?? [])].map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      <AgeChoice words={words} isAdult={isAdult} onChoice={setAdult} />
      {fault === null ? null : (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <div class="buttons">
        <button type="button" class="main" onClick={() => agree().catch(onFault)}>
          {isFace ? words.setUpFace : words.agreeToThis}
        </button>
        <button type="button" onClick={() => go({ at: "member", code })}>
          {words.back}
        </button>
      </div>
    </>
  );
}

/** "Forget me": what happens is said before it does. */
export function ForgetPage(props: ScreenProps & { readonly code: string | null }): JSX.Element {
  const { words, go, onFault, code } = props;
  const forget = async (): Promise<void> => {
    const answer = await ask<StationAnswer>("/forget", { code });
    go({ at: "end", answer, look: null, code: null });
  };
  return (
    <>
      <Heading>{words.forgetMe}</Heading>
      <p>{words.forgetSure}</p>
      {code === null ? (
        <CodeForm
          words={words}
          button={words.useCode}
          onCode={(shown) => go({ at: "forget", code: shown })}
        />
      ) : (
        <button type="button" class="main" onClick={() => forget().catch(onFault)}>
          {words.forgetAll}
        </button>
      )}
      <button type="button" onClick={() => go({ at: "start" })}>
        {words.back}
      </button>
    </>
  );
}
