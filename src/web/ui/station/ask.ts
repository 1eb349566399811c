const KEY = "vitrine.station";

/** The station's token of this tab; it comes in the address, behind the #, and is taken out of it at once. */
export function stationToken(): string | null {
  const given = window.location.hash.slice(1);
  if (given !== "") {
    sessionStorage.setItem(KEY, given);
    window.history.replaceState(null, "", window.location.pathname);
  }
  return sessionStorage.getItem(KEY);
}

/** Why nothing came back: `token`: it is missing or wrong; `away`: the gateway does not answer. */
export class NoAnswer extends Error {
  readonly why: "token" | "away";

  constructor(why: "token" | "away") {
    super(why);
    this.why = why;
  }
}

/** Asks the station; a body makes it a POST. Rejects with `NoAnswer`. */
export async function ask<T>(path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { authorization: `Bearer ${stationToken() ?? ""}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const init: RequestInit =
    body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(`/api/station${path}`, init).catch(() => null);
  if (answer?.status === 401) throw new NoAnswer("token");
  if (answer === null || !answer.ok) throw new NoAnswer("away");
  return (await answer.json()) as T;
}
