import type { JSX } from "preact";
import { CodeForm, Heading, Notice } from "./parts.tsx";
import type { ScreenProps } from "./screens.ts";

/** Where everybody begins: the code first, since it works for everybody. */
export function StartPage({ facts, words, go }: ScreenProps): JSX.Element {
  return (
    <>
      <Heading>{words.title}</Heading>
      <p class="lead">
        {facts.storeName}. {words.intro}
      </p>
      <section class="panel" aria-labelledby="code-title">
        <h2 id="code-title">{words.haveCode}</h2>
        <CodeForm
          words={words}
          button={words.useCode}
          takesAllKeys
          onCode={(code) => go({ at: "member", code })}
        />
      </section>
      <section class="panel" aria-labelledby="join-title">
        <h2 id="join-title">{words.join}</h2>
        <p>{words.joinIntro}</p>
        <button type="button" class="main" onClick={() => go({ at: "join" })}>
          {words.join}
        </button>
      </section>
      {facts.face === "identify" ? (
        <section class="panel" aria-labelledby="face-title">
          <h2 id="face-title">{words.byFace}</h2>
          <p>{words.byFaceHint(facts.lookSeconds)}</p>
          <button type="button" onClick={() => go({ at: "look", wish: { act: "identify" } })}>
            {words.byFace}
          </button>
        </section>
      ) : null}
      <p>
        <button type="button" class="link" onClick={() => go({ at: "forget", code: null })}>
          {words.forgetMe}
        </button>
      </p>
      <Notice facts={facts} words={words} />
    </>
  );
}
