import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { keepChoice, readChoice, SHORTCUTS_KEY } from "./theme-choice.ts";

/** Whether single-key shortcuts are on; they can be switched off for people who dictate or press keys by accident. */
export function areShortcutsOn(): boolean {
  return readChoice(SHORTCUTS_KEY) !== "off";
}

const KEYS: readonly (readonly [key: string, what: string])[] = [
  ["D", "Go to Today"],
  ["S", "Go to Set-up"],
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
