import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { openDatabase } from "../../src/io/outbox/open-database.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";

export const usage =
  "npm run bench -- outbox [EVENTS] --json   durable events per second through the outbox over bare better-sqlite3";

const GROUP = 64;
const ROUNDS = 9;
const CAP_BYTES = 1_073_741_824;

/** Text of a typical event: an exit is about this long. */
function exampleBody(n: number): string {
  return JSON.stringify({
    specversion: "1.0",
    id: `9f86d081884c7d659a2feaa0c55ad0${String(n).padStart(8, "0")}`,
    source: "/stores/demo/gateways/gw1/camera%3Adoor%233fa9",
    type: "vitrine.exited",
    time: "2026-05-01T10:00:00.000Z",
    subject: "line/door",
    datacontenttype: "application/json",
    recordedtime: "2026-05-01T10:00:00.120Z",
    clock: "synced",
    boot: "b1",
    monoMs: "123456.789",
    sourceseq: n,
    data: {
      cameraId: "door",
      lineId: "door",
      role: "door",
      trackId: n,
      direction: "out",
      confidence: 0.87,
    },
  });
}

function bareRate(path: string, bodies: readonly string[]): number {
  const db = openDatabase(path);
  db.exec("CREATE TABLE event(seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)");
  const insert = db.prepare("INSERT INTO event(body) VALUES(?)");
  const commit = db.transaction((group: readonly string[]) => {
    for (const body of group) insert.run(body);
  });
  const startMs = performance.now();
  for (let at = 0; at < bodies.length; at += GROUP) commit(bodies.slice(at, at + GROUP));
  const rate = (bodies.length * 1000) / (performance.now() - startMs);
  db.close();
  return rate;
}

function outboxRate(path: string, bodies: readonly string[]): number {
  const outbox = openOutbox({
    path,
    capBytes: CAP_BYTES,
    commitMs: 250,
    clock: createSystemClock(),
    log: SILENT_LOG,
    random: () => 0,
  });
  let accepted = 0;
  const onAccepted = (): void => {
    accepted += 1;
  };
  const startMs = performance.now();
  for (const body of bodies)
    outbox.append({ stream: "journey", body, urgent: false, receiptId: null }, onAccepted);
  outbox.flush();
  const rate = (bodies.length * 1000) / (performance.now() - startMs);
  outbox.close();
  if (accepted !== bodies.length) throw new Error(`accepted ${accepted} of ${bodies.length}`);
  return rate;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/**
 * Durable events per second from `append` to `accepted`, against a bare loop of better-sqlite3 with the same pragmas
 * and groups; the two take turns in one run and each reports its median.
 */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const events = Number(args[0] ?? 12_800);
  const bodies = Array.from({ length: events }, (_, n) => exampleBody(n));
  const dir = mkdtempSync(join(tmpdir(), "vitrine-bench-outbox-"));
  try {
    const bare: number[] = [];
    const ours: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      bare.push(bareRate(join(dir, `bare-${round}.db`), bodies));
      ours.push(outboxRate(join(dir, `outbox-${round}.db`), bodies));
    }
    const ratio = median(ours.map((rate, round) => rate / (bare[round] ?? Number.NaN)));
    return {
      ratio: Math.round(ratio * 1000) / 1000,
      outboxEventsPerSecond: Math.round(median(ours)),
      bareEventsPerSecond: Math.round(median(bare)),
      events,
      groupEvents: GROUP,
      bytesPerEvent: bodies[0]?.length ?? 0,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
