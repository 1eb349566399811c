import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { WalkView } from "../../web/walk-view.ts";
import type { GatewayApi } from "../record/gateway-api.ts";
import type { Terminal } from "../terminal.ts";
import { progressText, resultText, zoneList } from "./walk-print.ts";

/** What somebody types: the next line, or null when they hung up. */
export type NextLine = () => Promise<string | null>;

export interface RemoteWalkDeps {
  readonly api: GatewayApi;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly nextLine: NextLine;
}

export interface RemoteWalkWish {
  readonly tagId: string;
  /** Save without asking, when the walk is better. */
  readonly yes: boolean;
  readonly json: boolean;
}

const REDRAW_MS = 1_000;
const KEYS = "number = the zone you stand in, u = undo, p = pause, f = finish, q = drop the walk";

/**
 * Leads a walk on a running gateway: what is typed becomes taps, and the gateway does the rest. Dropped when the lines end or
 * the terminal aborts before it is finished.
 * @throws GATEWAY_REFUSED with the gateway's own words, GATEWAY_UNREACHABLE
 */
export async function leadWalk(deps: RemoteWalkDeps, wish: RemoteWalkWish): Promise<void> {
  const { api, terminal, clock } = deps;
  let view = await change(api, "POST", "/api/walk", { tagId: wish.tagId });
  terminal.note(`${zoneList(view)}\n${KEYS}`);
  const redraw = clock.every(REDRAW_MS, "walk", () => {
    // A lost answer is told by the next press; the line is only for looking at.
    refresh(api).then(
      (fresh) => terminal.progress(progressText(fresh)),
      () => undefined,
    );
  });
  try {
    view = await follow(deps, view);
  } finally {
    redraw.cancel();
    terminal.progress("");
  }
  if (view.state !== "done") return void terminal.note("the walk was dropped; nothing was kept");
  await conclude(deps, wish, view);
}

async function follow(deps: RemoteWalkDeps, begun: WalkView): Promise<WalkView> {
  const { api, terminal, nextLine } = deps;
  for (let line = await nextLine(); line !== null; line = await nextLine()) {
    const word = line.trim().toLowerCase();
    if (word === "q") break;
    if (word === "f") {
      terminal.note("working it out ...");
      return await change(api, "POST", "/api/walk/finish");
    }
    await press(api, word, begun, terminal);
  }
  return await change(api, "DELETE", "/api/walk");
}

async function press(
  api: GatewayApi,
  word: string,
  { zones }: WalkView,
  terminal: Terminal,
): Promise<void> {
  if (word === "") return;
  const zone = /^\d+$/.test(word) ? zones[Number(word) - 1] : undefined;
  const view =
    zone !== undefined
      ? await change(api, "POST", "/api/walk/tap", { zoneId: zone.id })
      : word === "u"
        ? await change(api, "POST", "/api/walk/undo")
        : word === "p"
          ? await change(api, "POST", "/api/walk/pause")
          : null;
  terminal.note(view === null ? `not understood; ${KEYS}` : progressText(view));
}

async function conclude(deps: RemoteWalkDeps, wish: RemoteWalkWish, view: WalkView): Promise<void> {
  const { api, terminal } = deps;
  const { result } = view;
  if (result === null) throw new GatewayError("GATEWAY_REFUSED", "the gateway gave no result");
  if (!wish.json) terminal.print(resultText(result));
  const isBetter = result.verdict === "better";
  const isSaved = result.points > 0 && (await mayKeep(deps, wish, isBetter));
  const last = isSaved ? await change(api, "POST", "/api/walk/save") : view;
  if (!isSaved) await change(api, "DELETE", "/api/walk");
  if (wish.json) terminal.print(JSON.stringify(last.result));
  else terminal.note(isSaved ? `saved ${result.points} survey point(s)` : "nothing was saved");
}

/** `--yes` keeps what is better and nothing else; otherwise a person decides. */
async function mayKeep(
  { nextLine, terminal }: RemoteWalkDeps,
  { yes }: RemoteWalkWish,
  isBetter: boolean,
): Promise<boolean> {
  if (yes) return isBetter;
  const question = isBetter ? "Save the survey points?" : "It is no better. Save all the same?";
  terminal.note(`${question} y/n`);
  return /^\s*y(es)?\s*$/i.test((await nextLine()) ?? "n");
}

async function refresh(api: GatewayApi): Promise<WalkView> {
  return (await api.json("/api/walk")) as WalkView;
}

async function change(
  api: GatewayApi,
  method: "POST" | "DELETE",
  path: string,
  body?: Readonly<Record<string, string>>,
): Promise<WalkView> {
  const { status, answer } = await api.change(method, path, body);
  if (status === 200) return answer as WalkView;
  const { message, hint } = answer as { readonly message?: unknown; readonly hint?: unknown };
  throw new GatewayError("GATEWAY_REFUSED", `${String(message)} ${String(hint)}`);
}
