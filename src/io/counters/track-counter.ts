import type { CounterConfig } from "../../config/counters.ts";
import { BoundedMap } from "../../core/bounded-map.ts";
import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { FAULTS, type FaultCode, GatewayError, type InputFault } from "../../core/errors.ts";
import type { LivePeople, SensorEvent, SensorState } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { CameraPlan } from "../../core/site.ts";
import {
  NumberedEvents,
  type UnnumberedEvent,
  type VisionEvent,
} from "../../vision/numbered-events.ts";
import { CameraState } from "../camera/camera-state.ts";
import type { CounterAdapter, CounterChange } from "./changes.ts";
import { CountedLines, type LineMapping } from "./counted-lines.ts";
import { adapterOf, type CounterTiming, pictureOf, timingOf } from "./counter-kinds.ts";
import { FaultLog } from "./fault-log.ts";
import { readJsonText } from "./message-text.ts";
import { playPath } from "./path-playback.ts";
import type { PushListener } from "./push-listener.ts";
import { SENDER_CLOCK, SenderClock } from "./sender-clock.ts";
import { TrackFeed, type TrackFeedCounts } from "./track-feed.ts";

export interface CounterDeps {
  readonly config: CounterConfig;
  readonly plan: CameraPlan;
  readonly clock: Clock;
  readonly log: Log;
  /** Name of this life; must not repeat from one start of the process to the next. */
  readonly random: () => number;
  /** The counter's own port, when it has one. */
  readonly listener: PushListener | null;
  onEvent(event: SensorEvent): void;
  onPeople(people: LivePeople): void;
}

/** What the status page shows of a counter. */
export interface CounterFacts extends TrackFeedCounts {
  readonly state: SensorState;
  readonly code: FaultCode | null;
  readonly messages: number;
  /** Messages refused for their time. */
  readonly refused: number;
  /** Parts of messages that could not be used. */
  readonly faults: number;
  readonly lastFault: InputFault | null;
  /** Objects left out on purpose: no people, other cameras. */
  readonly ignored: number;
  /** How far the counter's clock is behind ours; null when it sends no time. */
  readonly skewMs: number | null;
  readonly isClockDoubtful: boolean;
  /** Ways told after their end, and those of them that were told again and not counted again. */
  readonly paths: number;
  readonly repeatedPaths: number;
  readonly countedCrossings: number;
  readonly repeatedCrossings: number;
}

const TICK_MS = 250;
const LISTEN_AGAIN_MS = 30_000;
/** Ways told afterwards may be so old; it takes a camera some seconds to be sure that somebody is gone. */
const OLDEST_PATH_MS = 600_000;
/** Ways remembered to know one that a broker delivers again; more than end within that time. */
const KNOWN_PATHS = { cap: 4096, idleMs: Number.POSITIVE_INFINITY };

/** A third-party people counter: a camera of the site plan whose tracks come from elsewhere. */
export class TrackCounter implements Service {
  readonly name: string;
  readonly #deps: CounterDeps;
  readonly #adapter: CounterAdapter;
  readonly #timing: CounterTiming;
  readonly #tracked: CameraPlan;
  readonly #state: CameraState;
  readonly #feed: TrackFeed;
  readonly #lines: CountedLines;
  readonly #extra: NumberedEvents;
  readonly #faults: FaultLog;
  readonly #senderClock = new SenderClock();
  #ticker: Timer | null = null;
  #listenAgain: Timer | null = null;
  #aliveMono: MonoMs | null = null;
  #startedMono: MonoMs = monoMs(0);
  #refusedMono: MonoMs | null = null;
  #messages = 0;
  #refused = 0;
  #ignored = 0;
  #paths = 0;
  readonly #knownPaths = new BoundedMap<string, true>(KNOWN_PATHS);
  #repeatedPaths = 0;
  #hasSights = false;

  constructor(deps: CounterDeps) {
    const { config, plan, onEvent, onPeople, clock, log } = deps;
    this.#deps = deps;
    this.name = `counter ${config.id}`;
    const run = Math.floor(deps.random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
    this.#adapter = adapterOf(config);
    this.#timing = timingOf(config);
    const lines = lineMappings(config);
    const counted = new Set([...lines.values()].map(({ line }) => line));
    // A line counted by the counter is not counted from tracks as well.
    this.#tracked = { ...plan, lines: plan.lines.filter(({ id }) => !counted.has(id)) };
    this.#state = new CameraState(config.id, run, onEvent);
    this.#extra = new NumberedEvents(`counter:${config.id}#${run}`, onEvent);
    this.#faults = new FaultLog(config.id, log);
    const feed = new TrackFeed({
      plan: this.#tracked,
      picture: pictureOf(config),
      run,
      ...this.#timing,
      startMono: clock.mono(),
      onEvent,
      onSamePerson: (from, to, atMono) => {
        const who = { cameraId: plan.id, from, to };
        this.#extra.emit({ kind: "track-renamed", atMono, ...who, isUndone: false });
      },
      onPeople,
    });
    this.#feed = feed;
    this.#lines = new CountedLines({
      cameraId: plan.id,
      lines,
      events: this.#extra,
      trackOf: (id) => feed.trackOf(id),
      nextTrackId: () => feed.nextTrackId(),
    });
  }

  /** Begins to listen. A port that is taken makes this counter blind and is tried again; nobody else is affected. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#ticker !== null || signal.aborted) return;
    const { clock } = this.#deps;
    this.#startedMono = clock.mono();
    this.#state.set("starting", null, this.#startedMono);
    this.#ticker = clock.every(TICK_MS, this.name, () => this.#tick());
    await this.#listen(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ticker?.cancel();
    this.#listenAgain?.cancel();
    await this.#deps.listener?.[Symbol.asyncDispose]();
    if (this.#ticker === null) return;
    this.#ticker = null;
    const nowMono = this.#deps.clock.mono();
    this.#feed.advance(nowMono);
    this.#feed.end(nowMono);
    this.#lines.advance(nowMono);
    this.#state.set("stopped", null, nowMono);
  }

  /** Takes the text of one message; whatever it holds, it never throws. False when nothing in it could be used. */
  take(text: string): boolean {
    const { clock } = this.#deps;
    const nowMono = clock.mono();
    if (this.#ticker === null) return false;
    this.#messages += 1;
    const message = readJsonText(text);
    if (!message.ok) {
      this.#faults.note(message.error);
      return false;
    }
    const report = this.#adapter(message.value);
    this.#ignored += report.ignored;
    for (const fault of report.faults) this.#faults.note(fault);
    if (report.changes.length === 0 || !this.#acceptTime(report.changes, nowMono)) return false;
    this.#comeAlive(report.changes, nowMono);
    for (const change of report.changes) this.#apply(change, nowMono);
    this.#advance(nowMono);
    return true;
  }

  /** Lines of the site plan that the counter counts itself. */
  get countedLines(): readonly string[] {
    return [...new Set([...lineMappings(this.#deps.config).values()].map(({ line }) => line))];
  }

  facts(): CounterFacts {
    return {
      ...this.#feed.counts,
      state: this.#state.state,
      code: this.#state.code,
      messages: this.#messages,
      refused: this.#refused,
      faults: this.#faults.count,
      lastFault: this.#faults.last,
      ignored: this.#ignored + this.#lines.unmapped,
      skewMs: this.#senderClock.skewMs,
      isClockDoubtful: this.#senderClock.isDoubtful,
      paths: this.#paths,
      repeatedPaths: this.#repeatedPaths,
      countedCrossings: this.#lines.told,
      repeatedCrossings: this.#lines.repeated,
    };
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { listener, clock } = this.#deps;
    if (listener === null || signal.aborted) return;
    try {
      await listener.start({
        take: (text) => this.take(text),
        refuse: (fault) => this.#faults.note(fault),
      });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#goBlind(error.code, clock.mono());
      this.#listenAgain = clock.after(LISTEN_AGAIN_MS, `${this.name} port`, () => {
        if (this.#ticker !== null) void this.#listen(signal);
      });
    }
  }

  /** Whether the message's own time can be believed. Messages without one are as old as their arrival. */
  #acceptTime(changes: readonly CounterChange[], nowMono: MonoMs): boolean {
    const { clock } = this.#deps;
    const now = clock.now();
    const newest = newestTime(changes);
    if (newest === null) return true;
    const judged = this.#senderClock.judge(newest, nowMono, now);
    if (judged.kind === "good") return true;
    this.#refused += 1;
    this.#refusedMono = nowMono;
    const seconds = Math.round(Math.abs(judged.skewMs) / 1000);
    const side = judged.skewMs > 0 ? "behind" : "ahead of";
    const fault = {
      path: "(time)",
      found: `${seconds} s ${side} our clock`,
      expected: `a time within ${SENDER_CLOCK.refusedMs / 1000} s of ours`,
    };
    this.#faults.note(fault, "COUNTER_CLOCK");
    return false;
  }

  #apply(change: CounterChange, nowMono: MonoMs): void {
    const toMono = (sentMs: number): MonoMs => this.#senderClock.toMono(sentMs, nowMono);
    switch (change.kind) {
      case "seen":
        this.#hasSights = true;
        this.#feed.take(change, change.sentMs === null ? nowMono : toMono(change.sentMs));
        return;
      case "ended":
      case "renamed":
        this.#feed.take(change, change.sentMs === null ? nowMono : toMono(change.sentMs));
        return;
      case "trail":
        this.#feed.takeTrail(change.id, change.score, change.points, toMono);
        return;
      case "path":
        this.#play(change, nowMono);
        return;
      case "crossed":
        this.#lines.take(change, change.sentMs === null ? nowMono : toMono(change.sentMs));
        return;
      case "alive":
        return;
    }
  }

  /**
   * A whole way, told seconds after its end: how long is not known, so its times are taken as they are, by the wall
   * clocks of both.
   */
  #play({ id, score, points }: Extract<CounterChange, { kind: "path" }>, nowMono: MonoMs): void {
    const now = this.#deps.clock.now();
    const newest = points.at(-1)?.sentMs;
    if (newest === undefined) return;
    if (this.#hasSights) {
      const expected = "frames or whole ways, not both: they are the same people";
      this.#faults.note({ path: "path", found: "a whole way", expected });
      return;
    }
    const ageMs = now - newest;
    if (ageMs < -SENDER_CLOCK.refusedMs || ageMs > OLDEST_PATH_MS) {
      this.#refused += 1;
      this.#refusedMono = nowMono;
      const found = `${Math.round(ageMs / 1000)} s old`;
      const expected = `a way that ended within ${OLDEST_PATH_MS / 1000} s`;
      this.#faults.note({ path: "(time)", found, expected }, "COUNTER_CLOCK");
      return;
    }
    const key = `${newest} ${id}`;
    if (this.#knownPaths.peek(key)) {
      this.#repeatedPaths += 1;
      return;
    }
    this.#knownPaths.set(key, true, nowMono);
    this.#paths += 1;
    const offsetMs = nowMono - newest - Math.max(0, ageMs);
    const timed = points.map(({ sentMs, ...place }) => ({
      ...place,
      atMono: monoMs(sentMs + offsetMs),
    }));
    const path = { trackId: this.#feed.nextTrackId(), score, points: timed };
    playPath(path, this.#tracked, pictureOf(this.#deps.config), (event) =>
      this.#extra.emit(unnumbered(event)),
    );
  }

  #tick(): void {
    const nowMono = this.#deps.clock.mono();
    this.#advance(nowMono);
    const silentMs = nowMono - (this.#aliveMono ?? this.#startedMono);
    if (silentMs <= this.#timing.silenceMs || this.#state.state === "blind") return;
    const since = this.#aliveMono ?? this.#startedMono;
    const isRefused = this.#refusedMono !== null && this.#refusedMono > since;
    this.#goBlind(isRefused ? "COUNTER_CLOCK" : "COUNTER_SILENT", nowMono);
  }

  #advance(nowMono: MonoMs): void {
    this.#feed.advance(nowMono);
    this.#lines.advance(monoMs(nowMono - this.#timing.delayMs));
  }

  #comeAlive(changes: readonly CounterChange[], nowMono: MonoMs): void {
    if (changes.some((change) => change.kind === "alive" && !change.isSeeing)) {
      this.#goBlind("COUNTER_SILENT", nowMono);
      return;
    }
    this.#aliveMono = nowMono;
    if (!this.#state.set("seeing", null, nowMono)) return;
    const { config, log } = this.#deps;
    log.info({ event: "counter.seeing", counterId: config.id }, "the counter delivers");
  }

  #goBlind(code: FaultCode, nowMono: MonoMs): void {
    if (!this.#state.set("blind", code, nowMono)) return;
    this.#feed.blind(nowMono);
    this.#lines.advance(nowMono);
    const { config, log } = this.#deps;
    log.warn({ event: "counter.blind", counterId: config.id, code }, FAULTS[code].summary);
  }
}

/** Newest time a message carries about the present; null when it carries none. */
function newestTime(changes: readonly CounterChange[]): number | null {
  let newest: number | null = null;
  for (const change of changes) {
    // Ends and ways are told when they are long over; only what happens now tells the clock.
    if (change.kind === "trail" || change.kind === "path" || change.kind === "ended") continue;
    if (change.sentMs === null) continue;
    newest = Math.max(newest ?? change.sentMs, change.sentMs);
  }
  return newest;
}

function lineMappings({ lines }: CounterConfig): ReadonlyMap<string, LineMapping> {
  const mappings = Object.entries(lines ?? {}).map(([theirs, ours]) => {
    const mapping: LineMapping = typeof ours === "string" ? { line: ours, forward: "in" } : ours;
    return [theirs, mapping] as const;
  });
  return new Map(mappings);
}

/** The event of a path's own pipeline, to be numbered among the counter's. */
function unnumbered({ source: _source, seq: _seq, ...event }: VisionEvent): UnnumberedEvent {
  return event;
}
