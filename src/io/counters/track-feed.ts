import { type MonoMs, monoMs, type TrackId, trackId } from "../../core/brand.ts";
import type { LivePeople } from "../../core/events.ts";
import type { CameraPlan } from "../../core/site.ts";
import {
  type CameraPipeline,
  createCameraPipeline,
  type TrackedPerson,
  type VisionEvent,
} from "../../vision/camera-pipeline.ts";
import type { PictureSize } from "../../vision/ports.ts";
import type { PathPoint, Sighting } from "./changes.ts";
import { FollowedPeople } from "./followed-people.ts";
import { type Instant, Playout, type TimedChange } from "./playout.ts";

export interface TrackFeedOptions {
  readonly plan: CameraPlan;
  readonly picture: PictureSize;
  /** Name of this life; part of the source of every event. */
  readonly run: string;
  /** How long instants wait for others that belong before them. */
  readonly delayMs: number;
  /** How long a person who is not mentioned is taken to be still where they were. */
  readonly carryMs: number;
  readonly startMono: MonoMs;
  onEvent(event: VisionEvent): void;
  /** Two numbers that have both been in events are one person, who goes on as `to`. */
  onSamePerson(from: TrackId, to: TrackId, atMono: MonoMs): void;
  onPeople(people: LivePeople): void;
}

/** What a feed did since its start. */
export interface TrackFeedCounts {
  /** People there at this moment. */
  readonly people: number;
  readonly instants: number;
  /** Sights older than what is known of the person already: said twice, or out of order beyond repair. */
  readonly outdated: number;
  /** Instants that came after their time had been played, and were played at once. */
  readonly late: number;
  /** Renames, and new ids that were known people. */
  readonly joined: number;
  /** People given up because there were too many. */
  readonly evicted: number;
}

/** A counter that only tells changes is asked so often where everybody is. */
const TICK_MS = 500;
/** Empty instants are told for so long, so that the pipeline notices that people are gone. */
const EMPTY_MS = 5000;

/**
 * Turns what a counter says into instants of everybody visible, and plays them into a camera pipeline in the order of
 * time. Whoever is not mentioned is carried on at a steady tick until the counter says otherwise or the time for it
 * is over. The same changes give the same events, however the calls of `advance` fall.
 */
export class TrackFeed {
  readonly #options: TrackFeedOptions;
  readonly #pipeline: CameraPipeline;
  readonly #people: FollowedPeople;
  readonly #playout: Playout;
  #lastTrackId = 0;
  #lastSightMono: MonoMs | null = null;
  #instants = 0;
  #outdated = 0;

  constructor(options: TrackFeedOptions) {
    const { plan, picture, run, onPeople } = options;
    this.#options = options;
    this.#people = new FollowedPeople(
      () => this.nextTrackId(),
      (from, to, atMono) => options.onSamePerson(from, to, atMono),
    );
    this.#playout = new Playout(options.startMono);
    this.#pipeline = createCameraPipeline({
      plan,
      picture,
      run,
      onPeople,
      onEvent: (event) => {
        options.onEvent(event);
        if ("trackId" in event) this.#people.noteEvent(event.trackId, event.atMono);
      },
    });
  }

  get counts(): TrackFeedCounts {
    let people = 0;
    for (const person of this.#people.all()) if (this.#isThere(person)) people += 1;
    return {
      people,
      instants: this.#instants,
      outdated: this.#outdated,
      late: this.#playout.squeezed,
      joined: this.#people.joined,
      evicted: this.#people.evicted,
    };
  }

  /** A number for somebody; unique in this life of the counter. */
  nextTrackId(): TrackId {
    this.#lastTrackId += 1;
    return trackId(this.#lastTrackId);
  }

  /** Our number of a person of the counter; null when unknown. */
  trackOf(id: string): TrackId | null {
    return this.#people.peek(id)?.trackId ?? null;
  }

  /** Takes a change that happened at `atMono`; it is played when its time has come. */
  take(change: TimedChange, atMono: MonoMs): void {
    this.#playout.add(change, atMono);
  }

  /** Takes the way of somebody up to now; points already known are left out. `toMono` translates the counter's times. */
  takeTrail(
    id: string,
    score: number,
    points: readonly PathPoint[],
    toMono: (sentMs: number) => MonoMs,
  ): void {
    const knownMono = this.#people.peek(id)?.sightMono ?? Number.NEGATIVE_INFINITY;
    for (const { sentMs, ...place } of points) {
      const atMono = toMono(sentMs);
      if (atMono <= knownMono) continue;
      const people = [{ id, ...place, score }];
      this.#playout.add({ kind: "seen", sentMs, people, isEverybody: false }, atMono);
    }
  }

  /** Plays everything that is due at `nowMono`, less the delay. */
  advance(nowMono: MonoMs): void {
    const untilMono = monoMs(nowMono - this.#options.delayMs);
    for (;;) {
      this.#carryUntil(monoMs(Math.min(untilMono, this.#playout.nextMono)));
      const instant = this.#playout.next(untilMono);
      if (instant === null) break;
      this.#play(instant);
    }
  }

  /** The counter does not see any more, or we do not hear it: everybody is forgotten, nothing counts across the gap. */
  blind(nowMono: MonoMs): void {
    this.#playout.clear();
    this.#playout.pass(nowMono);
    this.#people.clear();
    this.#lastSightMono = null;
    this.#pipeline.blind(nowMono);
  }

  /** Plays what still waits, and ends. */
  end(nowMono: MonoMs): void {
    for (let next = this.#playout.next(nowMono); next !== null; next = this.#playout.next(nowMono))
      this.#play(next);
    this.#pipeline.end(nowMono);
  }

  /** Ticks between two instants, as long as somebody may be there or has just left. */
  #carryUntil(untilMono: MonoMs): void {
    if (this.#lastSightMono === null) {
      this.#pass(untilMono);
      return;
    }
    const endMono = this.#lastSightMono + this.#options.carryMs + EMPTY_MS;
    for (;;) {
      const atMono = monoMs(this.#playout.playedMono + TICK_MS);
      // An instant this close is the next tick.
      if (atMono >= untilMono) return;
      if (atMono > endMono) break;
      this.#playout.pass(atMono);
      this.#push(atMono);
    }
    this.#lastSightMono = null;
    this.#people.forget(untilMono, this.#options.carryMs);
    this.#pass(untilMono);
  }

  /** With nobody there, time passes unmarked; less one tick, so that an instant at the very end is not late. */
  #pass(untilMono: MonoMs): void {
    this.#playout.pass(monoMs(untilMono - TICK_MS));
  }

  #play({ playMono, atMono, changes }: Instant): void {
    for (const change of changes) {
      if (change.kind === "renamed") this.#people.rename(change.from, change.to, atMono);
      else if (change.kind === "seen")
        this.#see(change.people, change.isEverybody, atMono, playMono);
    }
    this.#push(playMono);
    // Whoever ends in this instant was still there in it.
    for (const change of changes)
      if (change.kind === "ended") for (const id of change.ids) this.#people.end(id, atMono);
    this.#people.forget(playMono, this.#options.carryMs);
  }

  #see(
    sightings: readonly Sighting[],
    isEverybody: boolean,
    atMono: MonoMs,
    playMono: MonoMs,
  ): void {
    // A whole picture that is older than what was played says nothing any more.
    const isOld = isEverybody && atMono < playMono;
    if (isEverybody && !isOld) this.#people.leaveOut(new Set(sightings.map(({ id }) => id)));
    for (const sighting of sightings) {
      const known = this.#people.peek(sighting.id);
      if (isOld || (known !== undefined && known.sightMono >= atMono)) this.#outdated += 1;
      else if (known !== undefined || sighting.isUnsure !== true) {
        this.#people.see(sighting, atMono);
        this.#lastSightMono = monoMs(Math.max(this.#lastSightMono ?? 0, playMono));
      }
    }
  }

  #push(atMono: MonoMs): void {
    this.#people.settle(atMono);
    const { widthPx, heightPx } = this.#options.picture;
    const visible: TrackedPerson[] = [];
    for (const person of this.#people.all()) {
      if (!this.#isThere(person)) continue;
      visible.push({
        trackId: person.trackId,
        xPx: person.xNorm * widthPx,
        yPx: person.yNorm * heightPx,
        heightPx: person.heightNorm * heightPx,
        score: person.score,
      });
    }
    this.#instants += 1;
    this.#pipeline.pushTracks(visible, atMono);
  }

  #isThere({ isGone, sightMono }: { isGone: boolean; sightMono: MonoMs }): boolean {
    return !isGone && this.#playout.playedMono - sightMono <= this.#options.carryMs;
  }
}
