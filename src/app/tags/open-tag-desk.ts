import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { openTagState, type TagStateFile } from "../../io/site/tag-state-file.ts";
import { TagDesk, type TagDeskDeps } from "./tag-desk.ts";

/** A desk, and what people should know of how it opened. */
export interface OpenedTagDesk {
  readonly desk: TagDesk;
  readonly notices: readonly string[];
}

/**
 * Opens the registry of tags with what the state folder remembers of them. A state that cannot be read costs what was
 * remembered and never the start.
 */
export async function openTagDesk(
  stateDir: string,
  deps: Omit<TagDeskDeps, "stateFile">,
): Promise<OpenedTagDesk> {
  const { stateFile, notice } = await openState(stateDir, deps.log);
  const desk = new TagDesk({ ...deps, stateFile });
  return { desk, notices: notice === null ? [] : [notice] };
}

async function openState(
  stateDir: string,
  log: Log,
): Promise<{ readonly stateFile: TagStateFile | null; readonly notice: string | null }> {
  try {
    const stateFile = await openTagState(stateDir);
    if (stateFile.setAside === null) return { stateFile, notice: null };
    log.warn(
      { event: "tags.set-aside", path: stateFile.setAside },
      "the state of tags was damaged",
    );
    const notice = `The file with batteries and last sights of tags was damaged; it was set aside as ${stateFile.setAside} and begun anew.`;
    return { stateFile, notice };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    log.warn({ event: "tags.unreadable", code: error.code }, error.message);
    const notice = `What was known of tags could not be read (${error.code}) and nothing of it is kept: ${error.message}.`;
    return { stateFile: null, notice };
  }
}
