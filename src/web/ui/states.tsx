import type { ComponentChildren, JSX } from "preact";
import type { Answer } from "./answers.ts";
import type { Refused } from "./fetch-json.ts";

/** The place of a page that is still on its way; it keeps the height, so that nothing jumps. */
export function Waiting({ what }: { readonly what: string }): JSX.Element {
  return (
    <section class="card waiting" role="status" aria-busy="true">
      <p>Loading {what}…</p>
    </section>
  );
}

/** An answer that did not come: what happened, what to do, and the way to try again. */
export function Failed(props: {
  readonly what: string;
  readonly fault: Refused;
  readonly onRetry: () => void;
}): JSX.Element {
  const { what, fault, onRetry } = props;
  const isOffline = fault.status === 0 && !navigator.onLine;
  return (
    <section class="card failed" role="alert">
      <h2>{isOffline ? "This device is offline" : `${what} could not be loaded`}</h2>
      <p>
        {isOffline ? "Connect it to the shop\u2019s network." : `${fault.message} ${fault.hint}`}
      </p>
      <button type="button" class="button" onClick={onRetry}>
        Try again
      </button>
    </section>
  );
}

/** A line above figures that are older than they should be, because the newest try failed. */
export function Stale(props: {
  readonly fault: Refused;
  readonly asOf: string;
  readonly onRetry: () => void;
}): JSX.Element {
  return (
    <p class="card stale-note" role="status">
      <span>
        <strong>Figures from {props.asOf}.</strong> {props.fault.message} {props.fault.hint}
      </span>
      <button type="button" class="plain-button" onClick={props.onRetry}>
        Try again
      </button>
    </p>
  );
}

/** Nothing to show, why, and what to do next. */
export function Empty(props: {
  readonly title: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section class="card empty">
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

/** What an answer looks like on its way, in good order, out of date and not there. */
export function Answered<T extends { readonly now: number }>(props: {
  readonly what: string;
  readonly answer: Answer<T>;
  readonly timeText: (at: number) => string;
  readonly children: (body: T) => JSX.Element;
}): JSX.Element {
  const { what, answer, timeText } = props;
  const { body, fault, isLoading, retry } = answer;
  if (body === null) {
    if (fault !== null) return <Failed what={what} fault={fault} onRetry={retry} />;
    return <Waiting what={what.toLowerCase()} />;
  }
  return (
    <>
      {fault !== null && <Stale fault={fault} asOf={timeText(body.now)} onRetry={retry} />}
      <div class={`answered${isLoading ? " is-loading" : ""}`} aria-busy={isLoading}>
        {props.children(body)}
      </div>
    </>
  );
}
