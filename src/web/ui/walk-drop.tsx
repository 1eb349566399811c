import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { WalkDrive } from "./walk-call.ts";

/** Drops the walk; the second press means it. */
export function Drop(props: { readonly drive: WalkDrive; readonly text: string }): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  const press = (): void => {
    if (isAsked) props.drive.send({ method: "DELETE", path: "/api/walk" });
    setAsked(!isAsked);
  };
  return (
    <button type="button" class="quiet-button walk-drop" onClick={press}>
      {isAsked ? "Press again to drop everything recorded" : props.text}
    </button>
  );
}
