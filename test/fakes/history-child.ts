import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { epochMs } from "../../src/core/brand.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { FigureReader } from "../../src/metrics/reports/period-report.ts";
import { beginLife, figuresOf, retold } from "./history-rig.ts";

/**
 * A gateway with its real files in a process of its own, to be killed. Virtual days go by: people come and go, some
 * are told a day late. Arguments: state folder, boot id, `work` or `check`, seed. Working, it prints a dot for each
 * visitor and never ends by itself. Checking, it prints the figures of every day as it knows them after its start, and as
 * metrics know them that were told each event of the outbox once.
 */
const [folder = ".", boot = "x", task = "work", seed = "1"] = process.argv.slice(2);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FIRST_DAY = Date.UTC(2026, 4, 4, 4);

/** When the life before recorded its last event; the virtual clock goes on behind it. */
function lastRecordedMs(): number {
  const path = join(folder, "outbox.db");
  if (!existsSync(path)) return FIRST_DAY + 4 * HOUR_MS;
  const db = new Database(path);
  const newest = ["journey", "zone", "health"].map((stream) =>
    Number(db.prepare(`SELECT coalesce(max(stamp), 0) FROM stream_${stream}`).pluck().get()),
  );
  db.close();
  return Math.max(Math.floor(Math.max(...newest) / 1024), FIRST_DAY + 4 * HOUR_MS);
}

const random = seededRandom(Number(seed));
const start = epochMs(lastRecordedMs() + 2 * MINUTE_MS);
const life = await beginLife(folder, boot, start);

function work(): void {
  life.cross("pass-left", "in");
  life.cross("door", "in");
  life.pass((1 + Math.floor(random() * 30)) * MINUTE_MS);
  if (random() < 0.5) life.stay(90_000);
  if (random() < 0.4) life.sell(1000 + Math.floor(random() * 500));
  if (random() < 0.3) life.cross("door", "in", DAY_MS);
  if (random() < 0.1) life.sell(50, DAY_MS);
  life.cross("door", "out");
  process.stdout.write(".");
}

function check(): void {
  // What this start itself had to say is part of what is known, and so of the truth.
  life.outbox.flush();
  const now = life.clock.now();
  const days = Math.floor((now - FIRST_DAY) / DAY_MS) + 1;
  const shown = (reader: FigureReader): unknown[] =>
    Array.from({ length: days }, (_, index) => {
      const from = epochMs(FIRST_DAY + index * DAY_MS);
      const to = epochMs(Math.min(from + DAY_MS, now));
      return figuresOf(reader, from, to).map(({ metric, value, n, coverage }) => [
        metric,
        value,
        n,
        coverage,
      ]);
    });
  const report = {
    days,
    records: life.history.stats().days,
    known: shown(life.gateway.metrics),
    truth: shown(retold(life.outbox)),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}

life.seeing();
if (task === "check") check();
else setInterval(work, 1);
