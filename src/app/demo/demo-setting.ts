import { homedir } from "node:os";
import { join } from "node:path";
import { GatewayError } from "../../core/errors.ts";
import { pullModels } from "../../io/models/install.ts";
import { readManifest } from "../../io/models/manifest.ts";
import { progressLine } from "../progress-line.ts";
import type { Terminal } from "../terminal.ts";
import { obtainFootage } from "./footage.ts";

/** What the demonstration found to run on. */
export interface DemoSetting {
  /** Video source; null when neither footage nor model can be had: generated people then. */
  readonly video: string | null;
  readonly notices: readonly string[];
}

export interface DemoWishes {
  readonly video: string | null;
  readonly generated: boolean;
  readonly modelsDir: string;
  readonly profile: "default" | "permissive";
}

/** Gets models and footage, saying what it fetches; whatever cannot be had becomes a notice, not a failure. */
export async function prepareDemo(wishes: DemoWishes, terminal: Terminal): Promise<DemoSetting> {
  if (wishes.generated) return { video: null, notices: ["Running on generated people, as asked."] };
  const missingModels = await withoutModels(wishes, terminal);
  if (missingModels !== null) {
    // A source somebody named is shown as blind rather than replaced by invented people.
    const notices = [`${missingModels} People are generated instead of detected.`];
    if (wishes.video !== null) return { video: wishes.video, notices: [missingModels] };
    return { video: null, notices };
  }
  if (wishes.video !== null) return { video: wishes.video, notices: [] };
  const cacheDir = join(
    terminal.environment["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
    "vitrine",
  );
  try {
    const say = (line: string): void => terminal.note(line);
    const video = await obtainFootage({ cacheDir, say, signal: terminal.signal });
    return {
      video,
      notices: ["The footage loops: people who are inside at its end leave no exit."],
    };
  } catch (error) {
    if (!(error instanceof GatewayError) || terminal.signal.aborted) throw error;
    return { video: null, notices: [`${error.message}: ${error.hint}`] };
  }
}

/** Pulls the models when there are none; the reason in words when that fails. */
async function withoutModels(wishes: DemoWishes, terminal: Terminal): Promise<string | null> {
  const { modelsDir: dir, profile } = wishes;
  if ((await readManifest(dir)) !== null) return null;
  try {
    const { signal } = terminal;
    const pulled = await pullModels({ dir, profile, onProgress: progressLine(terminal), signal });
    terminal.progress("");
    for (const notice of pulled.notices) terminal.note(notice);
    return null;
  } catch (error) {
    if (!(error instanceof GatewayError) || terminal.signal.aborted) throw error;
    return `${error.code}: ${error.message}. ${error.hint}`;
  }
}
