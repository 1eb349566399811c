import type { JSX } from "preact";

/** A sentence from the gateway's tables, in which `names of keys` stand between backticks. */
export function Prose({ text }: { readonly text: string }): JSX.Element {
  const parts = text.split("`").map((part, index) => ({ part, index }));
  return (
    <>
      {parts.map(({ part, index }) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
    </>
  );
}
