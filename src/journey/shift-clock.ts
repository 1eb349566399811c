import type { EpochMs } from "../core/brand.ts";
import type { StaffShift } from "../core/site.ts";

const WEEKDAYS: readonly string[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_PER_DAY = 1_440;

/**
 * Whether staff is expected at an instant, by the wall clock of the shop: an hour that the clocks skip is skipped, one
 * that they repeat counts both times. A shift begins with its first minute and is over with its last. `timeZone` is an
 * IANA name.
 */
export function shiftClock(
  shifts: readonly StaffShift[],
  timeZone: string,
): (at: EpochMs) => boolean {
  const wall = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
  });
  return (at) => {
    const parts = wall.formatToParts(at);
    const part = (type: Intl.DateTimeFormatPartTypes): string =>
      parts.find((one) => one.type === type)?.value ?? "";
    const minute = Number(part("hour")) * 60 + Number(part("minute"));
    const today = WEEKDAYS.indexOf(part("weekday").toLowerCase());
    const yesterday = WEEKDAYS[(today + 6) % 7];
    return shifts.some(
      ({ days, fromMin, toMin }) =>
        days.some((day) => day === WEEKDAYS[today] && minute >= fromMin && minute < toMin) ||
        days.some((day) => day === yesterday && minute + MINUTES_PER_DAY < toMin),
    );
  };
}
