import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { claimCodeOf, readClaimCode } from "../../../core/claim-code.ts";
import { qrModules } from "../../../core/qr-code.ts";
import type { StationFactsView } from "../../station/station-view.ts";
import { CodeReader, canReadCodes } from "./code-reader.tsx";
import type { StationWords } from "./words.ts";

/** The heading of a screen; who comes to it by keyboard or hears the page read is put there. */
export function Heading({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const place = useRef<HTMLHeadingElement>(null);
  // Before the screen is seen: later it would take the focus from whoever was quicker.
  useLayoutEffect(() => {
    place.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  return (
    <h1 ref={place} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** The common part of the notice, word for word as it is hashed. */
export function Notice(props: {
  readonly facts: StationFactsView;
  readonly words: StationWords;
}): JSX.Element {
  return (
    <section aria-labelledby="notice-title">
      <h2 id="notice-title">{props.words.notice}</h2>
      {props.facts.paragraphs.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
    </section>
  );
}

/** A code is its owner's card: what is typed of one does not wait for the next shopper. */
const CLEAR_MS = 30_000;

/** Where a code is typed, scanned or read by the camera of this device. */
export function CodeForm(props: {
  readonly words: StationWords;
  readonly button: string;
  /** Whether what is typed anywhere on the screen belongs here: a scanner types when it sees a code. */
  readonly takesAllKeys?: boolean;
  readonly onCode: (code: string) => void;
}): JSX.Element {
  const { words, button, takesAllKeys = false, onCode } = props;
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (!takesAllKeys) return;
    field.current?.focus();
    const toField = ({ key, target }: KeyboardEvent): void => {
      const isControl = target instanceof HTMLElement && /^(INPUT|BUTTON)$/.test(target.tagName);
      if (key.length === 1 && key !== " " && !isControl) field.current?.focus();
    };
    window.addEventListener("keydown", toField);
    return () => window.removeEventListener("keydown", toField);
  }, [takesAllKeys]);
  const [text, setText] = useState("");
  const [isWrong, setWrong] = useState(false);
  const [isReading, setReading] = useState(false);
  useEffect(() => {
    if (text === "") return;
    const timer = setTimeout(() => {
      setText("");
      setWrong(false);
    }, CLEAR_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const take = (typed: string): void => {
    const subject = readClaimCode(typed);
    setWrong(subject === null);
    if (subject !== null) onCode(claimCodeOf(subject));
  };
  return (
    <form
      class="code-form"
      onSubmit={(event) => {
        event.preventDefault();
        take(text);
      }}
    >
      <label for="code">{words.codeLabel}</label>
      <p class="quiet" id="code-hint">
        {words.codeHint}
      </p>
      <input
        id="code"
        ref={field}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        maxLength={64}
        value={text}
        aria-describedby={isWrong ? "code-fault code-hint" : "code-hint"}
        aria-invalid={isWrong}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {isWrong ? (
        <p class="fault" id="code-fault" role="alert">
          {words.refusals["code-unreadable"]}
        </p>
      ) : null}
      <div class="buttons">
        <button type="submit" class="main">
          {button}
        </button>
        {canReadCodes() && !isReading ? (
          <button type="button" onClick={() => setReading(true)}>
            {words.readWithCamera}
          </button>
        ) : null}
      </div>
      {isReading ? (
        <CodeReader label={words.readWithCamera} onCode={take} onEnd={() => setReading(false)} />
      ) : null}
    </form>
  );
}

/** A code as a QR code and in groups of signs that can be written down. */
export function CodeCard(props: {
  readonly code: string;
  readonly words: StationWords;
}): JSX.Element {
  const { code, words } = props;
  const modules = qrModules(code);
  const side = modules.length + 8;
  const dark = modules.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x + 4} ${y + 4}h1v1h-1z`] : [])),
  );
  return (
    <figure class="code-card">
      <svg viewBox={`0 0 ${side} ${side}`} role="img" aria-label={words.codePicture}>
        <path class="qr-light" d={`M0 0h${side}v${side}H0z`} />
        <path class="qr-dark" d={dark.join("")} />
      </svg>
      <figcaption>
        <code class="code-text">{(code.match(/.{1,4}/g) ?? []).join(" ")}</code>
      </figcaption>
    </figure>
  );
}
