import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { attentionOf, type StoreState } from "../../central/api/attention.ts";
import type { AuditRecorded, JourneyEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { type Outbox, openOutbox } from "../../io/outbox/outbox.ts";
import { OutboxAlarm } from "./outbox-alarm.ts";

const DAY_MS = 86_400_000;

test("a damaged outbox is told to the audit once, and on the page for a week", () => {
  const dir = mkdtempSync(join(tmpdir(), "vitrine-alarm-"));
  const path = join(dir, "outbox.db");
  const clock = new FakeClock();
  const open = (): Outbox =>
    openOutbox({ path, capBytes: 1e8, commitMs: 250, clock, log: SILENT_LOG, random: () => 0 });
  const told: AuditRecorded[] = [];
  const record = (event: JourneyEvent): boolean => {
    if (event.kind === "audited") told.push(event);
    return true;
  };
  const now = () => ({ epoch: clock.now(), mono: clock.mono(), clock: "synced" }) as const;
  try {
    let outbox = open();
    for (let n = 0; n < 500; n += 1) {
      const body = JSON.stringify({ n, pad: "x".repeat(200) });
      outbox.append({ stream: "zone", body, urgent: false, receiptId: null });
    }
    const sound = new OutboxAlarm({ outbox, record, now });
    sound.start();
    assert.deepEqual([told.length, sound.notices], [0, []]);
    outbox.close();
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, 30 * 4096);
    closeSync(file);
    for (let life = 0; life < 2; life += 1) {
      outbox = open();
      const alarm = new OutboxAlarm({ outbox, record, now });
      alarm.start();
      assert.equal(told.length, 1);
      assert.match(alarm.notices[0] ?? "", /replaced .* \d+ could not be read/);
      outbox.close();
    }
    const [event] = told;
    assert.deepEqual(
      [event?.action, event?.name, event?.outcome],
      ["outbox", "replaced", "failed"],
    );
    clock.advance(8 * DAY_MS);
    outbox = open();
    assert.deepEqual(new OutboxAlarm({ outbox, record, now }).notices, []);
    outbox.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("the chain's overview asks for attention when a gateway replaced a damaged outbox", () => {
  const well: StoreState = {
    ...{ gateways: 1, online: 1, freshness: "fresh", blindSensors: 0, shed: 0 },
    ...{ completeness: 1, driftingDoors: 0, hasPlan: true },
  };
  assert.deepEqual(attentionOf(well), []);
  assert.deepEqual(
    attentionOf({ ...well, replacedOutboxes: 1 }).map(({ code }) => code),
    ["damaged"],
  );
});
