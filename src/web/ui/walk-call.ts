import { useEffect, useState } from "preact/hooks";
import type { RefusalView } from "../views.ts";
import type { WalkView } from "../walk-view.ts";

/** What the page knows of the walk mode. */
export type WalkKnowledge =
  | { readonly kind: "loading" }
  | { readonly kind: "failed" }
  | { readonly kind: "known"; readonly view: WalkView };

/** The walk as the page drives it. */
export interface WalkDrive {
  readonly knowledge: WalkKnowledge;
  /** Why the last press changed nothing; null when it did. */
  readonly refusal: RefusalView | null;
  /** True while an answer is awaited. */
  readonly isBusy: boolean;
  /** Sends a change; the answer becomes the new view. */
  readonly send: (change: WalkChange) => void;
}

/** A change of the walk. */
export interface WalkChange {
  readonly method: "POST" | "DELETE";
  readonly path: string;
  readonly body?: Readonly<Record<string, string>>;
}

const POLL_MS = 1_000;
const AWAY: RefusalView = {
  error: "UNREACHABLE",
  message: "The gateway did not answer.",
  hint: "Check that this phone is in the shop\u2019s network. The walk goes on meanwhile.",
};

/** Follows the walk once a second, also one that was begun elsewhere, and sends changes. */
export function useWalk(): WalkDrive {
  const [knowledge, setKnowledge] = useState<WalkKnowledge>({ kind: "loading" });
  const [refusal, setRefusal] = useState<RefusalView | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => follow(setKnowledge), []);
  const send = (change: WalkChange): void => {
    setBusy(true);
    sendChange(change)
      .then((outcome) => {
        if (outcome.view !== null) setKnowledge({ kind: "known", view: outcome.view });
        setRefusal(outcome.refusal);
      })
      .catch(() => setRefusal(AWAY))
      .finally(() => setBusy(false));
  };
  return { knowledge, refusal, isBusy, send };
}

/** Asks now and then once a second; returns how to stop. */
function follow(tell: (knowledge: WalkKnowledge) => void): () => void {
  const abort = new AbortController();
  let timer = 0;
  let isKnown = false;
  const ask = async (): Promise<void> => {
    try {
      const answer = await fetch("/api/walk", { signal: abort.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const view = (await answer.json()) as WalkView;
      isKnown = true;
      if (!abort.signal.aborted) tell({ kind: "known", view });
    } catch {
      // A phone loses the network between shelves; what is shown stays and the next second tries again.
      if (!abort.signal.aborted && !isKnown) tell({ kind: "failed" });
    }
    if (!abort.signal.aborted) timer = window.setTimeout(() => void ask(), POLL_MS);
  };
  void ask();
  return () => {
    abort.abort();
    window.clearTimeout(timer);
  };
}

async function sendChange({ method, path, body }: WalkChange): Promise<{
  readonly view: WalkView | null;
  readonly refusal: RefusalView | null;
}> {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.ok) return { view: (await answer.json()) as WalkView, refusal: null };
  return { view: null, refusal: (await answer.json()) as RefusalView };
}
