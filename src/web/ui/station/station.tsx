import { type JSX, render } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { StationFactsView, StationLanguageCode } from "../../station/station-view.ts";
import { WORDS } from "./all-words.ts";
import { ask, NoAnswer } from "./ask.ts";
import { JoinPage } from "./join-page.tsx";
import { EndPage, LookPage } from "./look-page.tsx";
import { AgreePage, ForgetPage, JoinedPage, MemberPage } from "./member-pages.tsx";
import type { Screen, ScreenProps } from "./screens.ts";
import { StartPage } from "./start-page.tsx";
import type { StationWords } from "./words.ts";

const START: Screen = { at: "start" };
/** A code must not stay on the screen when its owner has left; whoever needs longer says so. */
const WARN_MS = 90_000;
const LEAVE_MS = 120_000;

/** The page of a station: one screen after another, in the language that the shopper chose. */
function StationApp(): JSX.Element {
  const [facts, setFacts] = useState<StationFactsView | null>(null);
  const [wanted, setWanted] = useState<StationLanguageCode | null>(null);
  const [screen, setScreen] = useState<Screen>(START);
  const [fault, setFault] = useState<NoAnswer["why"] | null>(null);
  const onFault = useCallback((error: unknown): void => {
    setFault(error instanceof NoAnswer ? error.why : "away");
    setScreen(START);
  }, []);
  const go = useCallback((next: Screen): void => {
    setFault(null);
    setScreen(next);
  }, []);
  const leave = useCallback((): void => {
    setWanted(null);
    go(START);
  }, [go]);
  useEffect(() => {
    ask<StationFactsView>(wanted === null ? "" : `?language=${wanted}`)
      .then((answer) => {
        document.documentElement.lang = answer.language;
        document.title = `${WORDS[answer.language].title} \u2013 ${answer.storeName}`;
        setFacts(answer);
        setFault(null);
      })
      .catch(onFault);
  }, [wanted, onFault]);
  const words = WORDS[facts?.language ?? wanted ?? "en"];
  const isLeft = useIdle(screen.at !== "start" && screen.at !== "look", leave);
  return (
    <>
      {facts === null ? null : <LanguageBar facts={facts} words={words} onChoice={setWanted} />}
      <main>
        {fault === null ? null : (
          <p class="fault" role="alert">
            {fault === "token" ? words.noToken : words.away}
          </p>
        )}
        {facts === null ? null : <Place {...{ facts, words, go, onFault, screen }} />}
      </main>
      {isLeft ? (
        <div class="still-there" role="alert">
          <p>{words.stillThere}</p>
          <button type="button" class="main">
            {words.stillHere}
          </button>
        </div>
      ) : null}
    </>
  );
}

function Place({ screen, ...props }: ScreenProps & { readonly screen: Screen }): JSX.Element {
  switch (screen.at) {
    case "start":
      return <StartPage {...props} />;
    case "join":
      return <JoinPage {...props} />;
    case "joined":
      return <JoinedPage {...props} {...screen} />;
    case "member":
      return <MemberPage {...props} code={screen.code} />;
    case "agree":
      return <AgreePage {...props} code={screen.code} purpose={screen.purpose} />;
    case "look":
      return <LookPage {...props} wish={screen.wish} />;
    case "forget":
      return <ForgetPage {...props} code={screen.code} />;
    case "end":
      return <EndPage {...props} {...screen} />;
  }
}

function LanguageBar(props: {
  readonly facts: StationFactsView;
  readonly words: StationWords;
  readonly onChoice: (language: StationLanguageCode) => void;
}): JSX.Element | null {
  const { facts, words, onChoice } = props;
  if (facts.languages.length < 2) return null;
  return (
    <nav class="languages" aria-label={words.language}>
      {facts.languages.map((language) => (
        <button
          type="button"
          key={language}
          lang={language}
          aria-pressed={language === facts.language}
          onClick={() => onChoice(language)}
        >
          {WORDS[language].languageName}
        </button>
      ))}
    </nav>
  );
}

/** Whether nobody has touched anything for so long that the page is about to go back; any touch or key ends that. */
function useIdle(isWatched: boolean, onLeave: () => void): boolean {
  const [isLeft, setLeft] = useState(false);
  useEffect(() => {
    let warn = 0;
    let leave = 0;
    const touch = (): void => {
      clearTimeout(warn);
      clearTimeout(leave);
      setLeft(false);
      if (!isWatched) return;
      warn = window.setTimeout(() => setLeft(true), WARN_MS);
      leave = window.setTimeout(() => {
        setLeft(false);
        onLeave();
      }, LEAVE_MS);
    };
    touch();
    for (const kind of ["pointerdown", "keydown"] as const) window.addEventListener(kind, touch);
    return () => {
      clearTimeout(warn);
      clearTimeout(leave);
      for (const kind of ["pointerdown", "keydown"] as const)
        window.removeEventListener(kind, touch);
    };
  }, [isWatched, onLeave]);
  return isLeft;
}

const place = document.getElementById("app");
if (place !== null) {
  place.textContent = "";
  render(<StationApp />, place);
}
