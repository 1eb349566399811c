import { useEffect, useState } from "preact/hooks";
import { Refused } from "../fetch-json.ts";
import { ask } from "./ask.ts";

/** What is known of an address: the newest answer, and why the newest try failed. */
export interface Known<T> {
  readonly value: T | null;
  readonly fault: Refused | null;
  readonly retry: () => void;
}

/** Asks an address now and, when `periodMs` is given, again and again; null asks nothing. */
export function useAnswer<T>(path: string | null, periodMs?: number): Known<T> {
  const [known, setKnown] = useState<{
    path: string | null;
    value: T | null;
    fault: Refused | null;
  }>({ path: null, value: null, fault: null });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (path === null) return;
    let isLeft = false;
    const run = async (): Promise<void> => {
      try {
        const value = await ask<T>(path);
        if (!isLeft) setKnown({ path, value, fault: null });
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (!isLeft) setKnown((before) => ({ ...before, fault: error }));
      }
    };
    void run();
    const timer = periodMs === undefined ? 0 : window.setInterval(() => void run(), periodMs);
    return () => {
      isLeft = true;
      window.clearInterval(timer);
    };
  }, [path, periodMs, tries]);
  const value = known.path === path ? known.value : null;
  return { value, fault: known.fault, retry: () => setTries(tries + 1) };
}
