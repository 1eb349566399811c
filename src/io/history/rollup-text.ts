import { epochMs } from "../../core/brand.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { parseScope } from "../../core/scope-text.ts";

/** The fields of a value that are not columns of their own. Short names: there are millions of these rows. */
interface Body {
  readonly x: number | null;
  readonly u: MetricValue["unit"];
  readonly m: MetricValue["method"];
  readonly c: number;
  readonly i?: number;
  readonly n: number;
  readonly e?: number;
  readonly k?: readonly [number, number];
  readonly r?: readonly [code: string, text: string];
}

/** Writes what columns do not hold of a value as JSON. Pure. */
export function writeBody(value: MetricValue): string {
  const { imputedShare, effectiveN, ci95, reason } = value;
  const body: Body = {
    x: value.value,
    u: value.unit,
    m: value.method,
    c: value.coverage,
    ...(imputedShare === 0 ? {} : { i: imputedShare }),
    n: value.n,
    ...(effectiveN === null ? {} : { e: effectiveN }),
    ...(ci95 === null ? {} : { k: ci95 }),
    ...(reason === null ? {} : { r: [reason.code, reason.text] as const }),
  };
  return JSON.stringify(body);
}

/** The columns of a row, read back. */
export interface RollupColumns {
  readonly from: number;
  readonly to: number;
  readonly scope: string;
  readonly metric: string;
  readonly definition: string;
  readonly revision: number;
  readonly body: string;
}

/** Puts a value together again. Throws a SyntaxError or TypeError when the row was damaged. Pure. */
export function readValue(row: RollupColumns): MetricValue {
  const body = JSON.parse(row.body) as Body;
  const scope = parseScope(row.scope);
  if (scope === null) throw new TypeError(`not a scope: ${row.scope}`);
  return {
    metric: row.metric as MetricId,
    scope,
    value: body.x,
    unit: body.u,
    reason: body.r === undefined ? null : { code: body.r[0], text: body.r[1] },
    definition: JSON.parse(row.definition) as MetricValue["definition"],
    method: body.m,
    coverage: body.c,
    imputedShare: body.i ?? 0,
    n: body.n,
    effectiveN: body.e ?? null,
    ci95: body.k ?? null,
    from: epochMs(row.from),
    to: epochMs(row.to),
    revision: row.revision,
  };
}
