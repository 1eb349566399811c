import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { epochMs } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { type Outbox, openOutbox } from "./outbox.ts";
import { OutboxFile } from "./outbox-file.ts";

let dir = "";
const opened: Outbox[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vitrine-receipts-"));
});
afterEach(() => {
  for (const outbox of opened.splice(0)) outbox.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(capBytes = 2 ** 26): Outbox {
  const common = { clock: new FakeClock(), log: SILENT_LOG, random: () => 0 };
  const outbox = openOutbox({ path: join(dir, "outbox.db"), capBytes, commitMs: 250, ...common });
  opened.push(outbox);
  return outbox;
}

const receipt = (id: string) =>
  ({ stream: "journey", body: `{"id":"${id}"}`, urgent: true, receiptId: id }) as const;

test("urgent events handed in together are committed by the end, and told as accepted in order", () => {
  const outbox = open();
  const accepted: number[] = [];
  const areKept = outbox.together(() => {
    for (let n = 0; n < 100; n += 1)
      outbox.append(receipt(`r${n}`), (_, seq) => void accepted.push(seq));
    assert.equal(accepted.length, 64, "one full group");
  });
  assert.equal(areKept, true);
  assert.deepEqual(
    accepted,
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  outbox.append(receipt("live"), (_, seq) => void accepted.push(seq));
  assert.equal(accepted.at(-1), 101, "afterwards each is committed at once");
});

test("when the work that hands events in breaks off, what it handed in is on the disk", () => {
  const outbox = open();
  assert.throws(
    () =>
      outbox.together(() => {
        outbox.append(receipt("r0"));
        throw new TypeError("broken");
      }),
    /broken/,
  );
  assert.equal(outbox.committed("journey"), 1);
  outbox.append(receipt("r1"));
  assert.equal(outbox.committed("journey"), 2);
});

test("what the disk does not take of events handed in together waits, and is told as not kept", () => {
  const outbox = open(2 ** 18);
  const body = "x".repeat(60_000);
  const areKept = outbox.together(() => {
    for (let n = 0; n < 20; n += 1)
      outbox.append({ stream: "audit", body, urgent: true, receiptId: null });
  });
  const { state } = outbox;
  assert.deepEqual([areKept, state.kind === "fault" && state.code], [false, "DISK_FULL"]);
});

test("beyond 200,000 receipts the oldest are forgotten, and counted", () => {
  const file = new OutboxFile(join(dir, "outbox.db"), 2 ** 28);
  const records = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => ({
      stream: "raw" as const,
      body: "{}",
      recordedAt: epochMs(1),
      receiptId: `sale ${from + i}`,
    }));
  file.append(records(0, 200_000), [], epochMs(1));
  assert.deepEqual(file.receipts, { remembered: 200_000, forgotten: 0 });
  assert.equal(file.hasReceipt("sale 0"), true);
  file.append(records(200_000, 200_010), [], epochMs(1));
  assert.deepEqual(file.receipts, { remembered: 200_000, forgotten: 10 });
  assert.deepEqual(
    ["sale 9", "sale 10", "sale 200009"].map((id) => file.hasReceipt(id)),
    [false, true, true],
  );
  file.close();
});
