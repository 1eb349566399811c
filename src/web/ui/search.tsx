import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { usePage } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { formatMetric } from "./format.ts";
import { goTo } from "./navigate.ts";
import { type Find, search } from "./search-index.ts";

interface SearchProps {
  readonly finds: readonly Find[];
  readonly onClose: () => void;
}

/** Finds a figure, a zone, a page or a definition by a few letters. */
export function Search({ finds, onClose }: SearchProps): JSX.Element {
  const { show } = usePage();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  // Before anything is painted, so that no key is lost.
  useLayoutEffect(() => field.current?.focus(), []);
  const found = search(finds, typed);
  const chosen = Math.min(at, found.length - 1);
  const open = (find: Find | undefined): void => {
    if (find === undefined) return;
    onClose();
    if (find.metric === null) goTo(new URL(find.href, window.location.href).href);
    else show(find.metric);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setAt((chosen + step + found.length) % found.length);
    }
    if (event.key !== "Enter") return;
    // Else the same key would press the first button of the panel that opens.
    event.preventDefault();
    open(found[chosen]);
  };
  return (
    <Dialog title="Search" onClose={onClose}>
      <label class="search-field">
        <span>A figure, a zone or a page</span>
        <input
          ref={field}
          type="search"
          role="combobox"
          autocomplete="off"
          aria-expanded={found.length > 0}
          aria-controls="finds"
          aria-autocomplete="list"
          aria-activedescendant={found[chosen]?.id ?? ""}
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </label>
      <p class="visually-hidden" role="status">
        {found.length === 0 ? "Nothing found" : `${found.length} found`}
      </p>
      {found.length === 0 && (
        <p class="quiet">
          Nothing is called so here. Try a shorter word, such as “dwell” or “till”.
        </p>
      )}
      <Finds found={found} chosen={chosen} onOpen={open} />
    </Dialog>
  );
}

interface FindsProps {
  readonly found: readonly Find[];
  readonly chosen: number;
  readonly onOpen: (find: Find) => void;
}

// The field keeps the focus; keys are handled there, and the list is pointed at by aria-activedescendant.
function Finds({ found, chosen, onOpen }: FindsProps): JSX.Element {
  const { formats } = usePage();
  return (
    <div id="finds" role="listbox" aria-label="Found" class="finds">
      {found.map((find, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys
        <div
          key={find.id}
          id={find.id}
          role="option"
          tabIndex={-1}
          aria-selected={i === chosen}
          class="find"
          onClick={() => onOpen(find)}
        >
          <span>{find.name}</span>
          <span class="quiet">
            {find.metric === null ? find.kind : formatMetric(formats, find.metric)}
          </span>
        </div>
      ))}
    </div>
  );
}
