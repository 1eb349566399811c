import type { MeasurePlan, SitePlan } from "../core/site.ts";

/** Numbers the definitions rest on. */
export const RULES = Object.freeze({
  /** Below so many observations a rate is given as an interval only. */
  minN: 20,
  /** Payment comes about one visit after the entry; with less time than this the two do not match. */
  minSalesSpanMs: 3_600_000,
  /** Below this coverage a value carries a note. */
  goodCoverageRatio: 0.95,
  /** Doors open a little early: who comes so short before opening counts as a customer of the day. */
  openGraceMs: 300_000,
  /** Who came in before closing may pay so much later. */
  payGraceMs: 3_600_000,
});

/** The shop's own choices, every one of them made. */
export type Measures = { readonly [Key in keyof MeasurePlan]-?: NonNullable<MeasurePlan[Key]> };

/** What a shop that has chosen nothing gets. */
export const DEFAULT_MEASURES: Measures = Object.freeze({
  reentryGapMs: 900_000,
  bounceMaxMs: 120_000,
  engagedMs: 30_000,
  minCell: 5,
  minPathCell: 10,
  children: "count",
});

/** The choices of a shop over the defaults. Pure. */
export function measuresOf(site: Pick<SitePlan, "measures">): Measures {
  const chosen = Object.entries(site.measures ?? {}).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_MEASURES, ...Object.fromEntries(chosen) };
}
