import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { areShortcutsOn } from "./shortcuts.ts";
import { keepChoice, SHORTCUTS_KEY } from "./theme-choice.ts";

const KEYS: readonly (readonly [key: string, what: string])[] = [
  ["D", "The present day"],
  ["W", "This week"],
  ["M", "This month"],
  ["\u2190 \u2192", "Previous and next period"],
  ["X", "Compare"],
  ["J", "Journeys"],
  ["T", "The Today page"],
  ["S", "Set-up"],
  ["/", "Search a figure, a zone or a page"],
  ["?", "Open this help"],
  ["Esc", "Close a panel"],
  ["Tab", "Go from figure to figure"],
  ["Enter", "Open what is behind a figure"],
];

/** How to read and drive the page. */
export function Help({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [isOn, setOn] = useState(areShortcutsOn());
  const flip = (): void => {
    keepChoice(SHORTCUTS_KEY, isOn ? "off" : "on");
    setOn(!isOn);
  };
  return (
    <Dialog title="Help" onClose={onClose}>
      <p>
        Each figure opens to its definition, method and quality. A dash means that the value is not
        known, and the words below it say why; a zero means that zero was counted.
      </p>
      <p>
        A change is given against what the line below the title names: counts in percent, rates in
        points. “≈ same” means that chance alone may explain the difference.
      </p>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" checked={isOn} onChange={flip} />
        <span>Single-key shortcuts</span>
      </label>
    </Dialog>
  );
}
