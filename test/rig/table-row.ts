import type { KillRunResult } from "./kill-run.ts";
import type { PowerCutResult } from "./power-cuts.ts";

/** Heads of the two tables of docs/delivery.md, whose rows are printed by `npm run rig -- ... --row`. */
export const KILL_HEAD =
  "| command (`npm run rig -- ...`) | produced | stored | lost | duplicated | kills: gateway, centre, broker, database | cuts, slow, frozen |";
export const POWER_HEAD =
  "| command (`npm run rig -- ...`) | cuts | rows acknowledged | lost | cuts that lost | damaged files |";

const counted = (n: number): string => n.toLocaleString("en-US");
const never = (n: number): string => (n === 0 ? "0" : `**${counted(n)}**`);
const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** The row of a kill run; `args` is what was asked for. Pure. */
export function killRow(args: string, found: KillRunResult, hasDatabase: boolean): string {
  const { produced, stored, lost, duplicated, kills, network } = found;
  const database = hasDatabase ? counted(kills.database) : "-";
  const killed = [kills.gateway, kills.central, kills.broker].map(counted);
  return row([
    ...[`\`${args}\``, counted(produced), counted(stored), never(lost), never(duplicated)],
    [...killed, database].join(", "),
    [network.cuts, network.slows, network.freezes].map(counted).join(", "),
  ]);
}

/** The row of a run of power cuts. Pure. */
export function powerRow(args: string, cuts: number, found: PowerCutResult): string {
  const { acknowledged, lost, cutsThatLost, damaged } = found;
  return row([
    ...[`\`${args}\``, counted(cuts), counted(acknowledged), never(lost)],
    ...[counted(cutsThatLost), counted(damaged)],
  ]);
}
