import type { TagTelemetry } from "./telemetry.ts";

/** What a tag last said of its battery; null what it never said. */
export type BatteryReading = Pick<TagTelemetry, "batteryRatio" | "batteryMv">;

/** Change it at a tenth of its charge; by the voltage alone, a lithium coin cell (CR2032, 3 V) is empty at 2.2 V. */
const LOW = { ratio: 0.1, mv: 2_200 } as const;
/** A cold night lowers the voltage by 0.1 V and rest raises it again: said to be well only clearly above. */
const WELL = { ratio: 0.15, mv: 2_400 } as const;

/**
 * Whether a battery has to be changed soon, with hysteresis: low when the state of charge or the voltage is at its
 * lower limit, and until what is known of the two is above the upper one. A voltage of 0 is none. Pure.
 */
export function isBatteryLow(
  wasLow: boolean,
  { batteryRatio, batteryMv }: BatteryReading,
): boolean {
  const limit = wasLow ? WELL : LOW;
  const isRatioLow = batteryRatio !== null && batteryRatio <= limit.ratio;
  const isVoltageLow = batteryMv !== null && batteryMv > 0 && batteryMv <= limit.mv;
  return isRatioLow || isVoltageLow;
}
