import { existsSync } from "node:fs";
import { GatewayError } from "../../core/errors.ts";
import type { LookCounts } from "../../face/station/station-ports.ts";
import { ConsentFile } from "../../io/consent/consent-file.ts";
import { LOOKS_JOB } from "./look-figures.ts";

const MOST_RECEIPTS = 2_000;

/** How the looks of a site ended over a time, as far as receipts are kept. */
export interface SiteLooks extends LookCounts {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The sums of what the station of a gateway kept beside its ledger; null: nothing, or it cannot be read. */
export function siteLooks(ledgerPath: string): SiteLooks | null {
  if (!existsSync(ledgerPath)) return null;
  try {
    const file = new ConsentFile(ledgerPath, { isReadOnly: true });
    try {
      return summed(file.receipts(MOST_RECEIPTS).filter(({ job }) => job === LOOKS_JOB));
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

function summed(
  receipts: readonly { readonly at: number; readonly counts: Readonly<Record<string, number>> }[],
): SiteLooks | null {
  const [newest] = receipts;
  const oldest = receipts.at(-1);
  if (newest === undefined || oldest === undefined) return null;
  const sum = (name: keyof LookCounts): number =>
    receipts.reduce((total, { counts }) => total + (counts[name] ?? 0), 0);
  return {
    ...{ matches: sum("matches"), nonMatches: sum("nonMatches"), doubted: sum("doubted") },
    ...{ unusable: sum("unusable"), enrolled: sum("enrolled") },
    ...{ fromMs: oldest.at, toMs: newest.at },
  };
}
