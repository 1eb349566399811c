import { writeSync } from "node:fs";
import Database from "better-sqlite3";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { openRepository } from "../../src/central/open-repository.ts";
import { epochMs } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";
import type { PowerWriterSetup } from "./power-image.ts";

/**
 * Writes to an outbox or a central store until its power is cut. Prints `+ N` after the commit of number N was
 * reported, and `- N` before it gives up everything up to N.
 */
const setup = JSON.parse(process.argv[2] ?? "{}") as PowerWriterSetup;
const clock = createSystemClock();
const EVENT_BYTES = 280;
/** Acknowledged rows stay behind by this many. */
const BEHIND = 300;

if (setup.synchronous === "NORMAL") {
  const plain = Database.prototype.pragma;
  Database.prototype.pragma = function (this: Database.Database, text: string, ...rest: []) {
    return plain.call(this, text === "synchronous=FULL" ? "synchronous=NORMAL" : text, ...rest);
  };
}

const say = (sign: "+" | "-", n: number): void => void writeSync(1, `${sign} ${n}\n`);

function writeOutbox(): void {
  const outbox = openOutbox({
    path: setup.path,
    capBytes: 32 * 1024 * 1024,
    commitMs: 20,
    clock,
    log: SILENT_LOG,
    random: () => 0.5,
  });
  outbox.noteLine(true);
  outbox.purge(Number.MAX_SAFE_INTEGER as never);
  setInterval(() => {
    for (let k = 0; k < 3; k += 1) {
      const body = JSON.stringify({ x: "x".repeat(EVENT_BYTES) });
      outbox.append(
        { stream: "journey", body, urgent: k === 2, receiptId: null },
        (_stream, seq) => {
          say("+", seq);
        },
      );
    }
    const upTo = outbox.committed("journey") - BEHIND;
    if (upTo - outbox.acked("journey") >= BEHIND) {
      say("-", upTo);
      outbox.acknowledge("journey", upTo);
    }
  }, 2);
}

async function writeCentral(): Promise<void> {
  const store = await openRepository(`sqlite:${setup.path}`, SILENT_LOG);
  const epoch = "7b0e8c1e-6d1c-4f6e-9a53-0d5bb1a3c0de";
  let next = ((await store.positions("gw1", epoch))["journey"] ?? 0) + 1;
  for (;;) {
    const first = next;
    const records = Array.from({ length: 3 }, (_, k) => ({
      kind: "event" as const,
      storeId: "shop1",
      at: epochMs(1_750_000_000_000 + first + k),
      id: `event-${first + k}`,
      type: "vitrine.entered",
      body: JSON.stringify({ x: "x".repeat(EVENT_BYTES) }),
    }));
    const batch = { gatewayId: "gw1", epoch, stream: "journey", first, records };
    await store.commit([{ ...batch, receivedAt: clock.now() }]);
    next += records.length;
    for (let k = 0; k < records.length; k += 1) say("+", first + k);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

if (setup.what === "outbox") writeOutbox();
else await writeCentral();
