import type { EpochMs } from "../core/brand.ts";

/** Where a walk stands. */
export type WalkState = "idle" | "walking" | "paused" | "working" | "done";

/** A tag or a receiver by its id and what people call it; no identity, no address. */
export interface NamedView {
  readonly id: string;
  readonly name: string;
}

/** One zone of the floor during a walk. */
export interface WalkZoneView extends NamedView {
  readonly kind: string;
  /** Certain time spent in it so far, ms. */
  readonly stayedMs: number;
}

/** One receiver during a walk. */
export interface WalkReceiverView extends NamedView {
  /** Mean level of the carried tag over the last seconds, dBm; null while nothing is heard. */
  readonly levelDbm: number | null;
  /** Readings since the walk began. */
  readonly readings: number;
}

/** How one zone was placed, before and after; all shares 0..1, null without any second. */
export interface WalkZoneResult extends NamedView {
  readonly seconds: number;
  readonly rightBefore: number | null;
  readonly rightAfter: number | null;
  /** Seconds placed in each zone with the walk's points, in the order of `zones`; then between zones and unknown. */
  readonly placedBeforeS: readonly number[];
  readonly placedAfterS: readonly number[];
}

/** What a finished walk is worth. */
export interface WalkResultView {
  readonly verdict: "better" | "no-better" | "too-short";
  readonly accuracyBefore: number | null;
  readonly accuracyAfter: number | null;
  /** Seconds judged; none was judged by points made of itself. */
  readonly seconds: number;
  readonly points: number;
  readonly zones: readonly WalkZoneResult[];
  /** Sentences, the outcome first. */
  readonly advice: readonly string[];
  readonly isSaved: boolean;
}

/** Body of GET /api/walk and of every accepted change. */
export interface WalkView {
  readonly state: WalkState;
  /** Why no walk is possible here; null when one is. */
  readonly obstacle: string | null;
  /** Tags that can be carried, the first 500 of them; empty while a walk is under way. */
  readonly tags: readonly NamedView[];
  /** Tags that are registered. */
  readonly tagCount: number;
  readonly zones: readonly WalkZoneView[];
  readonly receivers: readonly WalkReceiverView[];
  /** The carried tag; null when idle. */
  readonly tag: NamedView | null;
  /** Zone the carrier stands in; null before the first tap, in a pause and when idle. */
  readonly here: string | null;
  readonly canUndo: boolean;
  /** Time wanted in each zone, ms. */
  readonly wantedMs: number;
  readonly startedAt: EpochMs | null;
  /** When the walk ends by itself. */
  readonly endsAt: EpochMs | null;
  /** Things a person should know: the walk ended by itself, readings were dropped. */
  readonly notes: readonly string[];
  readonly result: WalkResultView | null;
}

/** Why a change was refused: a stable word, a sentence, and what to do. */
export interface WalkRefusal {
  readonly word:
    | "WALK_IMPOSSIBLE"
    | "WALK_RUNNING"
    | "NO_WALK"
    | "UNKNOWN_TAG"
    | "UNKNOWN_ZONE"
    | "TOO_MANY_TAPS"
    | "NOTHING_TO_SAVE"
    | "SAVE_REFUSED";
  readonly message: string;
  readonly hint: string;
}

/** The walk mode of a gateway; the app implements it. One walk at a time, for everybody who may open the page. */
export interface WalkPort {
  view(): WalkView;
  /** Each change returns null when it was made. */
  start(tagId: string): WalkRefusal | null;
  tap(zoneId: string): WalkRefusal | null;
  pause(): WalkRefusal | null;
  undo(): WalkRefusal | null;
  /** Ends the walk and resolves when its result is there; a second call waits for the same result. */
  finish(): Promise<WalkRefusal | null>;
  save(): Promise<WalkRefusal | null>;
  /** Drops the walk with all it recorded; nothing to drop is no fault. */
  cancel(): void;
}
