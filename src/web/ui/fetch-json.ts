import type { RefusalView } from "../views.ts";

/** Why the gateway gave no answer: what happened, and what to do next. */
export class Refused extends Error {
  readonly hint: string;
  /** HTTP status; 0 when the gateway was not reached. */
  readonly status: number;

  constructor(message: string, hint: string, status: number) {
    super(message);
    this.hint = hint;
    this.status = status;
  }
}

/** GET as JSON. A signed-out reader is led to the sign-in page. Rejects with `Refused`, or when `signal` aborts. */
export async function fetchJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await ask(path, signal);
  if (answer.status === 401) {
    window.location.assign("/login");
    throw new Refused("You are signed out.", "Sign in again.", 401);
  }
  if (!answer.ok) throw await refusalOf(answer, path);
  return (await answer.json()) as T;
}

async function ask(path: string, signal: AbortSignal | undefined): Promise<Response> {
  const wish = { headers: { accept: "application/json" } };
  try {
    return await fetch(path, signal === undefined ? wish : { ...wish, signal });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new Refused(
      "The gateway does not answer.",
      "Check that it is on and that this device is in the shop\u2019s network.",
      0,
    );
  }
}

async function refusalOf(answer: Response, path: string): Promise<Refused> {
  const told = `The gateway answered ${answer.status} to ${path}.`;
  // A proxy in between may answer with something else than JSON.
  const body = (await answer.json().catch(() => ({}))) as Partial<RefusalView>;
  return new Refused(body.message ?? told, body.hint ?? "Try again in a moment.", answer.status);
}
