import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { GatewayError } from "../core/errors.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { Retention } from "./retention.ts";

test("old events are dropped a minute after the start and every six hours, also after the store failed", async () => {
  const clock = new FakeClock();
  const start = clock.now();
  const asked: number[] = [];
  const retention = new Retention({
    repository: {
      retain: async (from) => {
        asked.push(from - start);
        if (asked.length === 1) throw new GatewayError("STORE_UNREACHABLE", "gone");
        return 1;
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
  retention.stop();
  await tick(86_400_000);
  assert.equal(asked.length, 2);
  assert.equal(clock.pending, 0);
});
