import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { GatewayError } from "../core/errors.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { keptDays, Retention } from "./retention.ts";

test("old events are dropped a minute after the start and every six hours, also after the store failed", async () => {
  const clock = new FakeClock();
  const start = clock.now();
  const asked: number[] = [];
  const receipts: string[] = [];
  const retention = new Retention({
    repository: {
      retain: async (from) => {
        asked.push(from - start);
        if (asked.length === 1) throw new GatewayError("STORE_UNREACHABLE", "gone");
        return 1;
      },
      audit: async ({ action, detail }) => {
        receipts.push(`${action}: ${detail}`);
      },
    },
    ...{ keepDays: 2, clock, log: SILENT_LOG },
  });
  const tick = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const twoDays = 2 * 86_400_000;
  await tick(60_000);
  await tick(6 * 3_600_000 - 60_000);
  assert.deepEqual(asked, [60_000 - twoDays, 6 * 3_600_000 - twoDays]);
  assert.equal(receipts.length, 1);
  assert.match(receipts[0] ?? "", /^drop: 1 events from before .*, kept 2 days$/);
  retention.stop();
  await tick(86_400_000);
  assert.equal(asked.length, 2);
  assert.equal(clock.pending, 0);
});

test("unless somebody says otherwise, nobody's journey is kept for more than about 90 days", () => {
  assert.equal(keptDays("sqlite:central.db"), 90);
  // A month of 31 days goes when its last day is 60 days old: its first one is 91 days old then.
  assert.equal(keptDays("postgres://a/b") + 31, 91);
});
