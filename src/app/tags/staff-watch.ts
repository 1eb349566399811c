import type { TimeAnchor } from "../../core/clock.ts";
import type { JourneyEvent, StaffUnseenRecorded } from "../../core/events.ts";
import type { SitePlan, TagPlan } from "../../core/site.ts";
import { isStaffTag } from "../../journey/staff.ts";
import { StaffAlarm } from "../../journey/staff-alarm.ts";
import type { Chore } from "../upkeep.ts";

const CHECK_PERIOD_MS = 15_000;

export interface StaffWatchDeps {
  readonly site: Pick<SitePlan, "staffShifts" | "store">;
  /** The registered tags at this moment. */
  readonly tags: () => readonly TagPlan[];
  readonly boot: string;
  readonly anchor: () => TimeAnchor;
  readonly onEvent: (event: StaffUnseenRecorded) => void;
}

/** The alarm for missing staff in a running gateway. */
export interface StaffWatch {
  /** Takes every event of the shop, after it was recorded. */
  take(event: JourneyEvent): void;
  readonly chores: readonly Chore[];
  notices(): readonly string[];
}

/** Watches the shifts of the plan; without any it does nothing. */
export function createStaffWatch(deps: StaffWatchDeps): StaffWatch {
  const { site, boot, anchor, onEvent } = deps;
  const { staffShifts: shifts = [], store } = site;
  if (shifts.length === 0) return { take: () => undefined, chores: [], notices: () => [] };
  const hasStaffTags = (): boolean => deps.tags().some(({ kind }) => isStaffTag(kind));
  const { timeZone } = store;
  const alarm = new StaffAlarm({ shifts, timeZone, hasStaffTags, run: boot, onEvent });
  return {
    take: (event) => alarm.take(event, anchor()),
    chores: [{ name: "staff-alarm", periodMs: CHECK_PERIOD_MS, run: () => alarm.check(anchor()) }],
    notices() {
      if (alarm.isPresent)
        return [
          "A shift is on and no staff tag is inside: whoever works counts as a customer. Look for badges left at home or with an empty battery.",
        ];
      if (hasStaffTags()) return [];
      return [
        "The site plan has shifts but no staff tag: nobody can be missed. Register the badges.",
      ];
    },
  };
}
