import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Purpose } from "../../../core/consent.ts";
import type { JoinedView, PurposeNoticeView } from "../../station/station-view.ts";
import { ask } from "./ask.ts";
import { Heading, Notice } from "./parts.tsx";
import type { FaceWish, ScreenProps } from "./screens.ts";
import type { StationWords } from "./words.ts";

/** The words that are hashed stand right beside what is ticked, and nothing is ticked beforehand. */
function PurposeChoice(props: {
  readonly notice: PurposeNoticeView;
  readonly words: StationWords;
  readonly isTicked: boolean;
  /** What has to be ticked before, in words; null: nothing. */
  readonly waitsFor: string | null;
  readonly onTick: (isTicked: boolean) => void;
}): JSX.Element {
  const { notice, words, isTicked, waitsFor, onTick } = props;
  const id = `purpose-${notice.purpose}`;
  return (
    <div class="purpose">
      <label class="tick">
        <input
          type="checkbox"
          id={id}
          checked={isTicked}
          disabled={waitsFor !== null && !isTicked}
          aria-describedby={`${id}-text`}
          onChange={(event) => onTick(event.currentTarget.checked)}
        />
        <span>{words.purposes[notice.purpose]}</span>
      </label>
      <div id={`${id}-text`}>
        {waitsFor === null ? null : <p class="quiet">{waitsFor}</p>}
        {notice.paragraphs.map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
      </div>
    </div>
  );
}

/** What is ticked after a press: without the code the face is not asked for, since nothing else would stand beside it. */
function tickedAfter(
  ticked: readonly Purpose[],
  pressed: Purpose,
  isTicked: boolean,
): readonly Purpose[] {
  if (isTicked) return [...ticked, pressed];
  return ticked.filter(
    (purpose) =>
      purpose !== pressed && !(pressed === "loyalty-beacon" && purpose === "loyalty-face"),
  );
}

/** Says one's age without a date of birth. */
export function AgeChoice(props: {
  readonly words: StationWords;
  readonly isAdult: boolean | null;
  readonly onChoice: (isAdult: boolean) => void;
}): JSX.Element {
  const { words, isAdult, onChoice } = props;
  return (
    <fieldset>
      <legend>{words.age}</legend>
      {[true, false].map((value) => (
        <label class="tick" key={String(value)}>
          <input
            type="radio"
            name="age"
            id={value ? "age-adult" : "age-minor"}
            checked={isAdult === value}
            onChange={() => onChoice(value)}
          />
          <span>{value ? words.isAdult : words.isMinor}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Becoming a member: notice, purposes each for itself, age. */
export function JoinPage({ facts, words, go, onFault }: ScreenProps): JSX.Element {
  const [ticked, setTicked] = useState<readonly Purpose[]>([]);
  const [isAdult, setAdult] = useState<boolean | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  // Whoever presses twice becomes one member.
  const isSent = useRef(false);
  const join = async (): Promise<void> => {
    if (isSent.current) return;
    if (ticked.length === 0) return setFault(words.nothingTicked);
    if (isAdult === null) return setFault(words.ageMissing);
    if (!isAdult) return setFault(words.refusals.minor);
    const chosen = facts.purposes.filter(({ purpose }) => ticked.includes(purpose));
    const terms = { language: facts.language, isAdult };
    const purposes = chosen
      .filter(({ purpose }) => purpose !== "loyalty-face")
      .map(({ purpose, sha256 }) => ({ purpose, sha256 }));
    isSent.current = true;
    const joined = await ask<JoinedView>("/join", { ...terms, purposes });
    isSent.current = false;
    const faults = joined.refused.map(({ purpose, reason }) =>
      words.refusedPurpose(words.purposes[purpose], words.refusals[reason]),
    );
    const face = chosen.find(({ purpose }) => purpose === "loyalty-face");
    if (joined.granted.length === 0) return setFault(faults.join(" "));
    // A face has a code beside it that works.
    const isFace = face !== undefined && joined.granted.includes("loyalty-beacon");
    const wish: FaceWish | null = isFace ? { ...terms, sha256: face.sha256 } : null;
    go({ at: "joined", code: joined.code, faults, face: wish });
  };
  return (
    <>
      <Heading>{words.join}</Heading>
      <Notice facts={facts} words={words} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          join().catch(onFault);
        }}
      >
        <fieldset aria-describedby="choose-hint">
          <legend>{words.choose}</legend>
          <p class="quiet" id="choose-hint">
            {words.chooseHint}
          </p>
          {facts.purposes.map((notice) => (
            <PurposeChoice
              key={notice.purpose}
              notice={notice}
              words={words}
              isTicked={ticked.includes(notice.purpose)}
              waitsFor={
                notice.purpose === "loyalty-face" && !ticked.includes("loyalty-beacon")
                  ? words.faceNeedsCode
                  : null
              }
              onTick={(isTicked) => setTicked(tickedAfter(ticked, notice.purpose, isTicked))}
            />
          ))}
        </fieldset>
        <AgeChoice words={words} isAdult={isAdult} onChoice={setAdult} />
        {fault === null ? null : (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
        <div class="buttons">
          <button type="submit" class="main">
            {words.agree}
          </button>
          <button type="button" onClick={() => go({ at: "start" })}>
            {words.back}
          </button>
        </div>
      </form>
    </>
  );
}
