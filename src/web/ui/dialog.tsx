import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal panel: Esc, the button and a press outside close it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, children }: DialogProps): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    const panel = ref.current;
    // The panel fills its dialog, so a press that lands on the dialog itself was outside of it.
    const onPress = (event: MouseEvent): void => {
      if (event.target === panel) panel?.close();
    };
    panel?.showModal();
    panel?.addEventListener("click", onPress);
    return () => {
      panel?.removeEventListener("click", onPress);
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={ref} class="panel" aria-labelledby="panel-title" onClose={onClose}>
      <div class="panel-body">
        <div class="panel-head">
          <h2 id="panel-title">{title}</h2>
          <button type="button" class="quiet-button" onClick={() => ref.current?.close()}>
            Close
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
