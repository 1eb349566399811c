import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { KILL_HEAD, killRow, POWER_HEAD, powerRow } from "./table-row.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/delivery.md"), "utf8");
const cells = (line: string): number => line.split("|").length;

test("the rows that a run prints fit the tables of the page", () => {
  const kills = { gateway: 389, central: 150, broker: 68, database: 0 };
  const found = {
    ...{ produced: 71_212, stored: 69_763, lost: 1449, duplicated: 0, unexpected: 0, kills },
    ...{ network: { cuts: 60, slows: 5, freezes: 58 }, integrity: "ok", drainSeconds: 1 },
  };
  const kill = killRow("--seconds 600 --seed 7", found, false);
  assert.equal(
    kill,
    "| `--seconds 600 --seed 7` | 71,212 | 69,763 | **1,449** | 0 | 389, 150, 68, - | 60, 5, 58 |",
  );
  const cut = { acknowledged: 54_407, lost: 0, cutsThatLost: 0, damaged: 0 };
  const power = powerRow("--power-cuts 200 --seed 6", 200, cut);
  assert.equal(power, "| `--power-cuts 200 --seed 6` | 200 | 54,407 | 0 | 0 | 0 |");
  for (const [head, row] of [
    [KILL_HEAD, kill],
    [POWER_HEAD, power],
  ] as const) {
    assert.ok(page.includes(`\n${head}\n`), head);
    assert.equal(cells(row), cells(head));
  }
});
