import { FAULTS, type FaultCode } from "../../core/errors.ts";
import type { RefusalView } from "../views.ts";
import type { PlayerModule } from "./preview-player.ts";

/** What stands on a camera's canvas. `at`: local time of a still. */
export type PictureState =
  | { readonly kind: "loading" }
  | { readonly kind: "still"; readonly at: number }
  | { readonly kind: "opening" }
  | { readonly kind: "live" }
  | { readonly kind: "stopped"; readonly why: string | null }
  | { readonly kind: "refused"; readonly title: string; readonly hint: string };

const END_WORDS: Readonly<Record<string, string>> = {
  TIME_UP: "Stopped after ten minutes. Start it again if you still need it.",
  TOO_SLOW: "Stopped: this connection is too slow for the live preview.",
  PICTURE_CHANGED: "Stopped: the camera changed the size of its picture. Start it again.",
  STOPPING: "Stopped: the gateway is going down.",
  TOO_MANY_VIEWERS: "Not started: as many people look as this gateway serves at once.",
};

/** Why a live preview ended, in words; an unknown word means that the connection broke. Pure. */
export function endWords(reason: string): string {
  const known = END_WORDS[reason];
  if (known !== undefined) return known;
  const fault = reason in FAULTS ? FAULTS[reason as FaultCode] : null;
  return fault === null
    ? "Stopped: the connection to the gateway broke. Start it again."
    : `Stopped: ${fault.summary}`;
}

/** Fetches a still and paints it; the canvas takes its size. The outcome is the new state. */
export async function paintStill(
  cameraId: string,
  canvas: HTMLCanvasElement,
  signal: AbortSignal,
): Promise<PictureState> {
  try {
    const answer = await fetch(pathOf(cameraId, "snapshot.jpg"), { signal, cache: "no-store" });
    if (!answer.ok) return await refusedBy(answer);
    const picture = await createImageBitmap(await answer.blob());
    if (signal.aborted) return { kind: "loading" };
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d")?.drawImage(picture, 0, 0);
    picture.close();
    return { kind: "still", at: Date.now() };
  } catch {
    // The gateway is away, or the page gave up itself and does not show this.
    return {
      kind: "refused",
      title: "The picture could not be loaded.",
      hint: "Check that the gateway is on and that this device is in the shop\u2019s network.",
    };
  }
}

/** Why a preview did not open: browsers tell nothing about a refused WebSocket, so the address is asked in plain. */
export async function whyRefused(cameraId: string): Promise<PictureState> {
  try {
    const answer = await fetch(pathOf(cameraId, "preview"), { cache: "no-store" });
    if (answer.status !== 426) return await refusedBy(answer);
  } catch {
    // The gateway is away: said below.
  }
  return { kind: "stopped", why: endWords("") };
}

/** Loads the player, which no other page needs. */
export async function loadPlayer(url: string): Promise<PlayerModule> {
  return (await import(url)) as PlayerModule;
}

/** Address of a camera's live preview, seen from this page. */
export function previewAddress(cameraId: string): string {
  const url = new URL(pathOf(cameraId, "preview"), window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

function pathOf(cameraId: string, what: string): string {
  return `/api/cameras/${encodeURIComponent(cameraId)}/${what}`;
}

async function refusedBy(answer: Response): Promise<PictureState> {
  if (answer.status === 401) window.location.assign("/login");
  try {
    const { message, hint } = (await answer.json()) as RefusalView;
    return { kind: "refused", title: message, hint };
  } catch {
    // Something in between answered in another language than ours.
    return { kind: "refused", title: `The gateway answered ${answer.status}.`, hint: "Try again." };
  }
}
