import { useEffect, useState } from "preact/hooks";
import { fetchJson, Refused } from "./fetch-json.ts";

/** What is known of one address of the API. */
export interface Answer<T> {
  /** The newest body; of the address before while `isLoading` and nothing newer is there. */
  readonly body: T | null;
  /** The body belongs to another address, or none is there yet. */
  readonly isLoading: boolean;
  /** Why the newest try failed; the body then is older. */
  readonly fault: Refused | null;
  /** Asks again. */
  readonly retry: () => void;
}

interface Known<T> {
  readonly path: string | null;
  readonly body: T | null;
  readonly fault: Refused | null;
}

const NOTHING = { path: null, body: null, fault: null } as const;

/**
 * Body of GET `path`, asked again every `refreshMs` while the page is seen. null as path asks nothing more and keeps
 * what is known. On the way to another address the old body stays until the new one is there, so that nothing jumps; a failure takes it away.
 */
export function useAnswer<T>(path: string | null, refreshMs: number | null = null): Answer<T> {
  const [known, setKnown] = useState<Known<T>>(NOTHING);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    const load = (): void => {
      fetchJson<T>(path, abort.signal).then(
        (body) => setKnown({ path, body, fault: null }),
        (error: unknown) => {
          if (abort.signal.aborted) return;
          const fault = error instanceof Refused ? error : new Refused(String(error), "", 0);
          setKnown((last) => ({ path, body: last.path === path ? last.body : null, fault }));
        },
      );
    };
    load();
    const timer =
      refreshMs === null
        ? 0
        : window.setInterval(() => {
            if (!document.hidden) load();
          }, refreshMs);
    return () => {
      abort.abort();
      window.clearInterval(timer);
    };
  }, [path, refreshMs, tries]);
  const isHere = path === null || known.path === path;
  return {
    body: known.body,
    isLoading: !isHere,
    fault: isHere ? known.fault : null,
    retry: () => setTries(tries + 1),
  };
}
