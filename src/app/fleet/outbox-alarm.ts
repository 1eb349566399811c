import { epochMs } from "../../core/brand.ts";
import type { TimeAnchor } from "../../core/clock.ts";
import type { AuditRecorded, JourneyEvent } from "../../core/events.ts";
import type { Outbox } from "../../io/outbox/outbox.ts";
import type { SalvageTally } from "../../io/outbox/salvage.ts";
import { isoTime } from "../../wire/cloud-event.ts";

export interface OutboxAlarmDeps {
  readonly outbox: Pick<Outbox, "epoch" | "replaced" | "note" | "saveNote" | "onReplaced">;
  readonly record: (event: JourneyEvent) => boolean;
  readonly now: () => TimeAnchor;
}

/** Name of the note that keeps what was told last. */
const TOLD_NOTE = "replaced-told";
/** How long the page shows it. */
const SHOWN_MS = 604_800_000;

/**
 * Tells people that the outbox's file was replaced: the audit once that it was, and once more if numbers changed
 * afterwards, and the page for a week. The log and the health tell it themselves.
 */
export class OutboxAlarm {
  readonly #deps: OutboxAlarmDeps;

  constructor(deps: OutboxAlarmDeps) {
    this.#deps = deps;
  }

  /** Sentences for the page. */
  get notices(): readonly string[] {
    const tally = this.#deps.outbox.replaced;
    if (tally === null || this.#deps.now().epoch - tally.at > SHOWN_MS) return [];
    return [sentenceOf(tally)];
  }

  /** Tells what happened before this life, and from now on what happens in it. */
  start(): void {
    this.#deps.outbox.onReplaced = (tally) => this.#tell(tally);
    const tally = this.#deps.outbox.replaced;
    if (tally !== null) this.#tell(tally);
  }

  /** A crash in between tells it again, under the same id. */
  #tell(tally: SalvageTally): void {
    const { outbox, record, now } = this.#deps;
    const { epoch } = outbox;
    const told = `${tally.salvaged} ${tally.unreadable}`;
    if (outbox.note(TOLD_NOTE) === told) return;
    if (record(auditOf(epoch, told, tally, now()))) outbox.saveNote(TOLD_NOTE, told);
  }
}

function sentenceOf({ at, salvaged, unreadable, isEstimated, why }: SalvageTally): string {
  const lost = `${isEstimated ? "about " : ""}${unreadable}`;
  return `The file of events on their way was replaced (${isoTime(epochMs(at))}): ${salvaged} events were taken over, ${lost} could not be read. ${why.replace(/\s+/g, " ")}`;
}

function auditOf(
  epoch: string,
  told: string,
  tally: SalvageTally,
  anchor: TimeAnchor,
): AuditRecorded {
  return {
    kind: "audited",
    source: `outbox:${epoch}#${told.replace(" ", "-")}`,
    ...{ seq: 0, at: anchor.epoch, atMono: anchor.mono, clock: anchor.clock },
    action: "outbox",
    ...{ subjectId: epoch, name: "replaced", version: null },
    outcome: tally.unreadable > 0 || tally.isEstimated ? "failed" : "done",
    detail: sentenceOf(tally).slice(0, 512),
  };
}
