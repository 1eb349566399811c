import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { type EpochMs, epochMs, type SubjectRef, type TagId, tagId } from "../../core/brand.ts";
import type { Purpose } from "../../core/consent.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Journey } from "../../journey/journey.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { Eraser, EraseWish } from "../consent/erasure-duty.ts";
import {
  type CustomerTraces,
  forgetCustomer,
  type NameForText,
  withoutName,
} from "./forget-customer.ts";
import type { HistoryUnit } from "./history-unit.ts";

/** Everything of a running gateway that names customers. */
export interface VisitTraces extends CustomerTraces {
  readonly unit: Pick<HistoryUnit, "forgetCustomer">;
  readonly metrics: Pick<Metrics, "forgetCustomer" | "sources">;
  readonly journey: Pick<Journey, "renameTag">;
  readonly now: () => EpochMs;
}

/** What is to be known of members. */
export interface NamedMembers {
  /** What visits call a member; null when it is not known here (any more). */
  pseudonymOf(subject: SubjectRef): string | null;
  /** Whether the member may still be recognised in this way. */
  holds(subject: SubjectRef, purpose: Purpose): boolean;
}

/** Consents by which visits get a name; with the last of them the days of a member go. */
const NAMING = ["loyalty-beacon", "loyalty-face"] as const satisfies readonly Purpose[];
/** Members whom the disk did not let be forgotten yet; whoever comes beyond so many is refused, and asked for again. */
const MAX_OWED = 4_096;
const SALT_BYTES = 16;
const NAME_DIGITS = 16;

/**
 * Takes the names of members out of what a running gateway keeps of visits: figures and visits in memory at once, then
 * the daybook with what waits for the centre, then the history. Visits stay as nobody's, under a name drawn for each trading
 * day, so that what was counted stays counted and no two days hang together; the days on which the member came are forgotten. To be the first of the erasers: the
 * others may forget how visits call a member.
 */
export class VisitEraser implements Eraser {
  readonly name = "visits";
  readonly #members: NamedMembers;
  #traces: VisitTraces | null | "unknown" = "unknown";
  /** By what visits called them: what their other names are drawn from, so that they stay the same until all is done. */
  readonly #owed = new Map<string, Uint8Array>();

  constructor(members: NamedMembers) {
    this.#members = members;
  }

  /** Members whose names are still in memory or in a file. */
  get owed(): number {
    return this.#owed.size;
  }

  /** What there is to erase in, null = nothing; called once, when the gateway is put together. Wishes before it fail. */
  begin(traces: VisitTraces | null): void {
    this.#traces = traces;
  }

  /**
   * Returns how many events, days and day records named the member. What was refused before is tried again, whoever it is
   * about.
   * @throws DISK_FULL, HISTORY_UNWRITABLE when not all of it could be written
   */
  erase({ subjectRef, purposes, aliases }: EraseWish): number {
    const { pseudonymOf, holds } = this.#members;
    const left = NAMING.filter((purpose) => !purposes.includes(purpose));
    const isNamed = left.some((purpose) => holds(subjectRef, purpose));
    if (left.length === NAMING.length || isNamed) return 0;
    const own = pseudonymOf(subjectRef);
    for (const name of own === null ? aliases : [...aliases, own]) {
      if (!this.#owed.has(name) && this.#owed.size >= MAX_OWED)
        throw new GatewayError("HISTORY_UNWRITABLE", "too many members wait to be forgotten");
      if (!this.#owed.has(name)) this.#owed.set(name, new Uint8Array(randomBytes(SALT_BYTES)));
    }
    return this.#settle();
  }

  #settle(): number {
    let count = 0;
    for (const [name, salt] of [...this.#owed]) {
      const traces = this.#traces;
      if (traces === "unknown")
        throw new GatewayError("HISTORY_UNWRITABLE", "the gateway is not put together yet");
      if (traces !== null) count += forgetEverywhere(traces, name, salt);
      this.#owed.delete(name);
    }
    return count;
  }
}

function forgetEverywhere(traces: VisitTraces, name: string, salt: Uint8Array): number {
  const { unit, metrics, journey, now } = traces;
  const { calendar } = metrics.sources;
  const otherOn = (dayStart: EpochMs): TagId => nameOf(salt, dayStart);
  const otherAt = (at: EpochMs): TagId => otherOn(calendar.dayOf(at).start);
  const somebody: NameForText = (value) => otherAt(instantOf(value) ?? now());
  // Memory first: whatever is told from now on does not name them.
  journey.renameTag(tagId(name), otherAt(now()), otherAt);
  metrics.forgetCustomer(tagId(name), otherOn);
  unit.forgetCustomer(name, (text) => withoutName(text, name, somebody));
  const { events, customerDays, dayRecords } = forgetCustomer(traces, name, somebody, "in-place");
  return events + customerDays + dayRecords;
}

/** Another name for each day, of which nobody who has not the salt can say that they are one person's. */
function nameOf(salt: Uint8Array, dayStart: EpochMs): TagId {
  const digest = createHmac("sha256", salt).update(String(dayStart)).digest("base64url");
  return tagId(`gone-${digest.slice(0, NAME_DIGITS)}`);
}

/** When that happened which an event tells: a visit belongs to the day on which it began. */
const eventSchema = z.object({
  time: z.string(),
  data: z.object({ enteredAt: z.union([z.number(), z.string()]).optional() }),
});
const dayRecordSchema = z.object({ start: z.number() });

/** By which instant the text of an event or the record of a day belongs to its day; null when it does not say. */
function instantOf(value: unknown): EpochMs | null {
  const day = dayRecordSchema.safeParse(value).data;
  if (day !== undefined) return epochMs(day.start);
  const event = eventSchema.safeParse(value).data;
  if (event === undefined) return null;
  const at = new Date(event.data.enteredAt ?? event.time).getTime();
  return Number.isFinite(at) ? epochMs(at) : null;
}
