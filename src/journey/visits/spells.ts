import type { EpochMs, ZoneId } from "../../core/brand.ts";
import type { StayMark } from "./marks.ts";
import { VISIT_RULES } from "./rules.ts";

/** Time in one zone, short breaks bridged. */
export interface Spell {
  readonly zoneId: ZoneId;
  readonly from: EpochMs;
  /** null: not over, as far as is known. */
  readonly to: EpochMs | null;
  /** The end was not seen. */
  readonly isCensored: boolean;
}

/** Puts stays of one person together that are less than ten seconds apart, per zone; in order of coming in. Pure. */
export function spellsOf(stays: readonly StayMark[]): readonly Spell[] {
  const spells: { -readonly [Key in keyof Spell]: Spell[Key] }[] = [];
  for (const { zoneId, at: from, to, isCensored } of stays) {
    const before = spells.findLast((spell) => spell.zoneId === zoneId);
    if (before === undefined || !isBridged(before, from)) {
      spells.push({ zoneId, from, to, isCensored });
      continue;
    }
    const isLater = before.to === null || to === null || to >= before.to;
    if (isLater) Object.assign(before, { to, isCensored });
  }
  return spells;
}

const isBridged = ({ from, to }: Spell, next: EpochMs): boolean =>
  next - (to ?? from) < VISIT_RULES.bridgeMs;
