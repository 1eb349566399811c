import { type MonoMs, monoMs, type ReceiverId, type TagId, type ZoneId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { SensorEvent, TagState } from "../../core/events.ts";
import { type Log, type Service, SILENT_LOG } from "../../core/lifecycle.ts";
import type { SitePlan, SurveyPoint, TagPlan } from "../../core/site.ts";
import { adIntegrity } from "../../radio/ad-structures.ts";
import type { MemberPort } from "../../radio/loyalty/member-port.ts";
import type { PresenceRules } from "../../radio/presence.ts";
import type { Sighting, SightingSource } from "../../radio/sighting.ts";
import type { AdvertisementSource, AdvertisingReport, ReceiverState } from "../../radio/source.ts";
import { createTagBook, type TagBook } from "../../radio/tag-registry.ts";
import { TagWhereabouts } from "../../radio/tag-whereabouts.ts";
import type { TagTelemetry } from "../../radio/telemetry.ts";
import type { LearnedRadio } from "../../radio/zones/zone-engine.ts";
import type { ZoneEstimate } from "../../radio/zones/zone-estimate.ts";
import { Listeners } from "./listeners.ts";
import { readingsLeftOut, zonesText } from "./located-texts.ts";
import { PresentMembers } from "./present-members.ts";
import { RECEIVER_CAP, type Receiver, ReceiverRoster } from "./receiver-roster.ts";
import { type RadioFacts, receiverTexts } from "./receiver-tally.ts";
import { TagFollowers } from "./tag-followers.ts";
import { TagReader } from "./tag-reader.ts";

/** What the glue between receivers and the rest of the gateway needs. */
export interface RadioInputOptions {
  readonly sources: readonly AdvertisementSource[];
  /** The registered tags: a fixed list, or a book that may change while the gateway runs. */
  readonly tags: readonly TagPlan[] | TagBook;
  /** Where receivers hang and what the floor is; absent, or without a floor: presence by level, and no zones. */
  readonly plan?: Pick<SitePlan, "receivers" | "floor" | "survey" | "cameras">;
  /** How long after a second it is decided where tags were, 0..15000. Absent = 10000. */
  readonly lagMs?: number;
  /** What was learned of these radios in an earlier life; absent = nothing. */
  readonly learned?: LearnedRadio | undefined;
  /** Name of this run: part of every event's id. */
  readonly run: string;
  readonly clock: Clock;
  /** Absent = nothing is logged. */
  readonly log?: Log;
  readonly onEvent: (event: SensorEvent) => void;
  readonly rules?: PresenceRules;
  /** Who of those that nobody registered may be followed; absent = nobody. */
  readonly members?: MemberPort | undefined;
}

/** A reading of a registered tag; `tag` is its position in the book. */
export type ReadingListener = (
  tag: number,
  receiver: ReceiverId,
  rssiDbm: number,
  atMono: MonoMs,
) => void;
/** What a registered tag says about itself. */
export type TelemetryListener = (tag: number, telemetry: TagTelemetry, atMono: MonoMs) => void;

/** What is known of one registered tag now. */
export interface TagFacts {
  readonly tagId: TagId;
  /** When anything of it was last heard; null when never in this life. */
  readonly lastSeenMono: MonoMs | null;
  readonly state: TagState;
  /** The zone of its stay; null in none. */
  readonly zoneId: ZoneId | null;
  /** Mean probability 0..1 of that zone; 0 in none. */
  readonly confidence: number;
}

/** Feeds all receivers into presence and places of registered tags, and reports the receivers' own state. */
export interface RadioInput extends Service {
  /** The registered tags. */
  readonly tags: TagBook;
  /** Takes a further receiver in. Its callbacks are ours from here on. At most 256 with the remote ones. */
  add(source: AdvertisementSource): void;
  /** Takes a scanner in that sends its sightings over the network. Its callbacks are ours from here on. */
  addRemote(source: SightingSource): void;
  /** Figures per receiver, in the order in which they were added. */
  facts(): readonly RadioFacts[];
  /** The same as short texts with their labels, as the dashboard shows them. */
  factTexts(receiver: ReceiverId): readonly (readonly [label: string, text: string])[];
  /** Every registered tag, in the order of the book. */
  tagFacts(): readonly TagFacts[];
  /** The tag at this position of the book; null for none. */
  factsOf(tag: number): TagFacts | null;
  /** Registered tags that are passing or inside now. */
  readonly tagsPresent: number;
  /** What was learned of the radios, for saving; null without a floor. */
  learned(): LearnedRadio | null;
  /** Takes a new survey in the place of the old one. */
  resurvey(points: readonly SurveyPoint[]): void;
  /** Each of these adds a listener and returns how to remove it. Nothing may throw. */
  onReading(listener: ReadingListener): () => void;
  onTelemetry(listener: TelemetryListener): () => void;
  /** Estimates of the zone engine, `lagMs` late; the object is reused. */
  onEstimate(listener: (estimate: ZoneEstimate) => void): () => void;
  /** Reports of registered tags as adapters delivered them, for recording; only valid during the call. */
  onTagReport(listener: (tag: number, report: AdvertisingReport) => void): () => void;
  /** Reports of devices that are nobody; only valid during the call. */
  onUnknown(listener: (report: AdvertisingReport) => void): () => void;
  /** Lets time pass; called once a second after `start`, and by a replay at its end. */
  advance(nowMono: MonoMs): void;
}

const ADVANCE_MS = 1_000;
const DEFAULT_LAG_MS = 10_000;
/** What is older cannot be merged any more; a clock ahead of ours by more is wrong. */
const LATE_MS = 15_000;
const AHEAD_MS = 2_000;
/** No tag is heard with a milliwatt; 127 and other positive numbers mean that nothing was measured, or a fault. */
const LEVEL_MAX_DBM = -1;
const LEVEL_MIN_DBM = -127;

/** Creates the radio input. It takes over the callbacks of the sources; they start sending when started. */
export function createRadioInput(options: RadioInputOptions): RadioInput {
  return new TagRadioInput(options);
}

class TagRadioInput implements RadioInput {
  readonly name = "radio-input";
  readonly tags: TagBook;
  readonly #options: RadioInputOptions;
  readonly #whereabouts: TagWhereabouts;
  readonly #reader: TagReader;
  readonly #followers: TagFollowers;
  readonly #roster: ReceiverRoster;
  /** By position in the book; bounded by the positions that a book gives out. */
  readonly #lastSeenMono: number[] = [];
  readonly #readings = new Listeners<ReadingListener>();
  readonly #telemetry = new Listeners<TelemetryListener>();
  readonly #estimates = new Listeners<(estimate: ZoneEstimate) => void>();
  readonly #tagReports = new Listeners<(tag: number, report: AdvertisingReport) => void>();
  readonly #unknown = new Listeners<(report: AdvertisingReport) => void>();
  readonly #stopWatching: () => void;
  #timer: Timer | null = null;
  #isOver = false;

  constructor(options: RadioInputOptions) {
    const { plan, tags, lagMs = DEFAULT_LAG_MS, learned, run, clock, onEvent, rules } = options;
    this.#options = options;
    this.tags = "indexOf" in tags && "replace" in tags ? tags : createTagBook(tags);
    const members = this.#membersOf(options);
    this.#reader = new TagReader(this.tags, options.log ?? SILENT_LOG, undefined, members);
    this.#followers = new TagFollowers({ tags: this.tags, plan, run, onEvent });
    const floor = plan?.floor;
    const receivers = plan?.receivers ?? [];
    this.#roster = new ReceiverRoster({ plans: plan?.receivers, run, clock, onEvent });
    this.#whereabouts = new TagWhereabouts({
      tags: this.tags.tags,
      isKept: (tag) => !this.tags.isGuest(tag),
      receivers: RECEIVER_CAP,
      located:
        floor === undefined
          ? null
          : { floor, receivers, survey: plan?.survey ?? [], lagMs, learned },
      run,
      onEvent: (event) => this.#followers.event(event),
      onEstimate: (estimate) => {
        const heardMono = this.#lastSeenMono[estimate.tag] ?? estimate.atMono;
        this.#followers.estimate(estimate, monoMs(heardMono));
        for (const listener of this.#estimates.all) listener(estimate);
      },
      rules,
    });
    for (let place = 0; place < receivers.length; place += 1)
      this.#whereabouts.setPlaceSeeing(place, false, clock.mono());
    this.#stopWatching = this.tags.onChange(({ added, renewed, retired }) => {
      for (const tag of [...retired, ...renewed]) this.#drop(tag);
      for (const tag of [...added, ...renewed]) this.#followers.begin(tag, clock.mono());
    });
    for (const source of options.sources) this.add(source);
  }

  get tagsPresent(): number {
    return this.#whereabouts.present;
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#timer === null && !signal.aborted) {
      const { clock } = this.#options;
      this.#timer = clock.every(ADVANCE_MS, "radio-input.advance", () => {
        this.advance(clock.mono());
      });
    }
    return Promise.resolve();
  }

  /** Tells what is left to be told of tags, then that the receivers stopped. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    this.#stopWatching();
    if (!this.#isOver) this.#whereabouts.finish(this.#options.clock.mono());
    this.#isOver = true;
    for (const receiver of this.#roster.all) {
      receiver.release();
      this.#roster.change(receiver, "stopped", null);
    }
    return Promise.resolve();
  }

  add(source: AdvertisementSource): void {
    const receiver = this.#roster.admit({
      receiverId: source.receiverId,
      counts: () => source.counts(),
      furtherTexts: () => [],
      release: () => {
        source.onReport = () => undefined;
        source.onState = () => undefined;
      },
    });
    source.onReport = (report) => this.#onReport(receiver, report);
    source.onState = (state) => this.#onState(receiver, state);
  }

  addRemote(source: SightingSource): void {
    const receiver = this.#roster.admit({
      receiverId: source.receiverId,
      counts: () => source.counts(),
      furtherTexts: () => source.factTexts(),
      release: () => {
        source.onSighting = () => undefined;
        source.onState = () => undefined;
      },
    });
    source.onSighting = (sighting) => this.#onSighting(receiver, sighting);
    source.onState = (state) => this.#onState(receiver, state);
  }

  advance(nowMono: MonoMs): void {
    if (this.#isOver) return;
    this.#reader.advance(nowMono);
    this.#whereabouts.advance(nowMono);
  }

  facts(): readonly RadioFacts[] {
    return this.#roster.all.map((receiver) => this.#roster.factsOf(receiver));
  }

  factTexts(receiverId: ReceiverId): readonly (readonly [label: string, text: string])[] {
    const receiver = this.#roster.all.find((r) => r.receiverId === receiverId);
    if (receiver === undefined) return [];
    return [
      ...receiverTexts(this.#roster.factsOf(receiver)),
      ...receiver.furtherTexts(),
      ...(receiver.index === 0 ? this.#commonTexts() : []),
    ];
  }

  tagFacts(): readonly TagFacts[] {
    return this.tags.active.flatMap(({ id }) => this.factsOf(this.tags.indexOfId(id)) ?? []);
  }

  factsOf(tag: number): TagFacts | null {
    const plan = this.tags.tags[tag];
    if (plan === undefined) return null;
    const { state, zone, confidence } = this.#whereabouts.of(tag);
    const seenMono = this.#lastSeenMono[tag];
    return {
      tagId: plan.id,
      lastSeenMono: seenMono === undefined ? null : monoMs(seenMono),
      state,
      zoneId: this.#options.plan?.floor?.zones[zone]?.id ?? null,
      confidence,
    };
  }

  learned(): LearnedRadio | null {
    return this.#whereabouts.learned();
  }

  resurvey(points: readonly SurveyPoint[]): void {
    this.#whereabouts.resurvey(points);
  }

  onReading(listener: ReadingListener): () => void {
    return this.#readings.add(listener);
  }

  onTelemetry(listener: TelemetryListener): () => void {
    return this.#telemetry.add(listener);
  }

  onEstimate(listener: (estimate: ZoneEstimate) => void): () => void {
    return this.#estimates.add(listener);
  }

  onTagReport(listener: (tag: number, report: AdvertisingReport) => void): () => void {
    return this.#tagReports.add(listener);
  }

  onUnknown(listener: (report: AdvertisingReport) => void): () => void {
    return this.#unknown.add(listener);
  }

  /** What all receivers found out together; told with the first. */
  #commonTexts(): readonly (readonly [label: string, text: string])[] {
    const { present, inside } = this.#whereabouts;
    const zones = this.#options.plan?.floor?.zones;
    const located = this.#whereabouts.located() ?? [];
    return [
      ["tags heard", String(present)],
      ["tags inside", String(inside)],
      ...(zones === undefined ? [] : [["tags in zones", zonesText(zones, located)] as const]),
      ...readingsLeftOut(this.#whereabouts.counts()),
      ...this.#reader.texts(),
      ...(this.#options.members?.texts?.() ?? []),
    ];
  }

  #onReport(receiver: Receiver, report: AdvertisingReport): void {
    const { tally } = receiver;
    tally.report(report.atMono, 1);
    if (adIntegrity(report.payload) === "cut") tally.cut += 1;
    const tag = this.#reader.tagOf(receiver.index, report);
    if (tag < 0) {
      tally.otherReports += 1;
      for (const listener of this.#unknown.all) listener(report);
      return;
    }
    tally.tagReports += 1;
    // Recordings are of the shop's own tags: what a member sends is written down nowhere.
    if (!this.tags.isGuest(tag)) for (const listener of this.#tagReports.all) listener(tag, report);
    const { atMono, rssiDbm } = report;
    this.#takeReading(receiver, tag, rssiDbm, 1, atMono);
    this.#takeTelemetry(tag, this.#reader.telemetryIn(tag, report.payload, atMono), atMono);
  }

  #onSighting(receiver: Receiver, sighting: Sighting): void {
    const { atMono, rssiDbm, packets } = sighting;
    const count = Number.isFinite(packets) && packets >= 1 ? packets : 1;
    // By arrival: its own time may be anything.
    receiver.tally.report(this.#options.clock.mono(), count);
    const tag = this.#reader.tagSighted(sighting);
    if (tag < 0) {
      receiver.tally.otherReports += 1;
      return;
    }
    receiver.tally.tagReports += 1;
    this.#takeReading(receiver, tag, rssiDbm, count, atMono);
    const { telemetry, who } = sighting;
    const told = who.kind === "payload" ? this.#reader.telemetryIn(tag, who.payload, atMono) : null;
    this.#takeTelemetry(tag, telemetry ?? told, atMono);
  }

  #takeReading(
    receiver: Receiver,
    tag: number,
    rssiDbm: number | null,
    packets: number,
    atMono: MonoMs,
  ): void {
    const { tally, index, place, receiverId } = receiver;
    const ageMs = this.#options.clock.mono() - atMono;
    // Written so that a time or level that is no number fails as well.
    if (!(ageMs <= LATE_MS && ageMs >= -AHEAD_MS)) {
      tally.late += 1;
      return;
    }
    this.#lastSeenMono[tag] = Math.max(this.#lastSeenMono[tag] ?? atMono, atMono);
    if (rssiDbm === null || rssiDbm === 127) {
      tally.unmeasured += 1;
      return;
    }
    if (!(rssiDbm >= LEVEL_MIN_DBM && rssiDbm <= LEVEL_MAX_DBM)) {
      tally.impossible += 1;
      return;
    }
    this.#whereabouts.reading(tag, index, place, rssiDbm, packets, atMono);
    for (const listener of this.#readings.all) listener(tag, receiverId, rssiDbm, atMono);
  }

  #takeTelemetry(tag: number, telemetry: TagTelemetry | null, atMono: MonoMs): void {
    if (telemetry === null) return;
    this.#followers.telemetry(tag, telemetry, atMono);
    for (const listener of this.#telemetry.all) listener(tag, telemetry, atMono);
  }

  #membersOf({ members: port }: RadioInputOptions): PresentMembers | null {
    if (port === undefined) return null;
    const isOutside = (tag: number): boolean => this.#whereabouts.of(tag).state === "outside";
    return new PresentMembers({ port, book: this.tags, isOutside, drop: (tag) => this.#drop(tag) });
  }

  #drop(tag: number): void {
    this.#followers.forget(tag, () => this.#whereabouts.drop(tag));
    this.#reader.forget(tag);
    delete this.#lastSeenMono[tag];
  }

  #onState(receiver: Receiver, state: ReceiverState): void {
    const atMono = this.#options.clock.mono();
    const wasBlind = !this.#roster.isAnySeen();
    this.#roster.change(receiver, state.kind, state.kind === "blind" ? state.code : null);
    if (wasBlind && state.kind === "seeing") this.#followers.interrupted(atMono);
    const { index, place } = receiver;
    this.#whereabouts.setSeeing(index, state.kind === "seeing", atMono);
    if (place >= 0) this.#whereabouts.setPlaceSeeing(place, this.#roster.isSeen(place), atMono);
  }
}
