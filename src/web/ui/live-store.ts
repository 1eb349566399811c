import type { TodayView } from "../../metrics/reports/today.ts";
import type { StatusView } from "../dashboard-source.ts";
import type { DefinitionView, HeartbeatView, PeopleView, SiteView } from "../views.ts";
import { fetchJson } from "./fetch-json.ts";

/** Silence after which the page says that its figures are old. */
export const STALE_AFTER_MS = 10_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 15_000;

/** `lostAt`: shop time of the last message before the silence. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "reconnecting" }
  | { readonly kind: "lost"; readonly lostAt: number };

/** Everything the page knows. `fault` is set when the first load failed. */
export interface LiveState {
  readonly site: SiteView | null;
  readonly today: TodayView | null;
  readonly status: StatusView | null;
  readonly definitions: readonly DefinitionView[];
  readonly connection: Connection;
  readonly fault: string | null;
}

/** The page's model: loads, listens, notices silence, reconnects. */
export interface LiveStore {
  state(): LiveState;
  /** Time of the gateway, estimated from its newest message; NaN before the first. */
  now(): number;
  subscribe(listener: () => void): () => void;
  /** Dots of one camera; called with an empty list when they are out of date. */
  onPeople(cameraId: string, listener: (people: PeopleView["people"]) => void): () => void;
  /** Loads everything and opens the stream; also the "try again" of the error page. */
  open(): void;
}

type PeopleListener = (people: PeopleView["people"]) => void;

/** Builds the model; nothing is loaded before `open`. */
export function createLiveStore(): LiveStore {
  return new StreamStore();
}

class StreamStore implements LiveStore {
  #state: LiveState = {
    site: null,
    today: null,
    status: null,
    definitions: [],
    connection: { kind: "connecting" },
    fault: null,
  };
  readonly #listeners = new Set<() => void>();
  readonly #people = new Map<string, Set<PeopleListener>>();
  #stream: EventSource | null = null;
  /** Shop time minus this page's monotonic time. */
  #offsetMs = Number.NaN;
  #heardMs = Number.NaN;
  #retryMs = FIRST_RETRY_MS;
  #watch = 0;

  state(): LiveState {
    return this.#state;
  }

  now(): number {
    return performance.now() + this.#offsetMs;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onPeople(cameraId: string, listener: PeopleListener): () => void {
    const set = this.#people.get(cameraId) ?? new Set();
    this.#people.set(cameraId, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  open(): void {
    this.#set({ fault: null, connection: { kind: "connecting" } });
    if (this.#watch === 0) this.#watch = window.setInterval(() => this.#checkSilence(), 1_000);
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      const [site, today, status, definitions] = await Promise.all([
        fetchJson<SiteView>("/api/site"),
        fetchJson<TodayView>("/api/today"),
        fetchJson<StatusView>("/api/status"),
        fetchJson<readonly DefinitionView[]>("/api/definitions"),
      ]);
      this.#heard(today.now);
      this.#set({ site, today, status, definitions });
      this.#listen();
    } catch (error) {
      this.#set({ fault: error instanceof Error ? error.message : String(error) });
    }
  }

  #listen(): void {
    this.#stream?.close();
    const stream = new EventSource("/api/stream");
    this.#stream = stream;
    const on = <T>(name: string, take: (body: T) => void): void =>
      stream.addEventListener(name, (event) => take(JSON.parse(event.data) as T));
    on<TodayView>("today", (today) => {
      this.#heard(today.now);
      this.#set({ today, connection: { kind: "live" } });
    });
    on<StatusView>("status", (status) => this.#set({ status }));
    on<HeartbeatView>("heartbeat", (beat) => {
      this.#heard(beat.now);
      this.#live();
    });
    on<PeopleView>("people", (view) => {
      for (const listener of this.#people.get(view.cameraId) ?? []) listener(view.people);
    });
    stream.onerror = () => {
      if (this.#state.connection.kind === "live")
        this.#set({ connection: { kind: "reconnecting" } });
      // A refused stream (signed out, house full) is closed for good by the browser: ask why, then try again.
      if (stream.readyState === EventSource.CLOSED) this.#retry();
    };
  }

  #retry(): void {
    window.setTimeout(() => {
      fetchJson<StatusView>("/api/status").then(
        () => this.#listen(),
        () => this.#retry(),
      );
    }, this.#retryMs);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  #heard(shopNow: number): void {
    this.#heardMs = performance.now();
    this.#offsetMs = shopNow - this.#heardMs;
    this.#retryMs = FIRST_RETRY_MS;
  }

  #live(): void {
    if (this.#state.connection.kind !== "live") this.#set({ connection: { kind: "live" } });
  }

  #checkSilence(): void {
    const isSilent = performance.now() - this.#heardMs > STALE_AFTER_MS;
    if (!isSilent || this.#state.connection.kind === "lost") return;
    this.#set({ connection: { kind: "lost", lostAt: this.#heardMs + this.#offsetMs } });
    for (const listeners of this.#people.values()) for (const listener of listeners) listener([]);
    // A connection that died without a word is never closed by itself.
    if (this.#stream !== null) this.#listen();
  }

  #set(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
