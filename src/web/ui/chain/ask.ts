import { Refused } from "../fetch-json.ts";

const KEY = "vitrine.key";

/** The key of this tab; null when none was given. It is forgotten with the tab. */
export const heldKey = (): string | null => sessionStorage.getItem(KEY);

/** Keeps a key for this tab, or forgets it. */
export function holdKey(key: string | null): void {
  if (key === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, key);
}

/** GET as JSON with the key of this tab. Rejects with `Refused`; status 401 or 403: another key is needed. */
export async function ask<T>(path: string): Promise<T> {
  return (await (await answerTo(path)).json()) as T;
}

/** GET as text, for files. Rejects with `Refused`. */
export async function askText(path: string): Promise<string> {
  return await (await answerTo(path)).text();
}

async function answerTo(path: string): Promise<Response> {
  const key = heldKey();
  const headers = key === null ? {} : { authorization: `Bearer ${key}` };
  const answer = await fetch(path, { headers }).catch(() => null);
  if (answer === null)
    throw new Refused("The centre does not answer.", "Check that it runs and can be reached.", 0);
  if (answer.ok) return answer;
  // A proxy in between may answer with something else than JSON.
  const body = (await answer.json().catch(() => ({}))) as { message?: string; hint?: string };
  const message = body.message ?? `The centre answered ${answer.status}.`;
  throw new Refused(message, body.hint ?? "Try again in a moment.", answer.status);
}
