import { type MonoMs, monoMs } from "../core/brand.ts";
import type { Clock, Timer } from "../core/clock.ts";
import type { LivePeople } from "../core/events.ts";
import { Disposer, type Log } from "../core/lifecycle.ts";
import type { DashboardSource } from "./dashboard-source.ts";
import { LiveClient, type StreamSink } from "./live-client.ts";
import type { HeartbeatView, PeopleView } from "./views.ts";

/** Bounds of the event stream. */
export interface LiveLimits {
  /** Readers at the same time; a further one is refused. */
  readonly maxClients: number;
  /** A reader that accepted nothing for this long is dropped; it reconnects by itself. */
  readonly slowClientMs: number;
  /** Shortest time between two `today` events. */
  readonly todayMs: number;
  /** Shortest time between two `people` events of one camera. */
  readonly peopleMs: number;
  /** Time between heartbeats; figures that move with time alone are sent along. */
  readonly heartbeatMs: number;
}

/** The limits of the product. */
export const LIVE_LIMITS: LiveLimits = {
  maxClients: 32,
  slowClientMs: 10_000,
  todayMs: 1_000,
  peopleMs: 200,
  heartbeatMs: 3_000,
};

/** More dots than this on one plan help nobody. */
const PEOPLE_CAP = 200;

interface CameraFeed {
  latest: LivePeople;
  sentMono: MonoMs;
  timer: Timer | null;
}

interface HubDeps {
  readonly source: DashboardSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: LiveLimits;
}

/**
 * Turns changes of the source into event-stream frames: each frame is serialised once for all readers, and never
 * more often than the limits say. Nothing is serialised while nobody reads.
 */
export class LiveHub {
  readonly #deps: HubDeps;
  readonly #clients = new Set<LiveClient>();
  readonly #feeds = new Map<string, CameraFeed>();
  readonly #cameras: ReadonlySet<string>;
  readonly #undo = new Disposer();
  #todayMono: MonoMs = monoMs(Number.NEGATIVE_INFINITY);
  #todayTimer: Timer | null = null;
  #statusFrame = "";
  #dropped = 0;

  constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#cameras = new Set(deps.source.site().cameras.map((camera) => camera.id));
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Readers dropped because they accepted nothing for too long. */
  get dropped(): number {
    return this.#dropped;
  }

  start(): void {
    const { source, clock, limits } = this.#deps;
    this.#undo.add(source.onChange(() => this.#changed()));
    this.#undo.add(source.onPeople((people) => this.#people(people)));
    const timer = clock.every(limits.heartbeatMs, "web.heartbeat", () => this.#heartbeat());
    this.#undo.add(() => timer.cancel());
  }

  /** Whether a further reader would be refused. */
  isFull(): boolean {
    return this.#clients.size >= this.#deps.limits.maxClients;
  }

  /** Takes in a reader and sends it the present state; the caller asks `isFull` first. */
  attach(sink: StreamSink): LiveClient {
    const client = new LiveClient(sink, this.#deps.clock);
    sink.on("close", () => this.#clients.delete(client));
    this.#clients.add(client);
    client.offer("retry", "retry: 2000\n\n");
    client.offer("status", frameOf("status", this.#deps.source.status()));
    client.offer("today", frameOf("today", this.#deps.source.today()));
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#todayTimer?.cancel();
    for (const feed of this.#feeds.values()) feed.timer?.cancel();
    for (const client of this.#clients) client.drop();
    this.#clients.clear();
    await this.#undo[Symbol.asyncDispose]();
  }

  #changed(): void {
    if (this.#clients.size === 0 || this.#todayTimer !== null) return;
    const { clock, limits } = this.#deps;
    const waitMs = Math.max(0, this.#todayMono + limits.todayMs - clock.mono());
    this.#todayTimer = clock.after(waitMs, "web.today", () => {
      this.#todayTimer = null;
      this.#todayMono = clock.mono();
      this.#broadcastState();
    });
  }

  #broadcastState(): void {
    this.#send("today", frameOf("today", this.#deps.source.today()));
    const status = frameOf("status", this.#deps.source.status());
    if (status === this.#statusFrame) return;
    this.#statusFrame = status;
    this.#send("status", status);
  }

  #people(people: LivePeople): void {
    if (this.#clients.size === 0 || !this.#cameras.has(people.cameraId)) return;
    const { clock, limits } = this.#deps;
    const feed = this.#feeds.get(people.cameraId);
    if (feed === undefined) {
      const first: CameraFeed = { latest: people, sentMono: clock.mono(), timer: null };
      this.#feeds.set(people.cameraId, first);
      this.#sendPeople(first);
      return;
    }
    feed.latest = people;
    if (feed.timer !== null) return;
    const waitMs = Math.max(0, feed.sentMono + limits.peopleMs - clock.mono());
    feed.timer = clock.after(waitMs, "web.people", () => {
      feed.timer = null;
      this.#sendPeople(feed);
    });
  }

  #sendPeople(feed: CameraFeed): void {
    feed.sentMono = this.#deps.clock.mono();
    const view = peopleViewOf(feed.latest);
    this.#send(`people:${view.cameraId}`, frameOf("people", view));
  }

  #heartbeat(): void {
    const { clock, limits, log } = this.#deps;
    for (const client of this.#clients) {
      if (client.stalledMs() <= limits.slowClientMs) continue;
      this.#clients.delete(client);
      this.#dropped += 1;
      log.info(
        { event: "web.reader-dropped", dropped: this.#dropped },
        "a slow reader was dropped",
      );
      client.drop();
    }
    const beat: HeartbeatView = { now: clock.now() };
    this.#send("heartbeat", frameOf("heartbeat", beat));
    this.#changed();
  }

  #send(slot: string, frame: string): void {
    for (const client of this.#clients) client.offer(slot, frame);
  }
}

/**
 * One frame of the event stream. JSON holds no raw line break, so one `data` line is enough. Pure.
 * @source WHATWG HTML, section 9.2.6, interpreting an event stream.
 */
export function frameOf(event: string, body: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(body)}\n\n`;
}

function peopleViewOf(people: LivePeople): PeopleView {
  return {
    cameraId: people.cameraId,
    people: people.people.slice(0, PEOPLE_CAP).map((person) => ({
      id: person.trackId,
      x: Math.round(person.xNorm * 10_000) / 10_000,
      y: Math.round(person.yNorm * 10_000) / 10_000,
    })),
  };
}
