import { type EpochMs, type TagId, tagId } from "../../core/brand.ts";
import type { Clock, TimeAnchor, Timer } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { SitePlan, TagPlan } from "../../core/site.ts";
import { csvText } from "../../io/csv/csv-records.ts";
import type { SiteDocument, SitePlanStore } from "../../io/site/site-plan-file.ts";
import { TAG_CSV_BYTES } from "../../io/site/tag-csv.ts";
import { importTags, removeTag } from "../../io/site/tag-import.ts";
import type { TagStateFile } from "../../io/site/tag-state-file.ts";
import { createTagBook, type TagBook } from "../../radio/tag-registry.ts";
import type { LearnedRadio } from "../../radio/zones/zone-engine.ts";
import type { TagImportView, TagListView, TagsPort, TagView } from "../../web/tags-view.ts";
import { TagDiary, type TagRadio } from "./tag-diary.ts";

const SAVE_PERIOD_MS = 10 * 60_000;
/** A person changes a handful of batteries at a time. */
const NAMED_TAGS = 5;

export interface TagDeskDeps {
  readonly site: SitePlan;
  readonly store: SitePlanStore;
  /** null: nothing is remembered over a restart. */
  readonly stateFile: TagStateFile | null;
  readonly anchor: () => TimeAnchor;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The registered tags of a running gateway: what is changed here is in the plan at rest and in effect at once. Saves
 * the small state every ten minutes and when it stops.
 */
export class TagDesk implements TagsPort, Service {
  readonly name = "tags";
  readonly book: TagBook;
  readonly #deps: TagDeskDeps;
  readonly #diary: TagDiary;
  readonly #zoneNames: ReadonlyMap<string, string>;
  #radio: TagRadio | null = null;
  #changes: Promise<unknown> = Promise.resolve();
  #timer: Timer | null = null;
  #trouble: string | null = null;

  constructor(deps: TagDeskDeps) {
    const { site, stateFile, anchor } = deps;
    this.#deps = deps;
    this.book = createTagBook(site.tags);
    this.#diary = new TagDiary(
      this.book,
      stateFile?.initial ?? { tags: {}, learned: null },
      anchor,
    );
    this.#zoneNames = new Map(site.floor?.zones.map(({ id, name }) => [id, name]) ?? []);
  }

  /** What the radio begins with: the registered tags, and what the last life learned of the receivers. */
  known(): { readonly tags: TagBook; readonly learned: LearnedRadio | undefined } {
    return { tags: this.book, learned: this.#diary.learned };
  }

  /** Tags that are known to tell their movements, and since when. */
  get movers(): readonly (readonly [TagId, EpochMs])[] {
    return this.#diary.movers;
  }

  /** Takes in what is told, for what is to be remembered of tags. */
  takeTold(event: JourneyEvent): void {
    if (event.kind === "tag-moved") this.#diary.takeMovement(event);
  }

  /** Listens to this radio; call once, before it starts. */
  follow(radio: TagRadio): void {
    this.#radio = radio;
    this.#diary.follow(radio);
  }

  async start(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#timer !== null) return;
    this.#timer = this.#deps.clock.every(SAVE_PERIOD_MS, "tags.save", () => void this.#save());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#save();
  }

  list(search: string, limit: number): TagListView {
    const wanted = search.trim().toLowerCase();
    const matching = this.book.active.filter(({ id, name = "", kind }) =>
      [id, name, kind].some((text) => text.toLowerCase().includes(wanted)),
    );
    return {
      total: this.book.active.length,
      matching: matching.length,
      canChange: true,
      isKept: this.#deps.store.path !== null,
      zones: this.#tagsPerZone(),
      tags: matching.slice(0, limit).map((tag) => this.#view(tag)),
    };
  }

  async importCsv(
    csv: Uint8Array,
    { isDryRun, skipsInvalid }: { readonly isDryRun: boolean; readonly skipsInvalid: boolean },
  ): Promise<TagImportView> {
    const text = csvText(csv, "the file", TAG_CSV_BYTES);
    const rule = skipsInvalid ? "skip-invalid" : "all-or-nothing";
    const outcome = await this.#change((document) => importTags(document, text, rule), isDryRun);
    const { isAccepted, added, changed } = outcome;
    if (isAccepted && !isDryRun) {
      const counts = { added: added.length, changed: changed.length };
      this.#deps.log.info({ event: "tags.imported", ...counts }, "tags were imported");
    }
    return { isDryRun, ...outcome };
  }

  async remove(id: string): Promise<boolean> {
    const wasThere = await this.#change((document) => removeTag(document, id), false);
    if (wasThere) this.#deps.log.info({ event: "tags.removed", tagId: id }, "a tag was removed");
    return wasThere;
  }

  /** What people should know of the tags. */
  notices(): readonly string[] {
    const low = this.#diary.low;
    const named = low.slice(0, NAMED_TAGS).map((id) => {
      const { batteryRatio, batteryMv } = this.#diary.noteOf(id);
      const left =
        batteryRatio === null ? `${((batteryMv ?? 0) / 1000).toFixed(1)} V` : percent(batteryRatio);
      return `The battery of ${this.#nameOf(id)} is nearly empty (${left}): change it.`;
    });
    const more = low.length - named.length;
    const rest = more > 0 ? [`${more} more tag(s) have a battery that is nearly empty.`] : [];
    return [...named, ...rest, ...(this.#trouble === null ? [] : [this.#trouble])];
  }

  /** One change after another: what the plan says last is what is in effect. */
  #change<T>(edit: (document: SiteDocument) => T, isDryRun: boolean): Promise<T> {
    let isChanged = false;
    const turn = this.#changes.then(async () => {
      const { plan, result } = await this.#deps.store.update((document) => {
        const before = document["tags"];
        const outcome = edit(document);
        isChanged = document["tags"] !== before;
        if (isChanged) this.#refuseTooMany(document);
        return outcome;
      }, isDryRun);
      if (isChanged && !isDryRun) this.book.replace(plan.tags);
      return result;
    });
    this.#changes = turn.catch(() => undefined);
    return turn;
  }

  /** Before anything is written: a plan that cannot take effect before a restart would surprise somebody then. */
  #refuseTooMany(document: SiteDocument): void {
    if (this.book.hasRoomFor((document["tags"] ?? []) as readonly TagPlan[])) return;
    const message = "the gateway has had too many different tags since it started";
    throw new GatewayError("TAG_BOOK_FULL", message);
  }

  #view(tag: TagPlan): TagView {
    const { id, kind, name } = tag;
    const facts = this.#radio?.factsOf(this.book.indexOfId(id)) ?? null;
    const { seenAt, batteryRatio, batteryMv, isBatteryLow } = this.#diary.noteOf(id);
    const zoneId = facts?.zoneId ?? null;
    return {
      id,
      name: name ?? id,
      kind,
      state: facts?.state ?? "outside",
      zone: zoneId === null ? null : (this.#zoneNames.get(zoneId) ?? zoneId),
      lastSeenAt: seenAt,
      batteryRatio,
      batteryMv,
      isBatteryLow,
    };
  }

  /** Ground outside is no zone to be in. */
  #tagsPerZone(): TagListView["zones"] {
    const zones = this.#deps.site.floor?.zones.filter(({ kind }) => kind !== "outside") ?? [];
    const counts = new Map<string, number>();
    for (const { id } of this.book.active) {
      const zoneId = this.#radio?.factsOf(this.book.indexOfId(id))?.zoneId ?? null;
      if (zoneId !== null) counts.set(zoneId, (counts.get(zoneId) ?? 0) + 1);
    }
    return zones.map(({ id, name }) => ({ name, tags: counts.get(id) ?? 0 }));
  }

  #nameOf(id: string): string {
    const tag = this.book.tags[this.book.indexOfId(tagId(id))];
    return tag?.name === undefined ? id : `${tag.name} (${id})`;
  }

  async #save(): Promise<void> {
    const { stateFile, log } = this.#deps;
    if (stateFile === null) return;
    try {
      await stateFile.save(this.#diary.state());
      this.#trouble = null;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      log.warn({ event: "tags.not-saved", code: error.code }, error.message);
      this.#trouble = `What is known of tags could not be saved (${error.code}); it is tried again. ${error.hint}`;
    }
  }
}

const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`;
