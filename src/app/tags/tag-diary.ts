import { type EpochMs, epochMs, type MonoMs, monoMs, type TagId } from "../../core/brand.ts";
import { epochAt, type TimeAnchor } from "../../core/clock.ts";
import type { TagMovementRecorded } from "../../core/events.ts";
import type { RadioInput } from "../../io/radio/radio-input.ts";
import type { TagRecord, TagState } from "../../io/site/tag-state-file.ts";
import { isBatteryLow } from "../../radio/tag-battery.ts";
import type { TagBook } from "../../radio/tag-registry.ts";
import type { TagTelemetry } from "../../radio/telemetry.ts";
import type { LearnedRadio } from "../../radio/zones/zone-engine.ts";

/** What is remembered of a tag, with what follows from it. */
export interface TagNote extends TagRecord {
  readonly isBatteryLow: boolean;
}

const NOTHING: TagNote = { seenAt: null, batteryRatio: null, batteryMv: null, isBatteryLow: false };
/** A level in dB or dBm beyond this was never measured. */
const LEVEL_LIMIT = 200;

/** The radio as the registry reads it. */
export type TagRadio = Pick<RadioInput, "factsOf" | "learned" | "onTelemetry">;

/**
 * Battery and last sight of each registered tag, whether it tells its movements, and what was learned of the radios, over a restart. One entry per
 * registered tag; a tag that is no longer registered is forgotten.
 */
export class TagDiary {
  readonly #book: TagBook;
  readonly #anchor: () => TimeAnchor;
  readonly #notes = new Map<TagId, TagNote>();
  readonly #low = new Set<TagId>();
  readonly #learned: LearnedRadio | null;
  #radio: TagRadio | null = null;

  constructor(book: TagBook, initial: TagState, anchor: () => TimeAnchor) {
    this.#book = book;
    this.#anchor = anchor;
    this.#learned = initial.learned;
    for (const { id } of book.active) {
      const record = initial.tags[id];
      if (record !== undefined) this.#write(id, { ...NOTHING, ...record });
    }
    book.onChange(({ retired, renewed }) => {
      for (const position of [...retired, ...renewed]) this.#forget(book.tags[position]?.id);
    });
  }

  /** What the last life learned of the radios. */
  get learned(): LearnedRadio | undefined {
    return this.#learned ?? undefined;
  }

  /** Tags whose battery is low, in the order in which that was noticed. */
  get low(): readonly TagId[] {
    return [...this.#low];
  }

  /** Listens to the tags of this radio. */
  follow(radio: TagRadio): void {
    this.#radio = radio;
    radio.onTelemetry((position, telemetry) => this.#take(position, telemetry));
  }

  /** Since when each tag that told a movement is known to; it is never told by one that only rests. */
  get movers(): readonly (readonly [TagId, EpochMs])[] {
    return [...this.#notes].flatMap(([id, { movesSince }]) =>
      movesSince === undefined ? [] : [[id, movesSince] as const],
    );
  }

  /** Takes a movement that was told. A wall clock that was never set dates none. */
  takeMovement({ tagId, movement, at, clock }: TagMovementRecorded): void {
    if (movement === "moved" || clock === "unsynced") return;
    if (!this.#book.isActive(this.#book.indexOfId(tagId))) return;
    const before = this.#notes.get(tagId) ?? NOTHING;
    if (before.movesSince === undefined || at < before.movesSince)
      this.#write(tagId, { ...before, movesSince: epochMs(Math.floor(at)) });
  }

  /** What is known of a registered tag now. */
  noteOf(id: TagId): TagNote {
    const note = this.#notes.get(id) ?? NOTHING;
    const seenMono = this.#radio?.factsOf(this.#book.indexOfId(id))?.lastSeenMono ?? null;
    return seenMono === null ? note : { ...note, seenAt: this.#wall(seenMono) };
  }

  /** All of it, for saving. A wall clock that was never set dates nothing. */
  state(): TagState {
    const isDated = this.#anchor().clock !== "unsynced";
    const tags: Record<string, TagRecord> = {};
    for (const { id } of this.#book.active) {
      const now = this.noteOf(id);
      const seenAt = isDated ? now.seenAt : (this.#notes.get(id)?.seenAt ?? null);
      const { batteryRatio, batteryMv, movesSince } = now;
      const isKnown = [seenAt, batteryRatio, batteryMv].some((known) => known !== null);
      if (movesSince !== undefined) tags[id] = { seenAt, batteryRatio, batteryMv, movesSince };
      else if (isKnown) tags[id] = { seenAt, batteryRatio, batteryMv };
    }
    return { tags, learned: this.#learnedNow() };
  }

  #take(position: number, { batteryRatio, batteryMv }: TagTelemetry): void {
    const plan = this.#book.tags[position];
    const ratio = isWithin(batteryRatio, 1) ? batteryRatio : null;
    const mv = isWithin(batteryMv, 100_000) ? batteryMv : null;
    if (plan === undefined || !this.#book.isActive(position) || (ratio === null && mv === null))
      return;
    const before = this.#notes.get(plan.id) ?? NOTHING;
    this.#write(plan.id, {
      ...before,
      batteryRatio: ratio ?? before.batteryRatio,
      batteryMv: mv ?? before.batteryMv,
    });
  }

  #write(id: TagId, note: TagNote): void {
    const isLow = isBatteryLow(note.isBatteryLow, note);
    this.#notes.set(id, { ...note, isBatteryLow: isLow });
    if (isLow) this.#low.add(id);
    else this.#low.delete(id);
  }

  #forget(id: TagId | undefined): void {
    if (id === undefined) return;
    this.#notes.delete(id);
    this.#low.delete(id);
  }

  #wall(atMono: MonoMs): EpochMs {
    return epochAt(this.#anchor(), monoMs(Math.round(atMono)));
  }

  #learnedNow(): LearnedRadio | null {
    const learned = this.#radio?.learned() ?? this.#learned;
    if (learned === null) return null;
    const isTag = (id: string): boolean => this.#book.indexOfId(id as TagId) >= 0;
    return {
      receiverOffsetsDb: sane(learned.receiverOffsetsDb, () => true),
      tagPowersDbm: sane(learned.tagPowersDbm, isTag),
    };
  }
}

const isWithin = (value: number | null, most: number): value is number =>
  value !== null && value >= 0 && value <= most;

const sane = (
  levels: Readonly<Record<string, number>>,
  isKept: (id: string) => boolean,
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(levels).filter(([id, level]) => Math.abs(level) <= LEVEL_LIMIT && isKept(id)),
  );
