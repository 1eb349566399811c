import type { EpochMs, MonoMs } from "../../core/brand.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { SitePlan } from "../../core/site.ts";
import type { RollupCounts } from "./rollup-worker.ts";

/** What the thread that makes figures is born with. */
export interface FiguresBirth {
  /** As `--store`. */
  readonly store: string;
  readonly sites: readonly SitePlan[];
  readonly keepDays: number | null;
  readonly holder: string;
}

/** What it is told: to do one turn of work, all of it at this instant, or to end. */
export type FiguresOrder =
  | { readonly kind: "turn"; readonly now: EpochMs; readonly mono: MonoMs }
  | { readonly kind: "stop" };

/** What it tells; after each turn one of the first two. */
export type FiguresNews =
  | { readonly kind: "done"; readonly hasMore: boolean; readonly counts: RollupCounts }
  | { readonly kind: "failed"; readonly code: FaultCode }
  | {
      readonly kind: "log";
      readonly level: "error" | "warn" | "info" | "debug";
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    };
