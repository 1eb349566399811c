import { type MonoMs, monoMs } from "../core/brand.ts";
import { epochAt, type TimeAnchor } from "../core/clock.ts";
import type { JourneyEvent, StaffUnseenRecorded } from "../core/events.ts";
import type { StaffShift } from "../core/site.ts";
import { shiftClock } from "./shift-clock.ts";
import { isStaffTag } from "./staff.ts";

/** How long a shift may go on without a staff tag before somebody is told: doors open late, people fetch parcels. */
export const STAFF_GRACE_MS = 15 * 60_000;

export interface StaffAlarmOptions {
  readonly shifts: readonly StaffShift[];
  /** IANA zone of the shop. */
  readonly timeZone: string;
  /** Whether any staff tag is registered: without one nobody can be missed. */
  readonly hasStaffTags: () => boolean;
  /** Name of this run: part of every event's id. */
  readonly run: string;
  readonly onEvent: (event: StaffUnseenRecorded) => void;
  readonly graceMs?: number;
}

/**
 * Notices that staff is expected and no staff tag is inside: a forgotten tag or an empty battery makes staff count as
 * customers. Only time counts in which a shift was on, the wall clock was known and a receiver worked; so after a
 * restart, when nobody knows yet where the tags are, and while all receivers are blind (which is told by itself),
 * nothing is claimed. Memory: the staff tags that are inside and the receivers of the plan.
 */
export class StaffAlarm {
  readonly #options: StaffAlarmOptions;
  readonly #isShift: (at: TimeAnchor["epoch"]) => boolean;
  readonly #graceMs: number;
  readonly #inside = new Set<string>();
  readonly #seeing = new Set<string>();
  /** Since when staff could have been seen and was not; null while that cannot be said. */
  #unseenMono: MonoMs | null = null;
  /** When the alarm was told; null while there is none. */
  #toldMono: MonoMs | null = null;
  #seq = 0;

  constructor(options: StaffAlarmOptions) {
    this.#options = options;
    this.#isShift = shiftClock(options.shifts, options.timeZone);
    this.#graceMs = options.graceMs ?? STAFF_GRACE_MS;
  }

  /** Whether staff is missed now. */
  get isPresent(): boolean {
    return this.#toldMono !== null;
  }

  /** Takes what happened in the shop: presences of staff tags and states of receivers; everything else is ignored. */
  take(event: JourneyEvent, anchor: TimeAnchor): void {
    if (event.kind === "sensor-changed" && event.sensorKind === "radio") {
      if (event.state === "seeing") this.#seeing.add(event.sensorId);
      else this.#seeing.delete(event.sensorId);
    }
    if (event.kind !== "tag-presence") return;
    if (event.state === "inside" && isStaffTag(event.tagKind)) {
      this.#inside.add(event.tagId);
      this.#unseenMono = null;
      this.#end(anchor, event.atMono);
    } else this.#inside.delete(event.tagId); // Of any kind: a badge may have become a basket meanwhile.
  }

  /** Looks at the clock. Call at least once a minute. */
  check(anchor: TimeAnchor): void {
    const isExpected =
      anchor.clock !== "unsynced" && this.#options.hasStaffTags() && this.#isShift(anchor.epoch);
    if (!isExpected) {
      this.#unseenMono = null;
      // A clock that is lost does not end a shift.
      if (anchor.clock !== "unsynced") this.#end(anchor, anchor.mono);
      return;
    }
    if (this.#inside.size > 0 || this.#seeing.size === 0) {
      this.#unseenMono = null;
      return;
    }
    this.#unseenMono ??= anchor.mono;
    const unseenMs = Math.round(anchor.mono - this.#unseenMono);
    if (this.#toldMono !== null || unseenMs < this.#graceMs) return;
    this.#toldMono = anchor.mono;
    this.#tell(anchor, anchor.mono, true, unseenMs);
  }

  /** `atMono` may lie back by the lag of the zone engine, but the end does not come before the begin. */
  #end(anchor: TimeAnchor, atMono: MonoMs): void {
    if (this.#toldMono === null) return;
    const endMono = monoMs(Math.max(atMono, this.#toldMono));
    this.#toldMono = null;
    this.#tell(anchor, endMono, false, 0);
  }

  #tell(anchor: TimeAnchor, atMono: MonoMs, isPresent: boolean, unseenMs: number): void {
    const seq = this.#seq;
    this.#seq += 1;
    this.#options.onEvent({
      kind: "staff-unseen",
      source: `staff-alarm#${this.#options.run}`,
      seq,
      at: epochAt(anchor, atMono),
      atMono,
      clock: anchor.clock,
      isPresent,
      unseenMs,
    });
  }
}
