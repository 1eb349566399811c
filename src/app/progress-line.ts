import type { PullProgress } from "../io/models/install.ts";
import type { Terminal } from "./terminal.ts";

const BAR_CELLS = 24;

/** Shows the progress of a model pull: a bar on a terminal, one line per finished step elsewhere. */
export function progressLine(terminal: Terminal): (progress: PullProgress) => void {
  let lastStep = "";
  return ({ phase, what, done, total }) => {
    const step = `${phase} ${what}`;
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const filled = Math.round(share * BAR_CELLS);
    const bar = `${"#".repeat(filled)}${".".repeat(BAR_CELLS - filled)}`;
    terminal.progress(`${step.padEnd(44)} [${bar}] ${Math.round(share * 100)} %`);
    if (step !== lastStep) {
      if (lastStep !== "") terminal.progress("");
      terminal.note(`models: ${step}`);
      lastStep = step;
    }
  };
}
