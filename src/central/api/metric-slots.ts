import type { MetricSlot } from "../../wire/central-answers.ts";
import type { RollupRow } from "../repository.ts";
import type { RollupDetail } from "../rollups/day-rows.ts";

/** A stored figure as the API tells it. Pure. */
export function metricSlot(row: RollupRow): MetricSlot {
  const { from, to, scope, value, completeness, finalAt, revision } = row;
  const detail = JSON.parse(row.detail) as RollupDetail;
  const { unit, method, reason, definition, coverage, imputedShare, n, effectiveN, ci95 } = detail;
  return {
    ...{ from, to, scope, value, unit, method, until: detail.to, reason, definition },
    ...{ coverage, imputedShare, n, effectiveN, ci95: ci95 === null ? null : [...ci95] },
    ...{ completeness, finalAt, revision },
  };
}
